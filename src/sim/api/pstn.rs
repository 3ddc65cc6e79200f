//! PSTN connections of locations, and the trunks they may lead to.

use serde_json::{Map, Value, json};

use super::super::ids::{encode_id, unique_part, uuid};
use super::super::org::{Location, Org};
use super::super::reply::{Outcome, Refusal, Reply};
use super::super::seed::Pstn;
use super::Work;

/// What every location could be connected to.
const OPTIONS: [(Pstn, &str); 3] = [
    (Pstn::LocalGateway, "Premises-based PSTN"),
    (Pstn::NonIntegratedCcp, "Sample Cloud PSTN"),
    (Pstn::CiscoPstn, "Cisco Calling Plans"),
];

fn option_id(pstn: Pstn) -> String {
    encode_id("PSTN_CONNECTION", &uuid(&format!("PSTN/{}", pstn.as_str())))
}

fn display_name(pstn: Pstn) -> &'static str {
    OPTIONS.iter().find(|(known, _)| *known == pstn).map_or("Integrated Cloud PSTN", |(_, name)| name)
}

pub(super) fn options(org: &Org, work: &Work<'_>) -> Outcome {
    org.calling_location(work.id())?;
    let items: Vec<Value> = OPTIONS
        .iter()
        .map(|(pstn, name)| {
            json!({"id": option_id(*pstn), "displayName": name, "pstnServices": ["GEOGRAPHIC_NUMBERS"]})
        })
        .collect();
    Ok(Reply::ok(json!({ "items": items })))
}

pub(super) fn get(org: &Org, work: &Work<'_>) -> Outcome {
    let (_, location, _) = org.calling_location(work.id())?;
    let unset = || {
        let key = unique_part(&location.id);
        Refusal::of_pstn(404, format!("Location {key} not found or PSTN for the location is not configured"))
    };
    connection(location).map(Reply::ok).ok_or_else(unset)
}

fn connection(location: &Location) -> Option<Value> {
    let pstn = location.pstn?;
    let mut fields = Map::new();
    fields.insert("id".into(), json!(option_id(pstn)));
    fields.insert("displayName".into(), json!(display_name(pstn)));
    fields.insert("pstnServices".into(), json!(["GEOGRAPHIC_NUMBERS"]));
    fields.insert("pstnConnectionType".into(), json!(pstn.as_str()));
    if let Some((kind, id)) = &location.pstn_route {
        fields.insert("routeType".into(), json!(kind));
        fields.insert("routeId".into(), json!(id));
    }
    Some(Value::Object(fields))
}

pub(super) fn put(org: &mut Org, work: &Work<'_>) -> Outcome {
    let (index, _, _) = org.calling_location(work.id())?;
    work.call.object()?;
    let (pstn, route) = match (work.call.text("premiseRouteType"), work.call.text("premiseRouteId")) {
        (Some(kind), Some(id)) => (Pstn::LocalGateway, Some(route(org, kind, id)?)),
        (None, None) => (cloud_option(work.call.text("id"))?, None),
        _ => return Err(Refusal::missing_field("premiseRouteType and premiseRouteId")),
    };
    org.edit_location(index, work.moment, |location| {
        location.pstn = Some(pstn);
        location.pstn_route = route;
    });
    Ok(Reply::no_content())
}

fn is_same_id(one: &str, other: &str) -> bool {
    unique_part(one) == unique_part(other)
}

/// A trunk or route group of the organisation.
pub(super) fn route(org: &Org, kind: &str, id: &str) -> Result<(String, String), Refusal> {
    let found = org.routes.iter().find(|route| route.kind == kind && is_same_id(&route.id, id));
    let found = found.ok_or_else(|| Refusal::bad_request("The route does not exist."))?;
    Ok((kind.to_owned(), found.id.clone()))
}

/// Only a provider without integration can be set by its id; calling plans cannot be set up at all here.
fn cloud_option(id: Option<&str>) -> Result<Pstn, Refusal> {
    let id = id.ok_or_else(|| Refusal::missing_field("id"))?;
    let option = OPTIONS.iter().find(|(pstn, _)| option_id(*pstn) == id);
    match option {
        Some((Pstn::LocalGateway, _)) => Err(Refusal::missing_field("premiseRouteType and premiseRouteId")),
        Some((Pstn::NonIntegratedCcp, _)) => Ok(Pstn::NonIntegratedCcp),
        Some(_) => Err(Refusal::bad_request("This PSTN connection cannot be set up here.")),
        None => Err(Refusal::bad_request("The connection option does not exist.")),
    }
}

pub(super) fn route_choices(org: &Org) -> Outcome {
    let choices: Vec<Value> = org
        .routes
        .iter()
        .map(|route| json!({"id": route.id, "name": route.name, "type": route.kind}))
        .collect();
    Ok(Reply::ok(json!({ "routeIdentities": choices })))
}
