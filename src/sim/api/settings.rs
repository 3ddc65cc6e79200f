//! The table of settings: their defaults, and what a PUT may hold.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::reply::Refusal;
use super::super::route::{Family, Setting};

/// One setting. Its template has every field; `null` stands for one that is absent by default.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Definition {
    family: Family,
    path: String,
    pub(super) template: Value,
    #[serde(default)]
    required: Vec<String>,
    /// Names of fields, at any depth, that a PUT cannot change.
    #[serde(default)]
    read_only: Vec<String>,
    #[serde(default)]
    enums: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    ranges: BTreeMap<String, (f64, f64)>,
    /// Names of fields that a GET shows although they are null.
    #[serde(default)]
    nullable: Vec<String>,
    /// Takes fields that are not in the template.
    #[serde(default)]
    open: bool,
    /// The status of a successful PUT.
    #[serde(default = "no_content")]
    pub(super) put: u16,
}

fn no_content() -> u16 {
    204
}

static TABLE: LazyLock<Vec<Definition>> =
    LazyLock::new(|| serde_json::from_str(include_str!("features.json")).unwrap_or_default());

/// The definition behind a path.
pub(super) fn find(setting: &Setting) -> Option<&'static Definition> {
    TABLE.iter().find(|known| known.family == setting.family && known.path == setting.path)
}

impl Definition {
    /// What a PUT makes of the setting. It replaces the whole: what it leaves out falls back to the default.
    pub(super) fn replaced_by(&self, sent: &Map<String, Value>) -> Result<Value, Refusal> {
        if let Some(missing) = self.required.iter().find(|name| !sent.contains_key(*name)) {
            return Err(Refusal::missing_field(missing));
        }
        self.overlay("body", &self.template, &Value::Object(sent.clone()))
    }

    fn overlay(&self, name: &str, template: &Value, sent: &Value) -> Result<Value, Refusal> {
        match (template, sent) {
            (_, Value::Null) => Ok(template.clone()),
            (Value::Object(template), Value::Object(sent)) => self.overlay_fields(template, sent),
            (Value::Null, _)
            | (Value::Bool(_), Value::Bool(_))
            | (Value::Number(_), Value::Number(_))
            | (Value::String(_), Value::String(_))
            | (Value::Array(_), Value::Array(_)) => {
                self.check_value(name, sent)?;
                Ok(sent.clone())
            }
            _ => Err(Refusal::bad_request(format!("Invalid type of {name}"))),
        }
    }

    fn overlay_fields(
        &self,
        template: &Map<String, Value>,
        sent: &Map<String, Value>,
    ) -> Result<Value, Refusal> {
        let known = |name: &String| self.open || template.contains_key(name) || self.read_only.contains(name);
        if let Some(unknown) = sent.keys().find(|name| !known(name)) {
            return Err(Refusal::bad_request(format!("Unknown field: {unknown}")));
        }
        let mut merged = template.clone();
        for (name, value) in sent.iter().filter(|(name, _)| !self.read_only.contains(name)) {
            let default = template.get(name).unwrap_or(&Value::Null);
            merged.insert(name.clone(), self.overlay(name, default, value)?);
        }
        Ok(Value::Object(merged))
    }

    fn check_value(&self, name: &str, value: &Value) -> Result<(), Refusal> {
        if let (Some(allowed), Some(text)) = (self.enums.get(name), value.as_str())
            && !allowed.iter().any(|known| known == text)
        {
            return Err(Refusal::bad_request(format!("Invalid value of {name}: {text}")));
        }
        if let (Some((least, most)), Some(number)) = (self.ranges.get(name), value.as_f64())
            && !(*least..=*most).contains(&number)
        {
            return Err(Refusal::bad_request(format!("{name} must be {least} to {most}.")));
        }
        Ok(())
    }

    /// The setting as a GET shows it: absent fields are left out.
    pub(super) fn shown(&self, value: &Value) -> Value {
        let Value::Object(fields) = value else { return value.clone() };
        let present = |name: &String, value: &Value| match value {
            Value::Null => self.nullable.contains(name),
            Value::Object(inner) => inner.is_empty() || inner.values().any(|value| !value.is_null()),
            _ => true,
        };
        let shown = fields.iter().filter(|(name, value)| present(name, value));
        Value::Object(shown.map(|(name, value)| (name.clone(), self.shown(value))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_can_be_read() {
        let table: Result<Vec<Definition>, _> = serde_json::from_str(include_str!("features.json"));
        assert!(table.unwrap().len() > 30);
    }
}
