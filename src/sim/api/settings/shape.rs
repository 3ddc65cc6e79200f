//! The shape of a body: which fields, which values.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::super::reply::Refusal;

/// What a body may hold. Fields are named by their path, such as `incoming.type`, or by its end.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Shape {
    /// Every field that may be sent, with its default; `null` is a text that is absent by default.
    pub(super) template: Value,
    /// What a GET shows besides.
    pub(super) read_only: Value,
    /// Accepted without effect: deprecated, or read-only but sent by clients that work on live systems.
    ignored: Vec<String>,
    /// Must be sent; the inner ones whenever what they are in is sent.
    pub(super) required: Vec<String>,
    enums: BTreeMap<String, Vec<String>>,
    ranges: BTreeMap<String, (f64, f64)>,
    /// Shown by a GET although null.
    nullable: Vec<String>,
    /// Not shown by a GET.
    write_only: Vec<String>,
    /// Flags that are accepted as text too, because a client that works on live systems sends text.
    textual: Vec<String>,
    /// Objects whose fields are not fixed.
    open: Vec<String>,
}

/// The value of the field with this name, or with one that this ends in.
fn of_path<'a, T>(named: &'a BTreeMap<String, T>, path: &str) -> Option<&'a T> {
    let fits =
        |name: &str| path.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    named.iter().find(|(name, _)| fits(name)).map(|(_, value)| value)
}

impl Shape {
    /// The base with what was sent laid over it, once that is known to be in order.
    pub(super) fn apply(&self, base: &Value, sent: &Map<String, Value>) -> Result<Value, Refusal> {
        self.check_required(sent)?;
        self.merge_fields("", &self.template, &self.read_only, base, sent)
    }

    /// The fields that the template has, at every depth.
    pub(super) fn known_of(
        &self,
        path: &str,
        template: &Value,
        sent: Map<String, Value>,
    ) -> Map<String, Value> {
        let known = sent.into_iter().filter_map(|(name, value)| {
            let template = template.get(&name)?;
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let value = match value {
                Value::Object(fields) if template.is_object() && !self.open.contains(&path) => {
                    Value::Object(self.known_of(&path, template, fields))
                }
                value => value,
            };
            Some((name, value))
        });
        known.collect()
    }

    fn check_required(&self, sent: &Map<String, Value>) -> Result<(), Refusal> {
        for path in &self.required {
            let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
            let mut parts = parent.split('.').filter(|part| !part.is_empty());
            let start = Some(sent);
            let holder = parts.try_fold(start, |fields, part| Some(fields?.get(part)?.as_object())).flatten();
            if holder.is_some_and(|fields| !fields.contains_key(name)) {
                return Err(Refusal::missing_field(path));
            }
        }
        Ok(())
    }

    fn merge_fields(
        &self,
        path: &str,
        template: &Value,
        read_only: &Value,
        base: &Value,
        sent: &Map<String, Value>,
    ) -> Result<Value, Refusal> {
        let mut merged = base.as_object().cloned().unwrap_or_default();
        for (name, value) in sent {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            if self.ignored.contains(&path) {
                continue;
            }
            if let Some(template) = template.get(name) {
                let read_only = read_only.get(name).unwrap_or(&Value::Null);
                let base = base.get(name).unwrap_or(template);
                merged.insert(name.clone(), self.merge(&path, template, read_only, base, value)?);
            } else if read_only.get(name).is_some() {
                return Err(Refusal::bad_request(format!("The field {path} is read-only.")));
            } else {
                return Err(Refusal::bad_request(format!("Unknown field: {path}")));
            }
        }
        Ok(Value::Object(merged))
    }

    fn merge(
        &self,
        path: &str,
        template: &Value,
        read_only: &Value,
        base: &Value,
        sent: &Value,
    ) -> Result<Value, Refusal> {
        match (template, sent) {
            (Value::Null | Value::Object(_), Value::Null) => Ok(template.clone()),
            (Value::Object(_), Value::Object(fields)) if self.open.iter().any(|open| open == path) => {
                fields.values().try_for_each(|value| self.check_value(path, value))?;
                Ok(sent.clone())
            }
            (Value::Object(_), Value::Object(fields)) => {
                self.merge_fields(path, template, read_only, base, fields)
            }
            (Value::Bool(_), Value::String(text)) if self.textual.iter().any(|textual| textual == path) => {
                let flag =
                    text.parse().map_err(|_| Refusal::bad_request(format!("Invalid type of {path}")))?;
                Ok(Value::Bool(flag))
            }
            (Value::Null | Value::String(_), Value::String(_))
            | (Value::Bool(_), Value::Bool(_))
            | (Value::Number(_), Value::Number(_))
            | (Value::Array(_), Value::Array(_)) => {
                self.check_value(path, sent)?;
                Ok(sent.clone())
            }
            _ => Err(Refusal::bad_request(format!("Invalid type of {path}"))),
        }
    }

    fn check_value(&self, path: &str, value: &Value) -> Result<(), Refusal> {
        if let Some(allowed) = of_path(&self.enums, path)
            && !value.as_str().is_some_and(|text| allowed.iter().any(|known| known == text))
        {
            return Err(Refusal::bad_request(format!("Invalid value of {path}: {value}")));
        }
        if let (Some((least, most)), Some(number)) = (of_path(&self.ranges, path), value.as_f64())
            && !(*least..=*most).contains(&number)
        {
            return Err(Refusal::bad_request(format!("{path} must be {least} to {most}.")));
        }
        Ok(())
    }

    /// The fields that have a value and are for readers.
    pub(super) fn without_absent(&self, value: &Value) -> Map<String, Value> {
        let mut shown = self.with_values(value);
        shown.retain(|name, _| !self.write_only.contains(name));
        shown
    }

    fn with_values(&self, value: &Value) -> Map<String, Value> {
        let present = |name: &String, value: &Value| match value {
            Value::Null => self.nullable.contains(name),
            Value::Object(inner) => inner.is_empty() || inner.values().any(|value| !value.is_null()),
            _ => true,
        };
        let fields = value.as_object().into_iter().flatten();
        fields
            .filter(|(name, value)| present(name, value))
            .map(|(name, value)| {
                let value = match value {
                    Value::Object(_) => Value::Object(self.with_values(value)),
                    other => other.clone(),
                };
                (name.clone(), value)
            })
            .collect()
    }
}
