//! What the last check of each row that is a success found.

use rusqlite::{Connection, Row, params};

use super::plans::DifferenceReport;
use super::surveys::{self, Kind, SurveyFacts, SurveyReport, json, row_id};
use super::{Store, StoreError, now};
use crate::domain::{EntityType, RowCheck, RowState, Verdict};

/// What the stored checks say, but for the rows one by one.
#[derive(Debug, Clone, serde::Serialize)]
pub struct CheckReport {
    /// How the survey of Webex went.
    #[serde(flatten)]
    pub survey: SurveyReport,
    /// Rows of its scope that are a success, now.
    pub rows_success: u32,
    /// Those of them that it checked.
    pub rows_checked: u32,
    /// Every phase that has checked rows, in order.
    pub phases: Vec<PhaseCheck>,
}

/// How many rows of a phase were found how.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct PhaseCheck {
    /// 1, 2 or 3.
    pub phase: u8,
    /// What its rows are.
    pub entity_type: String,
    /// As they state it.
    pub in_place: u32,
    /// Otherwise.
    pub drifted: u32,
    /// Gone.
    pub missing: u32,
    /// Webex did not tell.
    pub unknown: u32,
}

/// One checked row that was not found in place, as it is told.
#[derive(Debug, Clone, serde::Serialize)]
pub struct CheckedRow {
    /// Its number.
    pub row_id: u32,
    /// 1, 2 or 3.
    pub phase: u8,
    /// What it is.
    pub entity_type: String,
    /// Its key.
    pub entity_key: String,
    /// Its location's key.
    pub location_key: String,
    /// What it comes to: `drifted`, `missing` or `unknown`.
    pub verdict: String,
    /// What is otherwise; for something that is gone, what it was.
    pub differences: Vec<DifferenceReport>,
    /// What the check met, in words.
    pub message: Option<String>,
    /// When it was checked.
    pub verified_at: String,
}

/// Notes that a verification begins. What earlier ones found of rows that this one does not look at stays.
pub fn begin_check(connection: &Connection, facts: &SurveyFacts) -> Result<(), StoreError> {
    surveys::begin(connection, Kind::Verify, facts)
}

/// Notes how the verification that was begun ended, with the requests that it took.
pub fn end_check(connection: &Connection, complete: bool, requests: u64) -> Result<(), StoreError> {
    surveys::end(connection, Kind::Verify, complete, requests, "[]")
}

/// Keeps what a check found of a row that is a success, in place of what an earlier one said of it.
pub fn keep_checked(connection: &Connection, check: &RowCheck) -> Result<(), StoreError> {
    let RowCheck { row_id, verdict, differences, message } = check;
    connection.prepare_cached("DELETE FROM check_differences WHERE row_id = ?1")?.execute([row_id.get()])?;
    let kept = connection
        .prepare_cached(
            "INSERT INTO checks (row_id, survey, verdict, message, verified_at)
             SELECT row_id, coalesce((SELECT number FROM surveys WHERE purpose = 'verify'), 0), ?2, ?3, ?4
             FROM rows WHERE row_id = ?1 AND state = 'success'
             ON CONFLICT DO UPDATE SET survey = excluded.survey, verdict = excluded.verdict, message = excluded.message,
                                       verified_at = excluded.verified_at",
        )?
        .execute(params![row_id.get(), verdict.as_str(), message, now()])?;
    if kept != 1 {
        return Err(StoreError::Invariant(format!("row {row_id} is no success: it cannot be checked")));
    }
    let mut insert = connection.prepare_cached(
        "INSERT INTO check_differences (row_id, position, field, expected, found) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for (position, difference) in (1_u32..).zip(differences) {
        insert.execute(params![
            row_id.get(),
            position,
            difference.field,
            difference.wanted,
            difference.found
        ])?;
    }
    Ok(())
}

impl Store {
    /// What the last verification says; `None` before the first.
    pub fn verification(&self) -> Result<Option<CheckReport>, StoreError> {
        self.read(|connection| {
            let Some(survey) = surveys::read(connection, Kind::Verify)? else { return Ok(None) };
            let phases = phases(connection, survey.number)?;
            let locations = (!survey.locations.is_empty()).then(|| json(&survey.locations));
            Ok(Some(CheckReport {
                rows_success: surveys::count_rows(connection, &[RowState::Success], locations.as_deref())?,
                rows_checked: phases.iter().map(PhaseCheck::rows).fold(0, u32::saturating_add),
                phases,
                survey,
            }))
        })
    }
}

impl CheckReport {
    /// Whether it says something of every row of its scope that is a success.
    pub fn is_whole(&self) -> bool {
        self.survey.complete && self.rows_checked >= self.rows_success
    }
}

impl PhaseCheck {
    fn rows(&self) -> u32 {
        [self.in_place, self.drifted, self.missing, self.unknown].into_iter().fold(0, u32::saturating_add)
    }

    fn of(&mut self, verdict: Verdict) -> &mut u32 {
        match verdict {
            Verdict::InPlace => &mut self.in_place,
            Verdict::Drifted => &mut self.drifted,
            Verdict::Missing => &mut self.missing,
            Verdict::Unknown => &mut self.unknown,
        }
    }
}

fn phases(connection: &Connection, survey: i64) -> Result<Vec<PhaseCheck>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT r.phase, c.verdict, count(*) FROM checks c JOIN rows r USING (row_id)
         WHERE c.survey = ?1 GROUP BY r.phase, c.verdict ORDER BY r.phase",
    )?;
    let mut counts = statement.query([survey])?;
    let mut phases: Vec<PhaseCheck> = Vec::new();
    while let Some(count) = counts.next()? {
        let (phase, verdict, rows): (u8, String, u32) = (count.get(0)?, count.get(1)?, count.get(2)?);
        if phases.last().is_none_or(|last| last.phase != phase) {
            let entity = EntityType::ALL.iter().find(|entity| entity.phase().number() == phase);
            let entity_type = entity.map_or_else(String::new, ToString::to_string);
            phases.push(PhaseCheck { phase, entity_type, ..PhaseCheck::default() });
        }
        if let (Some(check), Some(verdict)) = (phases.last_mut(), Verdict::from_text(&verdict)) {
            *check.of(verdict) = rows;
        }
    }
    Ok(phases)
}

/// Walks the rows that the last verification did not find in place, phase by phase and in row order, without holding them.
pub fn walk_checked<E: From<StoreError>>(
    connection: &Connection,
    mut each: impl FnMut(&CheckedRow) -> Result<(), E>,
) -> Result<(), E> {
    let read = || -> Result<_, StoreError> {
        let rows = connection.prepare(
            "SELECT c.row_id, r.phase, r.entity_type, r.entity_key, r.location_key, c.verdict, c.message, c.verified_at
             FROM checks c JOIN rows r USING (row_id)
             WHERE c.verdict != 'in_place' AND c.survey = (SELECT number FROM surveys WHERE purpose = 'verify')
             ORDER BY r.phase, c.row_id",
        )?;
        let differences = connection.prepare(
            "SELECT field, expected, found FROM check_differences WHERE row_id = ?1 ORDER BY position",
        )?;
        Ok((rows, differences))
    };
    let (mut rows, mut differences) = read()?;
    let mut rows = rows.query([]).map_err(StoreError::from)?;
    while let Some(row) = rows.next().map_err(StoreError::from)? {
        let mut checked = checked_row(row).map_err(StoreError::from)?;
        let found = differences.query_map([checked.row_id], difference).map_err(StoreError::from)?;
        checked.differences = found.collect::<Result<_, _>>().map_err(StoreError::from)?;
        each(&checked)?;
    }
    Ok(())
}

fn checked_row(row: &Row<'_>) -> rusqlite::Result<CheckedRow> {
    Ok(CheckedRow {
        row_id: row_id(row)?,
        phase: row.get("phase")?,
        entity_type: row.get("entity_type")?,
        entity_key: row.get("entity_key")?,
        location_key: row.get("location_key")?,
        verdict: row.get("verdict")?,
        differences: Vec::new(),
        message: row.get("message")?,
        verified_at: row.get("verified_at")?,
    })
}

fn difference(row: &Row<'_>) -> rusqlite::Result<DifferenceReport> {
    Ok(DifferenceReport {
        field: row.get("field")?,
        expected: row.get("expected")?,
        found: row.get("found")?,
    })
}
