//! One thing that somebody changes in the organisation behind the job's back, through the API as Control Hub would.

use fastrand::Rng;
use reqwest::Method;
use serde_json::{Value, json};
use wxbulk::domain::RowState;
use wxbulk::sim::{OrgState, Pstn};

use super::case::World;
use super::draw::Cells;

/// The name of a trunk, which stands for its id until a request is sent.
const TRUNK: &str = "Trunk 1";

/// A change, and the rows that must be named for it.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) what: &'static str,
    pub(super) named: Vec<Named>,
    requests: Vec<(Method, String, Value)>,
}

/// What a verification must say of a row.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub(super) row: u32,
    pub(super) verdict: &'static str,
    pub(super) field: String,
    pub(super) wanted: String,
    pub(super) found: String,
}

/// Makes one of the changes that concern a row which is a success; `None` when there is none.
pub(super) async fn change(world: &World) -> Option<Change> {
    let mut all = changes(world);
    let mut dice = Rng::with_seed(world.case.hand);
    // As likely as any other kind, however many rows it could meet.
    let kinds: std::collections::BTreeSet<&str> = all.iter().map(|change| change.what).collect();
    let kind = dice.choice(kinds.iter().copied())?;
    all.retain(|change| change.what == kind);
    let mut change = dice.choice(&all)?.clone();
    for (_, _, body) in &mut change.requests {
        if body["premiseRouteId"] == TRUNK {
            body["premiseRouteId"] = json!(trunk(world).await);
        }
    }
    for (method, path, body) in &change.requests {
        let url = format!("{}{path}", world.sim.base_url());
        let request = world.http.request(method.clone(), url).bearer_auth(crate::support::TOKEN).json(body);
        let answer = request.send().await.unwrap();
        assert!(
            answer.status().is_success(),
            "{change:#?}: {} {}",
            answer.status(),
            answer.text().await.unwrap()
        );
    }
    Some(change)
}

fn changes(world: &World) -> Vec<Change> {
    let org = world.sim.org();
    let mut all = Vec::new();
    for row in world.rows_in(RowState::Success) {
        let cells = world.cells(row);
        match cells["entity_type"].as_str() {
            "location" => of_location(world, &org, row, cells, &mut all),
            "user" => of_user(world, &org, row, cells, &mut all),
            _ => of_line(&org, row, cells, &mut all),
        }
    }
    all
}

fn named(row: u32, field: &str, wanted: &str, found: &str) -> Vec<Named> {
    let text = str::to_owned;
    vec![Named { row, verdict: "drifted", field: text(field), wanted: text(wanted), found: text(found) }]
}

/// The id of the location that a row found or made.
fn remote_id(world: &World, row: u32) -> String {
    let sql = "SELECT remote_id FROM rows WHERE row_id = ?1";
    world.database().query_row(sql, [row], |row| row.get(0)).unwrap()
}

fn of_location(world: &World, org: &OrgState, row: u32, cells: &Cells, all: &mut Vec<Change>) {
    let id = remote_id(world, row);
    let Some(location) = org.locations.iter().find(|location| location.id == id) else { return };
    let mut add = |what, named, requests| all.push(Change { what, named, requests });
    let calling = format!("/telephony/config/locations/{id}");
    let set = |name: &str| cells.get(&format!("location_settings_{name}")).map(String::as_str);
    let zone = json!({"timeZone": "Europe/Lisbon"});
    let zone = vec![(Method::PUT, format!("/locations/{id}"), zone)];
    add("time zone of a location", named(row, "timeZone", "Europe/Madrid", "Europe/Lisbon"), zone);
    if let Some(notes) = cells.get("notes") {
        let tag = cells.get("location_external_id").map(|id| format!("\n[ext_id={id}]")).unwrap_or_default();
        let body = json!({"notes": format!("third floor{tag}")});
        let put = vec![(Method::PUT, format!("/locations/{id}"), body)];
        add("notes of a location", named(row, "notes", notes, "third floor"), put);
    }
    if let Some(prefix) = set("routing_prefix") {
        let put = vec![(Method::PUT, calling.clone(), json!({"routingPrefix": "999"}))];
        add("routing prefix", named(row, "routing_prefix", prefix, "999"), put);
    }
    if let Some(name) = set("caller_id_name") {
        let line = json!({"name": "Otro", "phoneNumber": location.main_number});
        let put = vec![(Method::PUT, calling.clone(), json!({ "callingLineId": line }))];
        add("caller id name of a location", named(row, "caller_id_name", name, "Otro"), put);
    }
    if set("outgoing_permissions").is_some() {
        let rows = json!([{"callType": "INTERNATIONAL", "action": "ALLOW", "transferEnabled": false}]);
        let put = vec![(
            Method::PUT,
            format!("{calling}/outgoingPermission"),
            json!({ "callingPermissions": rows }),
        )];
        add("permissions of a location", named(row, "INTERNATIONAL", "BLOCK", "ALLOW"), put);
    }
    if set("pstn_connection") == Some("Sample Cloud PSTN") {
        let route = json!({"premiseRouteType": "TRUNK", "premiseRouteId": TRUNK});
        let put = vec![(Method::PUT, format!("/telephony/pstn/locations/{id}/connection"), route)];
        add("connection of a location", named(row, "PSTN", "Sample Cloud PSTN", "LOCAL_GATEWAY"), put);
    }
    let number = set("numbers").into_iter().flat_map(|list| list.split('|')).find(|number| {
        let known = org.number(number);
        let managed = !matches!(location.pstn, Some(Pstn::IntegratedCcp | Pstn::CiscoPstn));
        known.is_some_and(|known| known.owner.is_none() && managed)
            && location.main_number.as_deref() != Some(number)
    });
    if let Some(number) = number {
        let body = json!({"phoneNumbers": [number]});
        let taken = vec![(Method::DELETE, format!("{calling}/numbers"), body)];
        add("number of a location", named(row, number, &location.name, ""), taken);
    }
}

/// The id of the trunk that every simulated organisation has.
async fn trunk(world: &World) -> String {
    let url = format!("{}/telephony/config/routeChoices", world.sim.base_url());
    let answer = world.http.get(url).bearer_auth(crate::support::TOKEN).send().await.unwrap();
    let choices: Value = answer.json().await.unwrap();
    let is_trunk = |choice: &&Value| choice["name"] == TRUNK;
    let all = choices["routeIdentities"].as_array().unwrap();
    all.iter().find(is_trunk).unwrap()["id"].as_str().unwrap().to_owned()
}

fn of_user(world: &World, org: &OrgState, row: u32, cells: &Cells, all: &mut Vec<Change>) {
    let Some(person) = org.person(&cells["email"]) else { return };
    let line = world.row("extension_assignment", "email", &cells["email"]);
    let line = line.map(|line| world.cells(line));
    let theirs = |name: &str| {
        // What the assignment row states is of that row.
        let final_too = line.is_some_and(|line| line.contains_key(&format!("final_settings_{name}")));
        cells.get(&format!("calling_settings_{name}")).filter(|_| !final_too)
    };
    for (name, path) in [("call_waiting_enabled", "callWaiting"), ("do_not_disturb_enabled", "doNotDisturb")]
    {
        let Some(wanted) = theirs(name).filter(|_| person.location.is_some()) else { continue };
        let other = wanted != "true";
        let path = format!("/people/{}/features/{path}", person.id);
        // Do not disturb is taken as a whole.
        let body = match name {
            "call_waiting_enabled" => json!({ "enabled": other }),
            _ => json!({"enabled": other, "ringSplashEnabled": false, "webexGoOverrideEnabled": false}),
        };
        let put = vec![(Method::PUT, path, body)];
        all.push(Change {
            what: "setting",
            named: named(row, name, wanted, &other.to_string()),
            requests: put,
        });
    }
    let wants = cells.get("calling_enabled").is_none_or(|text| text != "false");
    let (Some(license), true) =
        (calling_license(org, &person.license_names), wants && person.location.is_some())
    else {
        return;
    };
    let body = json!({"personId": person.id, "licenses": [{"id": license, "operation": "remove"}]});
    let named = vec![Named {
        row,
        verdict: if line.is_some() { "missing" } else { "drifted" },
        field: if line.is_some() { "calling".to_owned() } else { String::new() },
        wanted: String::new(),
        found: String::new(),
    }];
    let named = if line.is_some() { named } else { Vec::new() };
    all.push(Change {
        what: "calling",
        named,
        requests: vec![(Method::PATCH, "/licenses/users".to_owned(), body)],
    });
}

fn calling_license(org: &OrgState, held: &[String]) -> Option<String> {
    let name = held.iter().find(|name| name.starts_with("Webex Calling - "))?;
    org.licenses.iter().find(|license| license.name == *name).map(|license| license.id.clone())
}

fn of_line(org: &OrgState, row: u32, cells: &Cells, all: &mut Vec<Change>) {
    let Some(person) = org.person(&cells["email"]) else { return };
    let Some(license) = calling_license(org, &person.license_names) else { return };
    let location = org.locations.iter().find(|location| person.location.as_ref() == Some(&location.name));
    if let (Some(extension), Some(location)) = (cells.get("extension"), location) {
        let mut line = json!({"locationId": location.id, "extension": "4321"});
        if let Some(phone) = &person.phone_number {
            line["phoneNumber"] = json!(phone);
        }
        let items = json!([
            {"id": license, "operation": "remove"}, {"id": license, "operation": "add", "properties": line},
        ]);
        let body = json!({"personId": person.id, "licenses": items});
        let patch = vec![(Method::PATCH, "/licenses/users".to_owned(), body)];
        all.push(Change {
            what: "extension",
            named: named(row, "extension", extension, "4321"),
            requests: patch,
        });
    }
    if let Some(number) = cells.get("alternate_numbers").and_then(|list| list.split('|').next()) {
        let entry = json!({"primary": false, "action": "DELETE", "directNumber": number});
        let path = format!("/telephony/config/people/{}/numbers", person.id);
        let put = vec![(Method::PUT, path, json!({ "phoneNumbers": [entry] }))];
        all.push(Change { what: "further number", named: named(row, number, number, ""), requests: put });
    }
    let name = "final_settings_call_waiting_enabled";
    if let Some(wanted) = cells.get(name) {
        let other = wanted != "true";
        let path = format!("/people/{}/features/callWaiting", person.id);
        let put = vec![(Method::PUT, path, json!({ "enabled": other }))];
        let named = named(row, "call_waiting_enabled", wanted, &other.to_string());
        all.push(Change { what: "final setting", named, requests: put });
    }
}
