//! What an operator does between runs.

use std::collections::BTreeSet;

use serde_json::json;
use wxbulk::sim::{PROFESSIONAL, PersonSeed};

use super::super::support::TOKEN;
use super::model::get;
use super::world::{Broken, Check, World, ensure, left_out};
use super::{amend, run};

/// One thing after another, as drawn; what must hold after each is judged by the caller. True when a run was killed.
pub(super) async fn perform(world: &mut World) -> Result<bool, Broken> {
    match world.dice.u8(..20) {
        0..=8 => return run::perform(world).await,
        9..=13 => amend::perform(world).await?,
        14..=15 => requeue(world).await?,
        16 => mend(world),
        17 => by_hand(world).await,
        18 => export(world).await?,
        _ => {
            world.story.push("status".to_owned());
            world.reads(&["status"], &[0]).await?;
            world.reads(&["status", "--json"], &[0]).await?;
        }
    }
    Ok(false)
}

async fn export(world: &mut World) -> Check {
    let elsewhere = world.dice.bool() && !left_out("exports elsewhere");
    world.story.push(if elsewhere { "export elsewhere" } else { "export" }.to_owned());
    let database = world.bench.output().join("wxbulk.db").display().to_string();
    let mut arguments = vec!["export", "--db", &database];
    if elsewhere {
        arguments.extend(["--output-dir", "elsewhere", "--force"]);
    }
    let end = world.wxbulk(&arguments).await?;
    ensure(end.code == Some(0), "exit codes", || format!("{end:#?}"))
}

/// Something is put right in Webex.
fn mend(world: &mut World) {
    let what = world.dice.u8(..3);
    mend_one(world, what);
}

pub(super) fn mend_everything(world: &mut World) {
    (0..3).for_each(|what| mend_one(world, what));
}

fn mend_one(world: &mut World, what: u8) {
    let sim = &world.bench.sim;
    match what {
        0 => {
            if let Some(absent) = world.troubles.absent.take() {
                world.story.push(format!("{absent} appears"));
                sim.add_person(&PersonSeed::new(absent));
            }
        }
        1 if world.troubles.scarce => {
            world.troubles.scarce = false;
            world.story.push("units are bought".to_owned());
            sim.set_units(PROFESSIONAL, 100_000);
        }
        1 => {}
        _ => {
            if let Some((location, extension)) = world.troubles.taken.take() {
                world.story.push(format!("the extension {extension} of {location} is freed"));
                sim.free_extension(&location, &extension);
            }
        }
    }
}

/// Somebody makes a location that the file will want, or gives one another name.
async fn by_hand(world: &mut World) {
    let org = world.bench.sim.org();
    let stated = world.model.rows.values().filter(|row| get(&row.cells, "entity_type") == "location");
    let names: Vec<String> = stated.map(|row| get(&row.cells, "location_name").to_owned()).collect();
    let Some(name) = world.dice.choice(&names).cloned() else { return };
    let before = world.requests();
    match org.locations_named(&name).as_slice() {
        [] => {
            world.story.push(format!("somebody makes the location {name}"));
            let address = json!({"address1": "Otra 2", "city": "Madrid", "state": "Madrid", "postalCode": "28002", "country": "ES"});
            let body = json!({
                "name": name, "timeZone": "Europe/Paris", "preferredLanguage": "es_es",
                "announcementLanguage": "es_es", "address": address,
            });
            send(world, reqwest::Method::POST, "/locations", &body).await;
        }
        [location, ..] => {
            let new = format!("{name} by hand {before}");
            world.story.push(format!("somebody renames the location {name} to {new}"));
            world.renamed.push((name, new.clone()));
            world.touched.insert(location.id.clone(), world.ends());
            send(world, reqwest::Method::PUT, &format!("/locations/{}", location.id), &json!({"name": new}))
                .await;
        }
    }
    world.by_hand.extend(before + 1..=world.requests());
}

async fn send(world: &World, method: reqwest::Method, path: &str, body: &serde_json::Value) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.request(method, world.bench.sim.base_url() + path).bearer_auth(TOKEN).json(body);
    assert!(request.send().await.unwrap().status().is_success(), "{path}");
}

/// Pending rows go back, those that the words mean and those that wait for them, and no others.
async fn requeue(world: &mut World) -> Check {
    let before = world.rows();
    let pending: Vec<_> = before.values().filter(|row| row.state == "pending").cloned().collect();
    let one = world.dice.choice(&pending).cloned();
    let phase = world.dice.u8(1..=3);
    let (words, meant): (Vec<String>, BTreeSet<u32>) = match (world.dice.u8(..5), one) {
        (0, Some(one)) => (
            vec!["--reason".into(), one.cause.clone()],
            pending
                .iter()
                .filter(|row| row.cause == one.cause || row.reason == one.cause)
                .map(|row| row.row_id)
                .collect(),
        ),
        (1, Some(one)) => (vec!["--row".into(), one.row_id.to_string()], [one.row_id].into()),
        (2, _) => (
            vec!["--phase".into(), phase.to_string()],
            pending.iter().filter(|row| row.phase == phase).map(|row| row.row_id).collect(),
        ),
        (3, Some(one)) => (
            vec!["--where".into(), format!("entity_key = '{}'", key_of(world, one.row_id))],
            [one.row_id].into(),
        ),
        _ => (vec!["--all".into()], pending.iter().map(|row| row.row_id).collect()),
    };
    world.story.push(format!("requeue {}", words.join(" ")));
    let mut arguments = vec!["requeue", "--yes"];
    arguments.extend(words.iter().map(String::as_str));
    let end = world.wxbulk(&arguments).await?;
    ensure(end.code == Some(0), "exit codes", || format!("{end:#?}"))?;
    let mut come = meant.clone();
    // As deep as rows can wait for each other.
    for _ in 0..pending.len() {
        let wait = pending.iter().filter(|row| row.blocked_by.is_some_and(|by| come.contains(&by)));
        let wait: Vec<u32> = wait.map(|row| row.row_id).collect();
        come.extend(wait);
    }
    let after = world.rows();
    for row in before.values() {
        let due = if come.contains(&row.row_id) && row.state == "pending" { "ready" } else { &row.state };
        let is = &after[&row.row_id].state;
        // Whoever holds the lock may also take up the rows of a killed run.
        let holds = is == due || (row.state == "running" && is == "ready");
        ensure(holds, "requeue returns what is meant", || {
            format!("row {} is {is}, must be {due}", row.row_id)
        })?;
    }
    Ok(())
}

/// The key under which the views show a row.
fn key_of(world: &World, row_id: u32) -> String {
    let sql = format!("SELECT entity_key FROM rows WHERE row_id = {row_id}");
    world.bench.database().query_row(&sql, [], |row| row.get(0)).unwrap()
}
