//! The token, the organisation, the roles.

use serde_json::{Value, json};

use super::super::ids::{encode_id, unique_part};
use super::super::org::Org;
use super::super::reply::{Outcome, Refusal, Reply};
use super::Work;

/// The unique part of the full administrator's role.
pub(super) const FULL_ADMIN: &str = "id_full_admin";

pub(super) fn token_expiry(work: &Work<'_>) -> Outcome {
    Ok(Reply::ok(json!({ "exp": work.token_ends_at })))
}

pub(super) fn organizations(org: &Org) -> Outcome {
    Ok(Reply::ok(json!({"items": [shown(org)]})))
}

pub(super) fn organization(org: &Org, work: &Work<'_>) -> Outcome {
    if unique_part(work.id()) != org.unique {
        return Err(Refusal::not_found("Organization"));
    }
    Ok(Reply::ok(shown(org)))
}

fn shown(org: &Org) -> Value {
    json!({"id": org.id, "displayName": org.name, "created": "2024-01-01T00:00:00.000Z"})
}

pub(super) fn roles() -> Outcome {
    let role = |unique: &str, name: &str| json!({"id": encode_id("ROLE", unique), "name": name});
    let roles =
        [role(FULL_ADMIN, "Full Administrator"), role("id_readonly_admin", "Read-only Administrator")];
    Ok(Reply::ok(json!({ "items": roles })))
}
