//! Workspaces, for reading only, and the settings of those that have calling.

use serde_json::{Value, json};

use super::super::org::{Org, Workspace};
use super::super::page::Paging;
use super::super::reply::{Outcome, Refusal, Reply};
use super::super::route::{Family, Setting};
use super::Work;
use super::back_end::unknown_subscriber;
use super::settings::find;

pub(super) fn list(org: &Org, work: &Work<'_>) -> Outcome {
    let paging = Paging::new(&org.rules, ["max", "start"], 100, 1000);
    let (page, next) = paging.page(work.call, org.workspaces.iter())?;
    let items: Vec<Value> = page.into_iter().map(|workspace| render(org, workspace)).collect();
    Ok(Reply::ok(json!({ "items": items })).with_link(next))
}

pub(super) fn get(org: &Org, work: &Work<'_>) -> Outcome {
    Ok(Reply::ok(render(org, found(org, work)?)))
}

fn found<'a>(org: &'a Org, work: &Work<'_>) -> Result<&'a Workspace, Refusal> {
    org.workspace(work.id()).ok_or_else(|| Refusal::not_found("Workspace"))
}

fn render(org: &Org, workspace: &Workspace) -> Value {
    let kind = if workspace.line.is_some() { "webexCalling" } else { "freeCalling" };
    let mut shown = json!({
        "id": workspace.id, "orgId": org.id, "displayName": workspace.name, "type": "notSet",
        "calling": {"type": kind}, "supportedDevices": "collaborationDevices",
    });
    let location = workspace.line.as_ref().and_then(|(location, _)| org.location(*location).ok());
    if let (Value::Object(fields), Some(location)) = (&mut shown, location) {
        fields.insert("locationId".into(), json!(location.id));
    }
    shown
}

/// A setting as it is before anybody changed it: no workspace is written here.
pub(super) fn setting(org: &Org, work: &Work<'_>) -> Outcome {
    let workspace = found(org, work)?;
    let Some((location, extension)) = &workspace.line else { return Err(unknown_subscriber(work.route)) };
    let setting = work.route.setting.as_ref().ok_or_else(|| Refusal::no_resource(work.call.path()))?;
    if setting.path != "numbers" {
        let same = Setting { family: Family::People, path: setting.path.clone() };
        return Ok(Reply::ok(Value::Object(find(&same, work.call)?.shown(None))));
    }
    let location = org.location(*location)?;
    Ok(Reply::ok(json!({
        "distinctiveRingEnabled": true,
        "phoneNumbers": [{"extension": extension, "esn": extension, "primary": true}],
        "workspace": {"id": workspace.id}, "location": {"id": location.id, "name": location.name},
        "organization": {"id": org.id, "name": org.name},
    })))
}
