//! What the last run learnt of the limit that Webex sets, so that the next one starts with it.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use super::{Store, StoreError, now, time_stamp};

/// A rate older than this says nothing any more: whoever else used the limit may be gone, or have come.
const FRESH: Duration = Duration::from_secs(3_600);

/// So far a clock that is corrected now and then may go back between two runs.
const CORRECTION: Duration = Duration::from_secs(60);

/// The pace of a run.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct PaceReport {
    /// Requests a second that Webex lets through; none while no limit was met.
    pub per_second: Option<f64>,
    /// Requests of the run.
    pub requests: u64,
    /// Of these, refused for pace (429).
    pub refused: u64,
    /// Until when everybody waits, if it is not past.
    pub waiting_until: Option<String>,
    /// When this was known.
    pub updated_at: String,
}

/// Keeps the pace of a run; `paused_for` is what is left of a pause of everybody.
pub fn keep_pace(
    connection: &Connection,
    per_second: Option<f64>,
    requests: u64,
    refused: u64,
    paused_for: Option<Duration>,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO pace (only_one, per_second, requests, refused, waiting_until, updated_at) VALUES (1, ?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET per_second = excluded.per_second, requests = excluded.requests, refused = excluded.refused,
                                       waiting_until = excluded.waiting_until, updated_at = excluded.updated_at",
        )?
        .execute(params![
            per_second,
            i64::try_from(requests).unwrap_or(i64::MAX),
            i64::try_from(refused).unwrap_or(i64::MAX),
            paused_for.map(|left| time_stamp(jiff::Timestamp::now().saturating_add(left).unwrap_or(jiff::Timestamp::MAX))),
            now(),
        ])?;
    Ok(())
}

/// The pace of the last run; `None` before the first.
pub(super) fn pace(connection: &Connection) -> Result<Option<PaceReport>, StoreError> {
    Ok(connection
        .query_row(
            "SELECT per_second, requests, refused, CASE WHEN waiting_until > ?1 THEN waiting_until END, updated_at FROM pace",
            [now()],
            |row| {
                Ok(PaceReport {
                    per_second: row.get(0)?,
                    requests: row.get::<_, i64>(1)?.unsigned_abs(),
                    refused: row.get::<_, i64>(2)?.unsigned_abs(),
                    waiting_until: row.get(3)?,
                    updated_at: row.get(4)?,
                })
            },
        )
        .optional()?)
}

/// What is known of the limit from the last run.
#[derive(Debug, Clone, PartialEq)]
pub enum LearntRate {
    /// No run has met a limit.
    None,
    /// So many requests a second.
    Fresh(f64),
    /// It was learnt too long ago by the clock, or at a time that is still to come: nobody knows how old it is.
    Forgotten {
        /// When it was learnt.
        updated_at: String,
    },
}

impl Store {
    /// The rate that a run of the last hour has learnt. The clock is believed in both directions: what it calls older, or
    /// still to come, is forgotten, for a rate that is wrong costs more than one that is learnt anew.
    pub fn learnt_rate(&self) -> Result<LearntRate, StoreError> {
        let now = jiff::Timestamp::now();
        let oldest = time_stamp(now.saturating_sub(FRESH).unwrap_or(jiff::Timestamp::MIN));
        let newest = time_stamp(now.saturating_add(CORRECTION).unwrap_or(jiff::Timestamp::MAX));
        let known = self.read(pace)?.and_then(|pace| Some((pace.per_second?, pace.updated_at)));
        Ok(match known {
            None => LearntRate::None,
            Some((rate, at)) if (oldest..=newest).contains(&at) => LearntRate::Fresh(rate),
            Some((_, updated_at)) => LearntRate::Forgotten { updated_at },
        })
    }
}
