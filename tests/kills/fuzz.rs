//! Operations of all kinds, drawn at random, on one small job: runs that are disturbed, killed and stopped, repairs in
//! Webex, corrected files, requeues and exports, and after each of them what must hold, judged by a model of its own.
//!
//! A seed is one job. `WXBULK_FUZZ` says how many, `WXBULK_SEED` the first; a seed that fails is told with its operations,
//! and its directory stays in the temporary directory.

mod amend;
mod ends;
mod faults;
mod job;
mod judge;
mod model;
mod operation;
mod run;
mod state;
mod webex;
mod world;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};

use futures_util::FutureExt;

use self::world::{Broken, Check, World, ensure};
use super::{dice, lanes, rounds};

/// How a seed failed.
struct Failure {
    broken: Broken,
    story: Vec<String>,
    kept: PathBuf,
}

/// What a seed did.
#[derive(Default)]
struct Count {
    operations: usize,
    kills: usize,
}

#[tokio::test]
async fn any_operations_in_any_order_keep_what_must_hold() {
    let dice = dice("operations of all kinds");
    let first = dice.get_seed();
    let seeds = rounds("WXBULK_FUZZ", 12);
    let ended = lanes(seeds, dice, async |round, _| {
        let seed = first + u64::try_from(round).unwrap();
        let end = play(seed, usize::MAX).await;
        if let Err(failure) = &end {
            println!("\n{}", told(seed, failure).await);
        }
        (seed, end)
    })
    .await;
    let mut groups: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    let (mut operations, mut kills) = (0, 0);
    for (seed, end) in &ended {
        match end {
            Ok(count) => {
                operations += count.operations;
                kills += count.kills;
            }
            Err(failure) => groups.entry(failure.broken.invariant).or_default().push(*seed),
        }
    }
    for (invariant, seeds) in &groups {
        println!("broken: {invariant}: {} seeds, {seeds:?}", seeds.len());
    }
    let failed: usize = groups.values().map(Vec::len).sum();
    println!(
        "operations of all kinds: {seeds} seeds, {operations} operations, {kills} kills, {failed} seeds failed"
    );
    assert_eq!(failed, 0, "seeds failed; each alone again: WXBULK_SEED=.. WXBULK_FUZZ=1");
}

/// A failure in words, which stand in its directory too.
async fn told(seed: u64, failure: &Failure) -> String {
    let Failure { broken, story, kept } = failure;
    let mut text =
        format!("seed {seed}: {}: {}\n  directory: {}\n", broken.invariant, broken.what, kept.display());
    story.iter().enumerate().for_each(|(number, what)| text.push_str(&format!("  {number:2} {what}\n")));
    std::fs::write(kept.join("story.txt"), &text).unwrap();
    if story.iter().any(|what| what.starts_with("everything is mended")) {
        text.push_str(&format!("  fewest operations: {}\n", fewest(seed, broken.invariant).await));
        std::fs::write(kept.join("story.txt"), &text).unwrap();
    }
    text
}

/// The least number of the operations after which the end is as wrong; what is judged after each needs no search.
async fn fewest(seed: u64, invariant: &str) -> String {
    for operations in 0..=LONGEST {
        if let Err(failure) = play(seed, operations).await {
            std::fs::remove_dir_all(&failure.kept).ok();
            if failure.broken.invariant == invariant {
                return format!("{operations}");
            }
        }
    }
    "not this time".to_owned()
}

/// Most operations of a seed.
const LONGEST: usize = 12;

/// Plays a seed with so many operations at most.
async fn play(seed: u64, most: usize) -> Result<Count, Failure> {
    let mut dice = fastrand::Rng::with_seed(seed);
    let job = job::draw(&mut dice);
    let operations = dice.usize(4..=LONGEST).min(most);
    let mut world = World::new(job, dice).await;
    let mut count = Count { operations, ..Count::default() };
    let played = AssertUnwindSafe(play_on(&mut world, &mut count)).catch_unwind().await;
    let played = played.unwrap_or_else(|panic| {
        Err(Broken { invariant: "no helper fails", what: judge::said(panic.as_ref()) })
    });
    match played {
        Ok(()) => Ok(count),
        Err(broken) => {
            let kept = std::env::temp_dir().join(match most {
                usize::MAX => format!("wxbulk-fuzz-{seed}"),
                _ => format!("wxbulk-fuzz-{seed}-{most}"),
            });
            std::fs::remove_dir_all(&kept).ok();
            copy(world.bench.csv_path().parent().unwrap(), &kept);
            let journal = world.bench.sim.journal();
            let lines: String =
                journal.iter().map(|call| serde_json::to_string(call).unwrap() + "\n").collect();
            std::fs::write(kept.join("journal.jsonl"), lines).unwrap();
            Err(Failure { broken, story: world.story.clone(), kept })
        }
    }
}

async fn play_on(world: &mut World, count: &mut Count) -> Check {
    let rejected = world.model.rows.values().any(|row| !row.accepted);
    let end = world.wxbulk(&["ingest", "site.csv"]).await?;
    world.story.push(format!("ingest of {} rows; in Webex: {:?}", world.model.rows.len(), world.troubles));
    ensure(end.code == Some(if rejected { 3 } else { 0 }), "exit codes", || format!("{end:#?}"))?;
    judge::judge(world).await?;
    for _ in 0..count.operations {
        count.kills += usize::from(operation::perform(world).await?);
        judge::judge(world).await?;
    }
    ends::finish(world).await
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
