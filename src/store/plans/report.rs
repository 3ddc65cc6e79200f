//! What the stored plan says, read back.

use rusqlite::{Connection, Row};

use crate::domain::{Difference, Effect, EntityType, RowState};
use crate::store::surveys::{self, Kind, SurveyReport, json, row_id};
use crate::store::{Store, StoreError, pace};

/// How many locations and groups of rows a report names one by one: its size does not grow with the rows.
const NAMED: u32 = 50;

/// States of rows that a plan is about: they are not done.
const OPEN: [RowState; 2] = [RowState::Ready, RowState::Pending];

/// Which of the reasons that planned rows are blocked for is meant, where the reason code alone does not tell: the words of
/// the messages are those of the runner.
const KIND_OF_BLOCK: &str = "CASE WHEN p.blocked_by IS NOT NULL THEN 'waits'
         WHEN p.message LIKE 'no unit of the licence%' THEN 'no_licence'
         WHEN p.message LIKE '%has no PSTN connection%' THEN 'no_pstn'
         ELSE p.cause END";

/// What the stored plan says, but for the rows one by one.
#[derive(Debug, Clone, serde::Serialize)]
pub struct PlanReport {
    /// How the survey of Webex went.
    #[serde(flatten)]
    pub survey: SurveyReport,
    /// Rows of its scope that are not done, now.
    pub rows_open: u32,
    /// Rows that were looked at.
    pub rows_planned: u32,
    /// Every phase that has planned rows, in order.
    pub phases: Vec<PhasePlan>,
    /// People who would be given calling.
    pub people_enabled: u32,
    /// Numbers that would be added to locations.
    pub numbers_to_add: u32,
    /// Where they would be added; the first fifty locations by number.
    pub numbers_by_location: Vec<LocationCount>,
    /// Rows that are blocked since their location has no PSTN; the first fifty locations by number of rows.
    pub without_pstn: Vec<LocationCount>,
    /// Why rows are blocked; the most frequent reasons first.
    pub blocked: Vec<BlockedRows>,
    /// Look-ups that a run would make: those of single rows, and the pages of the lists that the survey read.
    pub reads: u64,
    /// Writes that a run would send.
    pub writes: u64,
    /// Requests a second that Webex let through when that was last met; none while no limit was met.
    pub learnt_per_second: Option<f64>,
    /// Where a run would begin; none when there is no row that it could complete.
    pub first: Option<FirstRow>,
}

/// How many rows of a phase come to what.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct PhasePlan {
    /// 1, 2 or 3.
    pub phase: u8,
    /// What its rows are.
    pub entity_type: String,
    /// All planned rows.
    pub rows: u32,
    /// Locations that would be created.
    pub create: u32,
    /// Rows of which something would be changed.
    pub update: u32,
    /// Locations that would be enabled, people who would be given calling.
    pub enable: u32,
    /// People who would be given a line.
    pub assign: u32,
    /// Rows that want nothing that is not so.
    pub same: u32,
    /// Rows that cannot be completed as things stand.
    pub blocked: u32,
}

/// A count for one location.
#[derive(Debug, Clone, serde::Serialize)]
pub struct LocationCount {
    /// Its key.
    pub location_key: String,
    /// How many.
    pub count: u32,
}

/// Rows that are blocked for one reason.
#[derive(Debug, Clone, serde::Serialize)]
pub struct BlockedRows {
    /// `waits` for another row, `no_licence`, `no_pstn`, or else the reason code.
    pub kind: String,
    /// How many.
    pub rows: u32,
    /// The first of them.
    pub first_row: u32,
    /// Its key.
    pub first_key: String,
    /// What blocks it.
    pub first_message: String,
}

/// The first row that a run could complete.
#[derive(Debug, Clone, serde::Serialize)]
pub struct FirstRow {
    /// Its location.
    pub location_key: String,
    /// Whether it is pending, so that a run has to be told to try it again.
    pub pending: bool,
    /// Whether a run would send a write for it.
    pub writes: bool,
}

/// One planned row as it is told.
#[derive(Debug, Clone, serde::Serialize)]
pub struct PlannedRow {
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
    /// What it comes to.
    #[serde(serialize_with = "as_text")]
    pub effect: Effect,
    /// The writes, in order.
    pub writes: Vec<WriteReport>,
    /// The step that stops it.
    pub stopped_at: Option<String>,
    /// The reason code of what stops it.
    pub cause: Option<String>,
    /// What stops it, in words.
    pub message: Option<String>,
    /// The row that it waits for.
    pub blocked_by: Option<u32>,
}

/// One planned write as it is told.
#[derive(Debug, Clone, serde::Serialize)]
pub struct WriteReport {
    /// The step that it belongs to.
    pub step: String,
    /// The request.
    pub operation: String,
    /// What it does, in words.
    pub words: String,
    /// The values that it changes.
    pub differences: Vec<DifferenceReport>,
}

/// A value that is not as a row wants it, as it is told.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct DifferenceReport {
    /// The column without its prefix, or what it is about.
    pub field: String,
    /// What the row states.
    pub expected: String,
    /// What Webex shows; empty when it shows nothing.
    pub found: String,
}

impl From<&Difference> for DifferenceReport {
    fn from(difference: &Difference) -> DifferenceReport {
        let Difference { field, found, wanted } = difference;
        DifferenceReport { field: field.clone(), expected: wanted.clone(), found: found.clone() }
    }
}

fn as_text<S: serde::Serializer>(effect: &Effect, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(effect.as_str())
}

impl Store {
    /// What the stored plan says; `None` before the first.
    pub fn plan(&self) -> Result<Option<PlanReport>, StoreError> {
        self.read(|connection| {
            let Some(survey) = surveys::read(connection, Kind::Plan)? else { return Ok(None) };
            report(connection, survey).map(Some)
        })
    }
}

/// Walks the planned rows, or those that come to one effect, phase by phase and in row order, without holding them.
pub fn walk_planned<E: From<StoreError>>(
    connection: &Connection,
    only: Option<Effect>,
    mut each: impl FnMut(&PlannedRow) -> Result<(), E>,
) -> Result<(), E> {
    let read = || -> Result<_, StoreError> {
        let rows = connection.prepare(
            "SELECT p.row_id, p.phase, r.entity_type, r.entity_key, p.location_key, p.effect, p.step, p.cause, p.message,
                    p.blocked_by
             FROM planned_rows p JOIN rows r USING (row_id) WHERE ?1 IS NULL OR p.effect = ?1 ORDER BY p.phase, p.row_id",
        )?;
        let writes = connection.prepare(
            "SELECT step, operation, words, differences FROM planned_writes WHERE row_id = ?1 ORDER BY position",
        )?;
        Ok((rows, writes))
    };
    let (mut rows, mut writes) = read()?;
    let mut rows = rows.query([only.map(Effect::as_str)]).map_err(StoreError::from)?;
    while let Some(row) = rows.next().map_err(StoreError::from)? {
        let mut planned = planned_row(row).map_err(StoreError::from)?;
        let found = writes.query_map([planned.row_id], planned_write).map_err(StoreError::from)?;
        planned.writes = found.collect::<Result<_, _>>().map_err(StoreError::from)?;
        each(&planned)?;
    }
    Ok(())
}

fn planned_row(row: &Row<'_>) -> rusqlite::Result<PlannedRow> {
    let effect: String = row.get("effect")?;
    Ok(PlannedRow {
        row_id: row_id(row)?,
        phase: row.get("phase")?,
        entity_type: row.get("entity_type")?,
        entity_key: row.get("entity_key")?,
        location_key: row.get("location_key")?,
        effect: Effect::from_text(&effect).ok_or(rusqlite::Error::InvalidQuery)?,
        writes: Vec::new(),
        stopped_at: row.get("step")?,
        cause: row.get("cause")?,
        message: row.get("message")?,
        blocked_by: row.get("blocked_by")?,
    })
}

fn planned_write(row: &Row<'_>) -> rusqlite::Result<WriteReport> {
    let differences: String = row.get("differences")?;
    Ok(WriteReport {
        step: row.get("step")?,
        operation: row.get("operation")?,
        words: row.get("words")?,
        differences: serde_json::from_str(&differences).unwrap_or_default(),
    })
}

fn report(connection: &Connection, survey: SurveyReport) -> Result<PlanReport, StoreError> {
    let phases = phases(connection)?;
    let locations = (!survey.locations.is_empty()).then(|| json(&survey.locations));
    let one = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, u32>(0));
    let (reads, writes) = cost(connection, &survey.begun_at)?;
    Ok(PlanReport {
        rows_open: surveys::count_rows(connection, &OPEN, locations.as_deref())?,
        rows_planned: phases.iter().map(|phase| phase.rows).fold(0, u32::saturating_add),
        phases,
        people_enabled: one("SELECT count(*) FROM planned_rows WHERE phase = 2 AND effect = 'enable'")?,
        numbers_to_add: one("SELECT coalesce(sum(numbers), 0) FROM planned_writes")?,
        numbers_by_location: by_location(
            connection,
            "SELECT p.location_key, sum(w.numbers) FROM planned_writes w JOIN planned_rows p USING (row_id)
             WHERE w.numbers > 0 GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ?1",
        )?,
        without_pstn: by_location(
            connection,
            &format!(
                "SELECT p.location_key, count(*) FROM planned_rows p WHERE p.effect = 'blocked' AND {KIND_OF_BLOCK} = 'no_pstn'
                 GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ?1"
            ),
        )?,
        blocked: blocked(connection)?,
        reads,
        writes,
        learnt_per_second: pace::pace(connection)?.and_then(|pace| pace.per_second),
        first: first(connection)?,
        survey,
    })
}

fn phases(connection: &Connection) -> Result<Vec<PhasePlan>, StoreError> {
    let mut statement = connection
        .prepare("SELECT phase, effect, count(*) FROM planned_rows GROUP BY phase, effect ORDER BY phase")?;
    let mut counts = statement.query([])?;
    let mut phases: Vec<PhasePlan> = Vec::new();
    while let Some(count) = counts.next()? {
        let (phase, effect, rows): (u8, String, u32) = (count.get(0)?, count.get(1)?, count.get(2)?);
        if phases.last().is_none_or(|last| last.phase != phase) {
            let entity = EntityType::ALL.iter().find(|entity| entity.phase().number() == phase);
            let entity_type = entity.map_or_else(String::new, ToString::to_string);
            phases.push(PhasePlan { phase, entity_type, ..PhasePlan::default() });
        }
        let (Some(plan), Some(effect)) = (phases.last_mut(), Effect::from_text(&effect)) else { continue };
        plan.rows = plan.rows.saturating_add(rows);
        *plan.of(effect) = rows;
    }
    Ok(phases)
}

impl PlanReport {
    /// Whether it says something of every row of its scope that is not done.
    pub fn is_whole(&self) -> bool {
        self.survey.complete && self.rows_planned >= self.rows_open
    }
}

impl PhasePlan {
    fn of(&mut self, effect: Effect) -> &mut u32 {
        match effect {
            Effect::Create => &mut self.create,
            Effect::Update => &mut self.update,
            Effect::Enable => &mut self.enable,
            Effect::Assign => &mut self.assign,
            Effect::Same => &mut self.same,
            Effect::Blocked => &mut self.blocked,
        }
    }
}

fn by_location(connection: &Connection, sql: &str) -> Result<Vec<LocationCount>, StoreError> {
    let mut statement = connection.prepare(sql)?;
    let counts = statement
        .query_map([NAMED], |row| Ok(LocationCount { location_key: row.get(0)?, count: row.get(1)? }))?;
    Ok(counts.collect::<Result<_, _>>()?)
}

fn blocked(connection: &Connection) -> Result<Vec<BlockedRows>, StoreError> {
    let sql = format!(
        "WITH blocked AS (
             SELECT {KIND_OF_BLOCK} AS kind, count(*) AS rows, min(p.row_id) AS first
             FROM planned_rows p WHERE p.effect = 'blocked' GROUP BY 1)
         SELECT coalesce(b.kind, '') AS kind, b.rows, r.row_id, r.entity_key, coalesce(p.message, '') AS message
         FROM blocked b JOIN rows r ON r.row_id = b.first JOIN planned_rows p ON p.row_id = b.first
         ORDER BY b.rows DESC, b.first LIMIT ?1"
    );
    let mut statement = connection.prepare(&sql)?;
    let groups = statement.query_map([NAMED], |row| {
        Ok(BlockedRows {
            kind: row.get("kind")?,
            rows: row.get("rows")?,
            first_row: row_id(row)?,
            first_key: row.get("entity_key")?,
            first_message: row.get("message")?,
        })
    })?;
    Ok(groups.collect::<Result<_, _>>()?)
}

/// The reads and the writes of a run. Lists that the survey read whole are read by a run too.
fn cost(connection: &Connection, begun_at: &str) -> Result<(u64, u64), StoreError> {
    let sql = "SELECT coalesce(sum(reads), 0)
                      + (SELECT coalesce(sum(pages), 0) FROM lists WHERE complete = 1 AND read_at >= ?1) AS reads,
                      coalesce(sum(writes), 0) AS writes
               FROM planned_rows";
    Ok(connection.query_row(sql, [begun_at], |row| {
        Ok((row.get::<_, i64>("reads")?.unsigned_abs(), row.get::<_, i64>("writes")?.unsigned_abs()))
    })?)
}

/// The first row that is still open and not blocked: one with writes before one without, one that is ready before one that
/// is pending.
fn first(connection: &Connection) -> Result<Option<FirstRow>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT p.location_key, r.state = 'pending' AS pending, p.effect != 'same' AS writes
         FROM planned_rows p JOIN rows r USING (row_id)
         WHERE p.effect != 'blocked' AND r.state IN ('ready', 'running', 'pending')
         ORDER BY writes DESC, pending, p.row_id LIMIT 1",
    )?;
    let mut rows = statement.query_map([], |row| {
        Ok(FirstRow {
            location_key: row.get("location_key")?,
            pending: row.get("pending")?,
            writes: row.get("writes")?,
        })
    })?;
    Ok(rows.next().transpose()?)
}
