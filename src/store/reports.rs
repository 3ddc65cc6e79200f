//! Typed reads of the views, for `status` and the files.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row};

use super::columns::typed;
use super::pace::{self, PaceReport};
use super::selection::GIVES_CALLING;
use super::{Store, StoreError};
use crate::domain::{EntityType, Extension, LicenseChoice, RowState};

/// Where the rows of one phase stand.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct PhaseProgress {
    /// 1, 2 or 3.
    pub phase: u8,
    /// What its rows are.
    pub entity_type: String,
    /// All rows of the job.
    pub total: u32,
    /// Waiting.
    pub ready: u32,
    /// Being worked on.
    pub running: u32,
    /// Done.
    pub success: u32,
    /// Waiting for the operator.
    pub pending: u32,
    /// Taken out of the job on purpose; not in the total.
    pub dropped: u32,
}

/// How many rows share a reason, and what to do about them.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ReasonCount {
    /// `pending` or `rejected`.
    pub state: String,
    /// The phase of the rows, when it can be told.
    pub phase: Option<u8>,
    /// The reason code.
    pub reason_code: String,
    /// What stopped a half-applied row.
    pub cause: Option<String>,
    /// How many.
    pub rows: u32,
    /// What to do.
    pub hint: Option<String>,
    /// The message of one of them.
    pub example: Option<String>,
}

/// The last run.
#[derive(Debug, Clone, serde::Serialize)]
pub struct RunReport {
    /// Its number.
    pub run_id: i64,
    /// When it began.
    pub started_at: String,
    /// When it ended; none while it goes on, or after a kill.
    pub ended_at: Option<String>,
    /// How it ended.
    pub ended_by: Option<String>,
    /// Rows it finished.
    pub rows_finished: u32,
    /// Rows finished in the last whole minute of work.
    pub rows_last_minute: u32,
}

/// All that `status` tells.
#[derive(Debug, Clone, serde::Serialize)]
pub struct StatusReport {
    /// The SHA-256 of the latest input.
    pub input_hash: String,
    /// Its path.
    pub input_path: String,
    /// Rejected rows.
    pub rejected: u32,
    /// Rows taken out of the job on purpose.
    pub dropped: u32,
    /// One entry a phase that has rows.
    pub phases: Vec<PhaseProgress>,
    /// How many locations have all their rows done, and how many there are.
    pub sites_done: u32,
    /// Locations with rows.
    pub sites: u32,
    /// Reasons of rejected and pending rows.
    pub reasons: Vec<ReasonCount>,
    /// The last run.
    pub run: Option<RunReport>,
    /// Its pace.
    pub pace: Option<PaceReport>,
}

impl Store {
    /// The users who are to have calling and are not done, in row order: the row's key and the licence that it names.
    pub fn users_to_enable(
        &self,
        mut each: impl FnMut(String, Option<LicenseChoice>),
    ) -> Result<(), StoreError> {
        self.read(|connection| {
            let sql = format!(
                "SELECT entity_key, json_extract(cells, '$.calling_license') FROM rows
                 WHERE phase = 2 AND state IN ('ready', 'running') AND {GIVES_CALLING} ORDER BY row_id"
            );
            let mut statement = connection.prepare(&sql)?;
            let mut users = statement.query([])?;
            while let Some(user) = users.next()? {
                let licence: Option<String> = user.get(1)?;
                each(user.get(0)?, licence.and_then(|text| LicenseChoice::parse(&text).ok()));
            }
            Ok(())
        })
    }

    /// How many assignments that are not done state an extension with more digits than most organisations allow.
    pub fn long_extensions(&self) -> Result<u32, StoreError> {
        self.read(|connection| {
            let sql = format!(
                "SELECT count(*) FROM rows WHERE phase = 3 AND state IN ('ready', 'running')
                 AND length(json_extract(cells, '$.extension')) > {}",
                Extension::LONGEST_USUAL
            );
            Ok(connection.query_row(&sql, [], |row| row.get(0))?)
        })
    }

    /// All that `status` tells, of one moment. `None` before the first ingest.
    pub fn status(&self) -> Result<Option<StatusReport>, StoreError> {
        let Some(input) = self.latest_input()? else { return Ok(None) };
        self.read(|connection| {
            let standing = standing(connection)?;
            Ok(Some(StatusReport {
                input_hash: input.hash,
                input_path: input.path,
                rejected: standing.rejected,
                dropped: standing.dropped,
                phases: standing.phases,
                sites_done: standing.sites_done,
                sites: standing.sites,
                reasons: reasons(connection)?,
                run: last_run(connection)?,
                pace: pace::pace(connection)?,
            }))
        })
    }

    /// Where the rows of each phase stand.
    pub fn progress(&self) -> Result<Vec<PhaseProgress>, StoreError> {
        self.read(|connection| Ok(standing(connection)?.phases))
    }
}

/// What the counts say.
#[derive(Debug, Default)]
struct Standing {
    phases: Vec<PhaseProgress>,
    rejected: u32,
    dropped: u32,
    sites: u32,
    sites_done: u32,
}

/// Adds up the counts in one pass: those of a location follow one another. The views `progress` and `sites` say the same,
/// each with a pass of its own.
fn standing(connection: &Connection) -> Result<Standing, StoreError> {
    let mut statement = connection.prepare(
        "SELECT location_key, phase, state, rows FROM counts WHERE rows > 0 ORDER BY location_key, phase, state",
    )?;
    let mut counts = statement.query([])?;
    let mut standing = Standing::default();
    let mut site: Option<(String, bool)> = None;
    while let Some(count) = counts.next()? {
        let (phase, rows): (u8, u32) = (count.get("phase")?, count.get("rows")?);
        let state: RowState = typed(count, "state")?;
        if state == RowState::Rejected {
            standing.rejected = standing.rejected.saturating_add(rows);
            continue;
        }
        if phase > 0 {
            standing.add(phase, state, rows);
        }
        if state == RowState::Dropped {
            standing.dropped = standing.dropped.saturating_add(rows);
            continue;
        }
        let key = count.get_ref("location_key")?.as_str().map_err(rusqlite::Error::from)?;
        match &mut site {
            Some((known, done)) if known == key => *done &= state == RowState::Success,
            _ => {
                standing.end_site(site.replace((key.to_owned(), state == RowState::Success)));
            }
        }
    }
    standing.end_site(site);
    standing.phases.sort_by_key(|progress| progress.phase);
    Ok(standing)
}

impl Standing {
    fn add(&mut self, phase: u8, state: RowState, rows: u32) {
        let at = self.phases.iter().position(|known| known.phase == phase).unwrap_or(self.phases.len());
        if at == self.phases.len() {
            let entity = EntityType::ALL.iter().find(|entity| entity.phase().number() == phase);
            let entity_type = entity.map_or_else(String::new, ToString::to_string);
            self.phases.push(PhaseProgress { phase, entity_type, ..PhaseProgress::default() });
        }
        let Some(progress) = self.phases.get_mut(at) else { return };
        if state != RowState::Dropped {
            progress.total = progress.total.saturating_add(rows);
        }
        let part = match state {
            RowState::Ready => &mut progress.ready,
            RowState::Running => &mut progress.running,
            RowState::Success => &mut progress.success,
            RowState::Pending => &mut progress.pending,
            RowState::Dropped => &mut progress.dropped,
            RowState::Rejected => return,
        };
        *part = part.saturating_add(rows);
    }

    fn end_site(&mut self, site: Option<(String, bool)>) {
        if let Some((_, done)) = site {
            self.sites = self.sites.saturating_add(1);
            self.sites_done = self.sites_done.saturating_add(u32::from(done));
        }
    }
}

fn reasons(connection: &Connection) -> Result<Vec<ReasonCount>, StoreError> {
    collect(
        connection,
        "SELECT state, phase, reason_code, cause, rows, hint, example FROM reasons ORDER BY state, phase, rows DESC",
        |row| {
            Ok(ReasonCount {
                state: row.get(0)?,
                phase: row.get(1)?,
                reason_code: row.get(2)?,
                cause: row.get(3)?,
                rows: row.get(4)?,
                hint: row.get(5)?,
                example: row.get(6)?,
            })
        },
    )
}

fn last_run(connection: &Connection) -> Result<Option<RunReport>, StoreError> {
    let found = connection
        .query_row(
            "SELECT run_id, started_at, ended_at, ended_by,
                    (SELECT coalesce(max(outcome_id), 0) FROM outcomes) - outcomes_before
             FROM runs ORDER BY run_id DESC LIMIT 1",
            [],
            |row| {
                Ok(RunReport {
                    run_id: row.get(0)?,
                    started_at: row.get(1)?,
                    ended_at: row.get(2)?,
                    ended_by: row.get(3)?,
                    rows_finished: row.get(4)?,
                    rows_last_minute: 0,
                })
            },
        )
        .optional()?;
    let Some(mut run) = found else { return Ok(None) };
    run.rows_last_minute = rows_last_minute(connection, run.rows_finished)?;
    Ok(Some(run))
}

/// How many of the last `rows` outcomes came within a minute of the last one. Read from the end, so that it costs a
/// minute of work and not the whole run.
fn rows_last_minute(connection: &Connection, rows: u32) -> Result<u32, StoreError> {
    let mut statement = connection.prepare(
        "SELECT at >= (SELECT strftime('%Y-%m-%dT%H:%M:%fZ', at, '-60 seconds') FROM outcomes ORDER BY outcome_id DESC LIMIT 1)
         FROM outcomes ORDER BY outcome_id DESC LIMIT ?1",
    )?;
    let mut recent = statement.query([rows])?;
    let mut count: u32 = 0;
    while let Some(row) = recent.next()? {
        if !row.get::<_, bool>(0)? {
            break;
        }
        count = count.saturating_add(1);
    }
    Ok(count)
}

fn collect<T>(
    connection: &Connection,
    sql: &str,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Walks the rows of a query as text, NULL as `None`, without holding them.
pub fn walk<E: From<StoreError>>(
    connection: &Connection,
    sql: &str,
    mut each: impl FnMut(&[Option<String>]) -> Result<(), E>,
) -> Result<(), E> {
    let mut statement = connection.prepare(sql).map_err(StoreError::from)?;
    let width = statement.column_count();
    let mut cells: Vec<Option<String>> = Vec::with_capacity(width);
    let mut rows = statement.query([]).map_err(StoreError::from)?;
    while let Some(row) = rows.next().map_err(StoreError::from)? {
        cells.clear();
        for index in 0..width {
            cells.push(text_of(row.get_ref(index).map_err(StoreError::from)?));
        }
        each(&cells)?;
    }
    Ok(())
}

/// The columns of a query.
pub fn columns_of(connection: &Connection, sql: &str) -> Result<Vec<String>, StoreError> {
    let statement = connection.prepare(sql)?;
    Ok(statement.column_names().into_iter().map(str::to_owned).collect())
}

fn text_of(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Text(text) | ValueRef::Blob(text) => Some(String::from_utf8_lossy(text).into_owned()),
    }
}
