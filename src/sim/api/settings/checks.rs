//! What a PUT must meet besides its shape.

use serde_json::{Map, Value, json};

use super::super::super::ids::unique_part;
use super::super::super::org::{Org, Owner, Rules};
use super::super::super::reply::Refusal;
use super::super::pstn;
use super::{Definition, members, permissions};

/// Whose setting it is.
#[derive(Clone, Copy)]
pub(in super::super) enum Subject {
    Person(usize),
    Location(usize),
}

impl Subject {
    /// The setting as it was put or seeded.
    pub(in super::super) fn kept<'a>(self, org: &'a Org, name: &str) -> Option<&'a Value> {
        match self {
            Subject::Person(index) => org.features.get(&index)?.get(name),
            Subject::Location(index) => org.location(index).ok()?.calling.as_ref()?.settings.get(name),
        }
    }
}

/// The body as the table has it.
///
/// Feature access is in no published schema: a GET shows the features in an object of their own, while the
/// SDK puts them at the top level. Both are taken.
pub(in super::super) fn normalised(
    rules: &Rules,
    definition: &Definition,
    sent: &Map<String, Value>,
) -> Map<String, Value> {
    let mut sent = sent.clone();
    if definition.path == "settings/permissions" {
        let own = ["userOrgSettingsPermissionEnabled", "userSettingsPermissions"];
        let (fields, features): (Map<_, _>, Map<_, _>) =
            sent.into_iter().partition(|(name, _)| own.contains(&name.as_str()));
        sent = fields;
        if !features.is_empty() {
            sent.entry("userSettingsPermissions").or_insert(Value::Object(features));
        }
    }
    if rules.habits.drops_unknown_fields { definition.known_of(sent) } else { sent }
}

/// Checks what the table cannot express, once the shape is right.
pub(in super::super) fn check(
    org: &Org,
    subject: Subject,
    definition: &Definition,
    sent: &Map<String, Value>,
) -> Result<(), Refusal> {
    permissions::check(&org.rules.fixed_call_types, sent)?;
    match definition.path.as_str() {
        "applications/members" => lines(org, sent),
        "reception" => members::check(org, sent).and_then(|()| reception(sent)),
        "callerId" if sent.get("selected") == Some(&json!("CUSTOM")) => text(sent, "customNumber"),
        "emergencyCallbackNumber" | "features/emergencyCallbackNumber" => emergency(org, sent),
        "preferredAnswerEndpoint" => endpoint(org, subject, definition, sent),
        "agent/callerId" => caller(org, sent),
        "internalDialing" => route(org, sent),
        "executive/assignedAssistants" => members::check(org, sent).and_then(|()| assistants(org, sent)),
        "executive/assistant" => rows(sent, "executives", &["personId", "optInEnabled"]),
        "executive/callFiltering" => none_of(sent, "criteriaActivation"),
        "modeManagement/features" => none_of(sent, "featureIds"),
        _ => members::check(org, sent),
    }
}

fn text(sent: &Map<String, Value>, name: &str) -> Result<(), Refusal> {
    if sent.get(name).and_then(Value::as_str).is_none_or(str::is_empty) {
        return Err(Refusal::missing_field(name));
    }
    Ok(())
}

fn list<'a>(sent: &'a Map<String, Value>, name: &str) -> impl Iterator<Item = &'a Value> {
    sent.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// Nothing of the kind exists here, so that nothing can be named.
fn none_of(sent: &Map<String, Value>, name: &str) -> Result<(), Refusal> {
    match list(sent, name).next() {
        Some(unknown) => Err(Refusal::bad_request(format!("{name}: {unknown} does not exist."))),
        None => Ok(()),
    }
}

fn reception(sent: &Map<String, Value>) -> Result<(), Refusal> {
    let has_members = list(sent, "monitoredMembers").next().is_some();
    if has_members && sent.get("receptionEnabled") != Some(&json!(true)) {
        return Err(Refusal::bad_request("Members need receptionEnabled."));
    }
    Ok(())
}

fn emergency(org: &Org, sent: &Map<String, Value>) -> Result<(), Refusal> {
    if sent.get("selected") != Some(&json!("LOCATION_MEMBER_NUMBER")) {
        return Ok(());
    }
    text(sent, "locationMemberId")?;
    let id = sent.get("locationMemberId").and_then(Value::as_str).unwrap_or_default();
    let member = org.person_index(id).and_then(|index| org.person(index).ok());
    if member.is_none_or(|person| person.calling.is_none()) {
        return Err(Refusal::bad_request("locationMemberId is no calling user."));
    }
    Ok(())
}

/// Each row of a list must have these fields.
fn rows(sent: &Map<String, Value>, name: &str, required: &[&str]) -> Result<(), Refusal> {
    for row in list(sent, name) {
        for field in required {
            row.get(field).ok_or_else(|| Refusal::missing_field(field))?;
        }
    }
    Ok(())
}

fn lines(org: &Org, sent: &Map<String, Value>) -> Result<(), Refusal> {
    rows(sent, "members", &["id", "port", "primaryOwner", "lineType", "lineWeight"])?;
    for line in list(sent, "members") {
        let id = line.get("id").and_then(Value::as_str).unwrap_or_default();
        org.person_index(id).ok_or_else(|| Refusal::bad_request(format!("Unknown member {id}")))?;
    }
    Ok(())
}

fn endpoint(
    org: &Org,
    subject: Subject,
    definition: &Definition,
    sent: &Map<String, Value>,
) -> Result<(), Refusal> {
    let wanted = sent.get("preferredAnswerEndpointId").filter(|id| !id.is_null());
    let shown = definition.shown(subject.kept(org, definition.name()));
    let exists = |id: &Value| list(&shown, "endpoints").any(|known| known.get("id") == Some(id));
    if wanted.is_some_and(|id| !exists(id)) {
        return Err(Refusal::bad_request("The endpoint does not exist."));
    }
    Ok(())
}

/// The group that holds an inventory entry and has this id.
pub(super) fn group<'a>(org: &'a Org, id: &str) -> Option<&'a Owner> {
    let keys = org.numbers.of_owner(&unique_part(id));
    let owner = keys.first().and_then(|key| org.numbers.get(*key)?.owner.as_ref());
    owner.filter(|owner| ["CALL_QUEUE", "HUNT_GROUP"].contains(&owner.kind.as_str()))
}

fn caller(org: &Org, sent: &Map<String, Value>) -> Result<(), Refusal> {
    let id = sent.get("selectedCallerId").and_then(Value::as_str);
    if id.is_some_and(|id| group(org, id).is_none()) {
        return Err(Refusal::bad_request("The queue or hunt group does not exist."));
    }
    Ok(())
}

fn route(org: &Org, sent: &Map<String, Value>) -> Result<(), Refusal> {
    let route = sent.get("unknownExtensionRouteIdentity").and_then(Value::as_object);
    let text = |name: &str| route?.get(name)?.as_str();
    text("type").zip(text("id")).map_or(Ok(()), |(kind, id)| pstn::route(org, kind, id).map(drop))
}

fn assistants(org: &Org, sent: &Map<String, Value>) -> Result<(), Refusal> {
    for id in list(sent, "assistantIds").filter_map(Value::as_str) {
        let index = org.person_index(id).unwrap_or(usize::MAX);
        check_kind(org, index, "EXECUTIVE_ASSISTANT")?;
    }
    Ok(())
}

/// The type must have been set first; webex.md 5 has 4410 for reads by people who are no executives.
pub(in super::super) fn check_kind(org: &Org, person: usize, kind: &str) -> Result<(), Refusal> {
    let set = Subject::Person(person).kept(org, "executiveAssistant").and_then(|setting| setting.get("type"));
    if set != Some(&json!(kind)) {
        return Err(Refusal::coded(400, 4410, &format!("The user is not of type {kind}.")));
    }
    Ok(())
}

/// What follows from a PUT besides the values that were sent.
pub(in super::super) fn settle(definition: &Definition, before: Option<&Value>, value: &mut Value) {
    permissions::keep(before, value);
    if definition.path != "outgoingPermission/accessCodes" {
        return;
    }
    if let Value::Object(fields) = value {
        let gone: Vec<Value> = list(fields, "deleteCodes").cloned().collect();
        fields.insert("deleteCodes".into(), json!([]));
        if let Some(Value::Array(codes)) = fields.get_mut("accessCodes") {
            codes.retain(|item| item.get("code").is_none_or(|code| !gone.contains(code)));
        }
    }
}
