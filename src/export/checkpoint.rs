//! `checkpoint.json`: written for people and other tools; never read to decide what to do (R20).

use std::io::Write;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::ExportError;
use crate::domain::InputHash;
use crate::store::{self, Connection, Store};

const NAME: &str = "checkpoint.json";

/// Ours have a few hundred bytes.
const LARGEST: u64 = 64 * 1024;

const NUMBERS: [&str; 3] = ["pipeline_version", "phase", "last_row_id"];
const TEXTS: [&str; 3] = ["input_hash", "started_at", "updated_at"];

pub(super) fn write(connection: &Connection, out: &mut dyn Write) -> Result<(), ExportError> {
    let sql = "SELECT * FROM checkpoint";
    let columns = store::columns_of(connection, sql)?;
    let mut fields = Map::new();
    store::walk(connection, sql, |cells| {
        for (column, cell) in columns.iter().zip(cells) {
            let text = cell.clone().unwrap_or_default();
            let value = text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number));
            fields.insert(column.clone(), value);
        }
        Ok::<(), ExportError>(())
    })?;
    let text = serde_json::to_string_pretty(&Value::Object(fields)).unwrap_or_default();
    writeln!(out, "{text}").map_err(|error| ExportError::Io { path: NAME.into(), error })
}

/// Errs when a checkpoint on disk is damaged or belongs to an input that the database does not know.
pub fn check_checkpoint(store: &Store, directory: &Path) -> Result<(), ExportError> {
    let path = directory.join(NAME);
    let damaged = |finding: String| ExportError::CheckpointDamaged { path: path.clone(), finding };
    match path.metadata() {
        Ok(facts) if !facts.is_file() => return Err(damaged("it is not a regular file".to_owned())),
        Ok(facts) if facts.len() > LARGEST => return Err(damaged("it is far too large".to_owned())),
        _ => {}
    }
    let text = match std::fs::read(&path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(ExportError::Io { path: path.clone(), error }),
    };
    let fields: Map<String, Value> =
        serde_json::from_str(&text).map_err(|error| damaged(format!("it is not a JSON object ({error})")))?;
    let number = NUMBERS.iter().find(|name| !fields.get(**name).is_some_and(Value::is_u64));
    let missing =
        number.or_else(|| TEXTS.iter().find(|name| !fields.get(**name).is_some_and(Value::is_string)));
    if let Some(name) = missing {
        return Err(damaged(format!("it lacks {name}")));
    }
    let hash = fields.get("input_hash").and_then(Value::as_str).unwrap_or_default().to_owned();
    if InputHash::parse(&hash).is_err() {
        return Err(damaged("input_hash is not a SHA-256".to_owned()));
    }
    if store.knows_input(&hash)? { Ok(()) } else { Err(ExportError::CheckpointForeign { path, hash }) }
}
