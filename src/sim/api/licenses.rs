//! Licences and who holds them.

use serde_json::{Map, Value, json};

use super::super::org::{License, Org};
use super::super::page::Paging;
use super::super::reply::{Outcome, Refusal, Reply};
use super::Work;

pub(super) fn list(org: &Org, work: &Work<'_>) -> Outcome {
    let items: Vec<Value> = org.licenses.iter().map(|license| render(license, work.moment.now)).collect();
    Ok(Reply::ok(json!({ "items": items })))
}

pub(super) fn get(org: &Org, work: &Work<'_>) -> Outcome {
    let index = org.license_index(work.id()).ok_or_else(|| Refusal::not_found("License"))?;
    let license = org.license(index)?;
    let mut body = render(license, work.moment.now);
    if work.call.param("includeAssignedTo") != Some("user") {
        return Ok(Reply::ok(body));
    }
    let paging = Paging::new(&org.rules, ["limit", "next"], 300, 300);
    let (holders, next) = paging.page(work.call, license.holders.iter())?;
    let users: Vec<Value> = holders
        .into_iter()
        .filter_map(|index| org.person(*index).ok())
        .map(|person| {
            let kind = if person.external { "EXTERNAL" } else { "INTERNAL" };
            json!({
                "id": person.id, "type": kind,
                "displayName": person.display_name(), "email": person.email,
            })
        })
        .collect();
    if let Value::Object(fields) = &mut body {
        fields.insert("users".into(), json!(users));
    }
    Ok(Reply::ok(body).with_link(next))
}

fn render(license: &License, now: u64) -> Value {
    let unseen = license.unseen.iter().filter(|visible_at| now < **visible_at).count();
    let consumed = license.consumed() - i64::try_from(unseen).unwrap_or(0);
    let mut fields = Map::new();
    fields.insert("id".into(), json!(license.id));
    fields.insert("name".into(), json!(license.name));
    fields.insert("totalUnits".into(), json!(license.units));
    fields.insert("consumedUnits".into(), json!(consumed));
    fields.insert("consumedByUsers".into(), json!(consumed - license.workspaces));
    fields.insert("consumedByWorkspaces".into(), json!(license.workspaces));
    fields.insert("subscriptionId".into(), json!(license.subscription));
    if let Some(status) = &license.status {
        fields.insert("status".into(), json!(status));
    }
    if license.name.starts_with("Meeting") {
        fields.insert("siteUrl".into(), json!("site1.sim.example"));
        fields.insert("siteType".into(), json!("Control Hub managed site"));
    }
    Value::Object(fields)
}
