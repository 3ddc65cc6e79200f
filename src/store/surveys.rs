//! What plan and verification share: which rows are looked at, and what is kept of the look itself.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, named_params, params};

use super::columns::typed;
use super::queue::{ClaimedRow, add_context, claimed_row};
use super::selection::Selection;
use super::{Store, StoreError, now, time_stamp};
use crate::domain::{Phase, RowId, RowState};

/// Which of the two surveys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Plan,
    Verify,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Kind::Plan => "plan",
            Kind::Verify => "verify",
        }
    }
}

/// What is known of a survey before it looks at its first row.
#[derive(Debug, Clone, Default)]
pub struct SurveyFacts {
    /// Which rows it is about, in words.
    pub scope: String,
    /// The canonical keys of the locations that it is about; none means every location.
    pub locations: Vec<String>,
    /// When the token ends, in seconds from now, if Webex tells.
    pub token_seconds_left: Option<i64>,
}

/// What is kept of the last survey of a kind.
#[derive(Debug, Clone, serde::Serialize)]
pub struct SurveyReport {
    /// When it began.
    pub begun_at: String,
    /// When it ended; none while it goes on, or after a kill.
    pub ended_at: Option<String>,
    /// Whether every row of its scope was looked at.
    pub complete: bool,
    /// Which rows it is about, in words.
    pub scope: String,
    /// The canonical keys of the locations that it is about; none means every location.
    pub locations: Vec<String>,
    /// The path of the file that the job was made from, or amended with, when it began.
    pub input_path: String,
    /// The SHA-256 of that file.
    pub input_hash: String,
    /// Whether another file was taken in since.
    pub input_changed: bool,
    /// `lab` or `prod`, once the database is bound to a Webex.
    pub environment: Option<String>,
    /// The organisation, once the database is bound to one.
    pub org_id: Option<String>,
    /// When the token ends that it was made with, if Webex told.
    pub token_ends_at: Option<String>,
    /// Requests that it made.
    pub requests: u64,
    /// Licences of which there are not enough, as the survey told them.
    pub licences_short: serde_json::Value,
    /// Tells one survey from the next.
    #[serde(skip)]
    pub(super) number: i64,
}

/// The next rows of a phase to look at, in row order and as a claim would give them: those in these states that are
/// selected and stand behind a row, if one is given, up to a number. No row moves. Rows that a killed run left at work are
/// ready: only the holder of the lock may ask.
pub fn rows_to_survey(
    connection: &Connection,
    states: &[RowState],
    phase: Phase,
    selection: &Selection,
    after: Option<RowId>,
    limit: u32,
) -> Result<Vec<ClaimedRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT row_id, phase, attempt + 1 AS attempt, entity_type, entity_key, location_key, cells,
                coalesce(batch, (SELECT coalesce(max(b.number), 0) + 1 FROM batches b WHERE b.phase = rows.phase)) AS number
         FROM rows NOT INDEXED
         WHERE phase = :phase AND row_id > :after AND state IN (SELECT value FROM json_each(:states))
           AND (:locations IS NULL OR location_key IN (SELECT value FROM json_each(:locations)))
         ORDER BY row_id LIMIT :limit",
    )?;
    let parameters = named_params! {
        ":phase": phase.number(), ":after": after.map_or(0, RowId::get), ":states": states_parameter(states),
        ":locations": selection.parameter(), ":limit": limit,
    };
    let rows = statement.query_map(parameters, claimed_row)?;
    let mut rows: Vec<ClaimedRow> =
        rows.map(|row| row.map_err(StoreError::from).and_then(|row| row)).collect::<Result<_, _>>()?;
    let mut locations = HashMap::new();
    for row in &mut rows {
        add_context(connection, row, &mut locations)?;
    }
    Ok(rows)
}

/// The states as a JSON array; what is ready includes what a killed run left at work.
fn states_parameter(states: &[RowState]) -> String {
    let mut names: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
    if states.contains(&RowState::Ready) {
        names.push(RowState::Running.as_str());
    }
    serde_json::to_string(&names).unwrap_or_default()
}

/// How many selected rows are in these states; those that a killed run left at work are ready.
pub(super) fn count_rows(
    connection: &Connection,
    states: &[RowState],
    locations: Option<&str>,
) -> Result<u32, StoreError> {
    Ok(connection.query_row(
        "SELECT coalesce(sum(rows), 0) FROM counts
         WHERE phase > 0 AND state IN (SELECT value FROM json_each(:states))
           AND (:locations IS NULL OR location_key IN (SELECT value FROM json_each(:locations)))",
        named_params! { ":states": states_parameter(states), ":locations": locations },
        |row| row.get(0),
    )?)
}

impl Store {
    /// How many selected rows are in these states; those that a killed run left at work are ready.
    pub fn rows_in(&self, states: &[RowState], selection: &Selection) -> Result<u32, StoreError> {
        self.read(|connection| count_rows(connection, states, selection.parameter()))
    }

    /// What is kept of the making of the stored plan; `None` before the first.
    pub fn last_plan(&self) -> Result<Option<SurveyReport>, StoreError> {
        self.read(|connection| read(connection, Kind::Plan))
    }
}

/// Notes that a survey begins, in place of the former one of its kind.
pub(super) fn begin(connection: &Connection, kind: Kind, facts: &SurveyFacts) -> Result<(), StoreError> {
    let locations = (!facts.locations.is_empty()).then(|| json(&facts.locations));
    let token_ends_at = facts.token_seconds_left.and_then(|left| {
        jiff::Timestamp::now().checked_add(jiff::SignedDuration::from_secs(left)).ok().map(time_stamp)
    });
    connection.execute(
        "INSERT OR REPLACE INTO surveys (purpose, number, begun_at, input_hash, scope, locations, token_ends_at)
         SELECT ?1, coalesce((SELECT number FROM surveys WHERE purpose = ?1), 0) + 1, ?2,
                coalesce((SELECT input_hash FROM inputs ORDER BY input_id DESC LIMIT 1), ''), ?3, ?4, ?5",
        params![kind.as_str(), now(), facts.scope, locations, token_ends_at],
    )?;
    Ok(())
}

/// Notes how a survey ended; `shortfalls` is a JSON array.
pub(super) fn end(
    connection: &Connection,
    kind: Kind,
    complete: bool,
    requests: u64,
    shortfalls: &str,
) -> Result<(), StoreError> {
    let changed = connection.execute(
        "UPDATE surveys SET ended_at = ?1, complete = ?2, requests = ?3, shortfalls = ?4 WHERE purpose = ?5",
        params![now(), complete, i64::try_from(requests).unwrap_or(i64::MAX), shortfalls, kind.as_str()],
    )?;
    if changed == 1 { Ok(()) } else { Err(StoreError::Invariant(format!("no {} was begun", kind.as_str()))) }
}

/// What is kept of the last survey of a kind; `None` before the first.
pub(super) fn read(connection: &Connection, kind: Kind) -> Result<Option<SurveyReport>, StoreError> {
    let sql = "SELECT s.*, b.environment, b.org_id,
                      coalesce((SELECT path FROM inputs i WHERE i.input_hash = s.input_hash ORDER BY input_id DESC LIMIT 1), '')
                          AS input_path,
                      (SELECT input_hash FROM inputs ORDER BY input_id DESC LIMIT 1) IS NOT s.input_hash AS input_changed
               FROM surveys s LEFT JOIN binding b WHERE s.purpose = ?1";
    let read = |row: &rusqlite::Row<'_>| {
        let (locations, shortfalls): (Option<String>, String) =
            (row.get("locations")?, row.get("shortfalls")?);
        Ok(SurveyReport {
            begun_at: row.get("begun_at")?,
            ended_at: row.get("ended_at")?,
            complete: row.get("complete")?,
            scope: row.get("scope")?,
            locations: locations.and_then(|keys| serde_json::from_str(&keys).ok()).unwrap_or_default(),
            input_path: row.get("input_path")?,
            input_hash: row.get("input_hash")?,
            input_changed: row.get("input_changed")?,
            environment: row.get("environment")?,
            org_id: row.get("org_id")?,
            token_ends_at: row.get("token_ends_at")?,
            requests: row.get::<_, i64>("requests")?.unsigned_abs(),
            licences_short: serde_json::from_str(&shortfalls).unwrap_or_default(),
            number: row.get("number")?,
        })
    };
    Ok(connection.query_row(sql, [kind.as_str()], read).optional()?)
}

/// The number of a row as it is told.
pub(super) fn row_id(row: &rusqlite::Row<'_>) -> rusqlite::Result<u32> {
    typed::<RowId>(row, "row_id").map(RowId::get)
}

pub(super) fn json(values: &(impl serde::Serialize + ?Sized)) -> String {
    serde_json::to_string(values).unwrap_or_default()
}
