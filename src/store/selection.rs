//! Which rows a run works on, and which pending rows go back to `ready`.

use rusqlite::{Connection, OptionalExtension, named_params};

use super::keys::canonical_key;
use super::snapshot::Reading;
use super::{Store, StoreError, now};
use crate::domain::{Extension, PendingReason, Phase, RowId};

/// The rows that a run may claim. A row whose prerequisite is still ready waits for it (R11).
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Canonical keys as a JSON array; `None` for every location.
    locations: Option<String>,
}

impl Selection {
    /// The rows of these locations, by canonical key.
    pub fn locations(keys: &[String]) -> Selection {
        Selection { locations: (!keys.is_empty()).then(|| json(keys)) }
    }

    pub(super) fn parameter(&self) -> Option<&str> {
        self.locations.as_deref()
    }
}

/// What a ready row must be to be claimed; `:locations` is the parameter of the selection.
pub(super) const CLAIMABLE: &str = "rows.state = 'ready'
    AND (:locations IS NULL OR rows.location_key IN (SELECT value FROM json_each(:locations)))
    AND (rows.phase = 1 OR NOT EXISTS (
        SELECT 1 FROM counts l
        WHERE l.location_key = rows.location_key AND l.phase = 1 AND l.state = 'ready' AND l.rows > 0))
    AND (rows.phase != 3 OR NOT EXISTS (
        SELECT 1 FROM keys k JOIN rows u ON u.row_id = k.row_id
        WHERE k.scope = 'user' AND k.value = rows.email AND u.state = 'ready'))";

/// For which rows a phase looks ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowsAhead {
    /// Those that a run is going to claim.
    Claimed,
    /// Those that are not done, for a plan.
    Open,
    /// Those that are done, for a check.
    Done,
}

impl RowsAhead {
    /// As a condition on `rows`, with the parameter `:locations`.
    pub(super) fn condition(self) -> String {
        if self == RowsAhead::Claimed {
            return CLAIMABLE.to_owned();
        }
        let states = self.states();
        format!(
            "rows.state IN ({states})
             AND (:locations IS NULL OR rows.location_key IN (SELECT value FROM json_each(:locations)))"
        )
    }

    /// Their states, as a list of SQL.
    const fn states(self) -> &'static str {
        match self {
            RowsAhead::Claimed => "'ready', 'running'",
            RowsAhead::Open => "'ready', 'running', 'pending'",
            RowsAhead::Done => "'success'",
        }
    }
}

/// What a user row must be to give calling.
pub(super) const GIVES_CALLING: &str = "json_extract(rows.cells, '$.calling_enabled') IS NOT 'false'";

/// Look-ups that the ready rows of a phase will ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LookupsAhead {
    /// Rows that are going to be claimed, as far as counted.
    pub rows: u32,
    /// Those of them for which no other row of the file knows the person's id.
    pub unknown_people: u32,
}

/// Counts the rows of a phase that are ahead, up to a limit.
pub fn lookups_ahead(
    connection: &Connection,
    ahead: RowsAhead,
    phase: Phase,
    selection: &Selection,
    limit: u32,
) -> Result<LookupsAhead, StoreError> {
    let condition = ahead.condition();
    let sql = format!(
        "SELECT count(*), coalesce(sum(NOT known), 0) FROM (
             SELECT phase = 3 AND EXISTS (
                        SELECT 1 FROM keys k JOIN gives g ON g.row_id = k.row_id AND g.fact = 'calling'
                        WHERE k.scope = 'user' AND k.value = rows.email) AS known
             FROM rows WHERE phase = :phase AND {condition} LIMIT :limit)"
    );
    let parameters = named_params! {
        ":phase": phase.number(), ":locations": selection.parameter(), ":limit": limit,
    };
    let count = |row: &rusqlite::Row<'_>| Ok(LookupsAhead { rows: row.get(0)?, unknown_people: row.get(1)? });
    Ok(connection.prepare_cached(&sql)?.query_row(parameters, count)?)
}

/// How many people, up to a limit, have calling in this job but hold nothing in the list of numbers, and have an
/// assignment row ahead.
pub fn unseen_lines(connection: &Connection, reading: Reading, limit: u32) -> Result<u32, StoreError> {
    let sql = "SELECT count(*) FROM (
        SELECT 1 FROM rows a JOIN keys k ON k.scope = 'user' AND k.value = a.email
             JOIN rows u ON u.row_id = k.row_id JOIN gives g ON g.row_id = k.row_id AND g.fact = 'calling'
        WHERE a.phase = 3 AND a.state = 'ready'
          AND NOT EXISTS (SELECT 1 FROM seen_numbers n
                          WHERE n.reading = :reading AND n.owner_id = canonical_id(u.remote_id))
        LIMIT :limit)";
    let parameters = named_params! { ":reading": reading.number(), ":limit": limit };
    Ok(connection.prepare_cached(sql)?.query_row(parameters, |row| row.get(0))?)
}

/// The extensions that the user rows of a location which are ahead will give, in order.
pub fn planned_extensions(
    connection: &Connection,
    ahead: RowsAhead,
    location_key: &str,
) -> Result<Vec<Extension>, StoreError> {
    let states = ahead.states();
    let sql = format!(
        "SELECT json_extract(a.cells, '$.extension') AS extension
         FROM rows INDEXED BY users_by_location
         JOIN keys k ON k.scope = 'assignment' AND k.value = rows.email JOIN rows a ON a.row_id = k.row_id
         WHERE rows.phase = 2 AND rows.location_key = ?1 AND rows.state IN ({states})
           AND {GIVES_CALLING} AND extension IS NOT NULL"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let planned = statement.query_map([location_key], |row| row.get::<_, String>(0))?;
    let planned: Vec<String> = planned.collect::<Result<_, _>>()?;
    let mut planned: Vec<_> =
        planned.iter().filter_map(|extension| Extension::parse(extension).ok()).collect();
    planned.sort();
    Ok(planned)
}

/// Returns those selected user rows to `ready` that wait for the calling of people whom their settings name, where the
/// row of these people has given it; says how many. They keep their batch, so that they are claimed first.
pub fn resume_waiting(connection: &Connection, selection: &Selection) -> Result<u32, StoreError> {
    let resumed = connection.execute(
        "UPDATE rows SET state = 'ready', reason = NULL, cause = NULL, blocked_by = NULL, updated_at = :now
         WHERE phase = 2 AND state = 'pending'
           AND (:locations IS NULL OR location_key IN (SELECT value FROM json_each(:locations)))
           AND EXISTS (SELECT 1 FROM gives g WHERE g.row_id = rows.blocked_by AND g.fact = 'calling')",
        named_params! { ":now": now(), ":locations": selection.parameter() },
    )?;
    Ok(u32::try_from(resumed).unwrap_or(u32::MAX))
}

/// Which rows go back: pending ones, or drifted ones. Conditions are joined by AND, several reasons or rows by OR.
#[derive(Debug, Clone, Default)]
pub struct PendingFilter {
    /// Reason codes or causes.
    pub reasons: Vec<PendingReason>,
    /// A phase.
    pub phase: Option<Phase>,
    /// Rows by number.
    pub rows: Vec<RowId>,
    /// Canonical keys of locations.
    pub locations: Vec<String>,
    /// A condition on the view `pending_rows`.
    pub condition: Option<String>,
    /// Not pending rows, but those that are a success and of which the last check found something changed or gone.
    pub drifted: bool,
}

/// How many rows of a phase and reason would go back.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RequeueCount {
    /// 1, 2 or 3.
    pub phase: u8,
    /// The reason code; of a row that is a success, what its last check came to.
    pub reason_code: String,
    /// How many.
    pub rows: u32,
}

impl Store {
    /// The canonical key of a location that the file names in any of its ways.
    pub fn canonical_location(&self, reference: &str) -> Result<Option<String>, StoreError> {
        self.read(|connection| {
            if let Some(known) = canonical_key(connection, reference)? {
                return Ok(Some(known));
            }
            // A location outside the file is known by the rows that refer to it.
            let sql = "SELECT location_key FROM rows WHERE location_key = ?1 LIMIT 1";
            Ok(connection.query_row(sql, [reference], |row| row.get(0)).optional()?)
        })
    }

    /// What `requeue` would return to `ready`; changes nothing.
    pub fn preview_requeue(&self, filter: &PendingFilter) -> Result<Vec<RequeueCount>, StoreError> {
        self.read(|connection| {
            choose(connection, filter, with_blocked)?;
            let mut statement = connection.prepare(
                "SELECT phase, coalesce(reason, verdict) AS why, count(*) FROM rows LEFT JOIN checks USING (row_id)
                 WHERE row_id IN (SELECT row_id FROM temp.chosen) GROUP BY phase, why ORDER BY phase, count(*) DESC",
            )?;
            let counts = statement.query_map([], |row| {
                Ok(RequeueCount { phase: row.get(0)?, reason_code: row.get(1)?, rows: row.get(2)? })
            })?;
            Ok(counts.collect::<Result<_, _>>()?)
        })
    }

    /// Returns pending or drifted rows, and the pending ones that are blocked by them, to `ready`. Their history stays.
    pub fn requeue(&self, filter: &PendingFilter) -> Result<u32, StoreError> {
        self.write(|connection| {
            choose(connection, filter, with_blocked)?;
            let drifted = if filter.drifted { return_successes(connection)? } else { 0 };
            Ok(drifted.saturating_add(make_ready(connection, "SELECT row_id FROM temp.chosen")?))
        })
    }

    /// Returns pending rows to `ready`, and no other: the rest is not part of what a run was asked for.
    pub fn retry(&self, filter: &PendingFilter) -> Result<u32, StoreError> {
        self.write(|connection| {
            choose(connection, filter, str::to_owned)?;
            make_ready(connection, "SELECT row_id FROM temp.chosen")
        })
    }
}

/// Puts the chosen rows, and those that come along, into `temp.chosen`.
fn choose(
    connection: &Connection,
    filter: &PendingFilter,
    come_along: impl FnOnce(&str) -> String,
) -> Result<(), StoreError> {
    connection.execute_batch(
        "CREATE TEMP TABLE IF NOT EXISTS chosen (row_id INTEGER PRIMARY KEY); DELETE FROM temp.chosen",
    )?;
    let condition = match &filter.condition {
        Some(condition) => format!("r.row_id IN (SELECT row_id FROM pending_rows WHERE ({condition}))"),
        None => "1".to_owned(),
    };
    let state = match filter.drifted {
        true => "r.row_id IN (SELECT row_id FROM drift)",
        false => "r.state = 'pending'",
    };
    let chosen = format!(
        "SELECT r.row_id FROM rows r WHERE {state} AND {condition}
                AND (:reasons IS NULL OR r.reason IN (SELECT value FROM json_each(:reasons))
                                      OR r.cause IN (SELECT value FROM json_each(:reasons)))
                AND (:phase IS NULL OR r.phase = :phase)
                AND (:rows IS NULL OR r.row_id IN (SELECT value FROM json_each(:rows)))
                AND (:locations IS NULL OR r.location_key IN (SELECT value FROM json_each(:locations)))"
    );
    let sql = format!("INSERT INTO temp.chosen {}", come_along(&chosen));
    let reasons: Vec<&str> = filter.reasons.iter().map(|reason| reason.as_str()).collect();
    let rows: Vec<u32> = filter.rows.iter().map(|row| row.get()).collect();
    let mut statement = connection.prepare(&sql).map_err(|error| match &filter.condition {
        Some(condition) => {
            StoreError::BadCondition { condition: condition.clone(), error: error.to_string() }
        }
        None => error.into(),
    })?;
    statement.execute(named_params! {
        ":reasons": (!reasons.is_empty()).then(|| json(&reasons)),
        ":phase": filter.phase.map(Phase::number),
        ":rows": (!rows.is_empty()).then(|| json(&rows)),
        ":locations": (!filter.locations.is_empty()).then(|| json(&filter.locations)),
    })?;
    Ok(())
}

/// Puts rows into `temp.noted`, in place of those that are there.
pub(super) fn note_rows(connection: &Connection, rows: &[RowId]) -> Result<(), StoreError> {
    connection.execute_batch(
        "CREATE TEMP TABLE IF NOT EXISTS noted (row_id INTEGER PRIMARY KEY); DELETE FROM temp.noted",
    )?;
    let mut insert = connection.prepare("INSERT OR IGNORE INTO temp.noted (row_id) VALUES (?1)")?;
    for row_id in rows {
        insert.execute([row_id.get()])?;
    }
    Ok(())
}

/// Returns to `ready` what waits for rows that mean something else now: the rows blocked by them, those that lacked what
/// such a row states, and the users whose line such a row states (R2), whatever they are pending for.
pub(super) fn wake_dependents(connection: &Connection, rows: &[RowId]) -> Result<u32, StoreError> {
    note_rows(connection, rows)?;
    let of_phase = |column: &str, phase: &str| {
        format!("SELECT n.{column} FROM temp.noted JOIN rows n USING (row_id) WHERE n.phase {phase}")
    };
    let (places, people, lines) =
        (of_phase("location_key", "= 1"), of_phase("email", "> 1"), of_phase("email", "= 3"));
    let come = with_blocked(&format!(
        "SELECT row_id FROM temp.noted
         UNION
         SELECT w.row_id FROM rows w WHERE w.state = 'pending' AND (
             (w.phase > 1 AND w.cause = 'precondition_missing' AND w.blocked_by IS NULL
              AND (w.location_key IN ({places}) OR w.email IN ({people})))
             OR (w.phase = 2 AND w.email IN ({lines})))"
    ));
    make_ready(connection, &come)
}

/// The rows of a query and, one behind the other, the pending rows that are blocked by them.
pub(super) fn with_blocked(rows: &str) -> String {
    format!(
        "WITH RECURSIVE come (row_id) AS (
             {rows}
             UNION
             SELECT b.row_id FROM come c JOIN rows b ON b.blocked_by = c.row_id AND b.state = 'pending')
         SELECT row_id FROM come"
    )
}

/// Returns those of the rows of a query that are pending to `ready`; says how many. Their history stays.
pub(super) fn make_ready(connection: &Connection, rows: &str) -> Result<u32, StoreError> {
    let returned = connection.execute(
        &format!(
            "UPDATE rows SET state = 'ready', batch = NULL, reason = NULL, cause = NULL, blocked_by = NULL, updated_at = ?1
             WHERE state = 'pending' AND row_id IN ({rows})"
        ),
        [now()],
    )?;
    Ok(u32::try_from(returned).unwrap_or(u32::MAX))
}

/// Returns those of the chosen rows that are a success to `ready`; with that, their checks are forgotten.
fn return_successes(connection: &Connection) -> Result<u32, StoreError> {
    let returned = connection.execute(
        "UPDATE rows SET state = 'ready', batch = NULL, updated_at = ?1
         WHERE state = 'success' AND row_id IN (SELECT row_id FROM temp.chosen)",
        [now()],
    )?;
    Ok(u32::try_from(returned).unwrap_or(u32::MAX))
}

fn json(values: &(impl serde::Serialize + ?Sized)) -> String {
    serde_json::to_string(values).unwrap_or_default()
}
