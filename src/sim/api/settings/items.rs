//! Lists of a setting that grow by POST.

use serde_json::{Value, json};

use super::super::super::ids::{encode_id, uuid};
use super::super::super::reply::{Refusal, Reply};
use super::super::super::request::Call;
use super::{Definition, Items};

/// Adds an item to the kept form of a setting and says what is answered. `taken` are items of somebody else
/// that must not be there twice either.
pub(in super::super) fn add_item(
    definition: &Definition,
    items: &Items,
    kept: Option<&Value>,
    taken: &[Value],
    call: &Call,
) -> Result<(Value, Reply), Refusal> {
    let mut item = items.shape.apply(&items.shape.template, call.object()?)?;
    let key = |item: &Value| {
        let parts: Vec<Value> = items.key.iter().filter_map(|name| item.get(name).cloned()).collect();
        json!(parts)
    };
    let mut setting = definition.whole(kept);
    let list = setting.get(&items.list).and_then(Value::as_array).cloned().unwrap_or_default();
    if list.iter().chain(taken).any(|known| key(known) == key(&item)) {
        let message = format!("{} exists already.", key(&item));
        return Err(match items.duplicate {
            Some(code) => Refusal::coded(400, code, &message),
            None => Refusal::bad_request(message),
        });
    }
    let id = items.kind.as_ref().map(|kind| encode_id(kind, &uuid(&format!("{kind}/{}", key(&item)))));
    let reply = match &id {
        Some(id) => Reply::created(json!({ "id": id })),
        None => Reply { status: 201, ..Reply::default() },
    };
    if let (Value::Object(fields), Some(id)) = (&mut item, id) {
        fields.insert("id".into(), json!(id));
    }
    if let Value::Object(fields) = &mut setting {
        fields.insert(items.list.clone(), list.into_iter().chain([item]).collect());
    }
    Ok((setting, reply))
}
