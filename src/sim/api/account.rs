//! The token, the organisation, the roles.

use serde_json::json;

use super::super::ids::encode_id;
use super::super::org::Org;
use super::super::reply::{Outcome, Reply};
use super::Work;

/// The unique part of the full administrator's role.
pub(super) const FULL_ADMIN: &str = "id_full_admin";

pub(super) fn token_expiry(work: &Work<'_>) -> Outcome {
    Ok(Reply::ok(json!({ "exp": work.token_ends_at })))
}

pub(super) fn organizations(org: &Org) -> Outcome {
    let created = "2024-01-01T00:00:00.000Z";
    Ok(Reply::ok(json!({"items": [{"id": org.id, "displayName": org.name, "created": created}]})))
}

pub(super) fn roles() -> Outcome {
    let role = |unique: &str, name: &str| json!({"id": encode_id("ROLE", unique), "name": name});
    let roles =
        [role(FULL_ADMIN, "Full Administrator"), role("id_readonly_admin", "Read-only Administrator")];
    Ok(Reply::ok(json!({ "items": roles })))
}
