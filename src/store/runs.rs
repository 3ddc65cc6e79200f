//! Inputs, runs, and the Webex that a database is bound to.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Lock, Store, StoreError, now};
use crate::domain::{InputHash, PendingReason, RejectionReason};

/// The number of a run within its database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunId(pub(super) i64);

impl std::fmt::Display for RunId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// One file that was taken in.
#[derive(Debug, Clone)]
pub struct InputRecord {
    /// SHA-256 of its bytes.
    pub hash: String,
    /// Its path as given.
    pub path: String,
    /// The `PIPELINE_VERSION` under which it was taken in.
    pub pipeline_version: u32,
    /// When.
    pub ingested_at: String,
}

/// The Webex that a database speaks to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// `WEBEX_BASE_URL`, without trailing slash.
    pub base_url: String,
    /// The organisation of the token's owner.
    pub org_id: String,
    /// `lab` or `prod`.
    pub environment: String,
}

impl Store {
    /// The latest input, or `None` before the first.
    pub fn latest_input(&self) -> Result<Option<InputRecord>, StoreError> {
        self.read(|connection| {
            Ok(connection
                .query_row(
                    "SELECT input_hash, path, pipeline_version, ingested_at FROM inputs
                     ORDER BY input_id DESC LIMIT 1",
                    [],
                    |row| {
                        Ok(InputRecord {
                            hash: row.get(0)?,
                            path: row.get(1)?,
                            pipeline_version: row.get(2)?,
                            ingested_at: row.get(3)?,
                        })
                    },
                )
                .optional()?)
        })
    }

    /// Every column that any input had, folded, in the order in which they came up.
    pub fn input_columns(&self) -> Result<Vec<String>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare(
                "SELECT c.value FROM inputs i, json_each(i.columns) c
                 GROUP BY c.value ORDER BY min(i.input_id * 10000 + c.key)",
            )?;
            let columns = statement.query_map([], |row| row.get(0))?;
            Ok(columns.collect::<Result<_, _>>()?)
        })
    }

    /// Whether a file with this hash was ever taken in.
    pub fn knows_input(&self, hash: &str) -> Result<bool, StoreError> {
        self.read(|connection| {
            Ok(connection.prepare("SELECT 1 FROM inputs WHERE input_hash = ?1")?.exists([hash])?)
        })
    }

    /// Errs unless the file is one this database knows, under the same pipeline version.
    pub fn require_input(&self, hash: &InputHash, pipeline_version: u32) -> Result<(), StoreError> {
        let Some(latest) = self.latest_input()? else { return Ok(()) };
        if !self.knows_input(hash.as_str())? {
            return Err(StoreError::OtherInput { known: latest.hash, given: hash.to_string() });
        }
        self.require_pipeline(&latest, pipeline_version)
    }

    /// Errs when an input was taken in under another pipeline version.
    pub fn require_pipeline(&self, input: &InputRecord, given: u32) -> Result<(), StoreError> {
        if input.pipeline_version == given {
            return Ok(());
        }
        Err(StoreError::OtherPipeline { known: input.pipeline_version, given })
    }

    /// Binds the database to a Webex, or errs when it is bound to another.
    pub fn bind(&self, binding: &Binding) -> Result<(), StoreError> {
        self.write(|connection| {
            connection.execute(
                "INSERT INTO binding (only_one, base_url, org_id, environment, bound_at) VALUES (1, ?1, ?2, ?3, ?4)
                 ON CONFLICT DO NOTHING",
                params![binding.base_url, binding.org_id, binding.environment, now()],
            )?;
            Ok(())
        })?;
        self.require_binding(binding)
    }

    /// Errs when the database is bound to another Webex; an organisation that is not known yet is left out.
    pub fn require_binding(&self, given: &Binding) -> Result<(), StoreError> {
        let Some(known) = self.binding()? else { return Ok(()) };
        let pairs = [
            ("WEBEX_BASE_URL", known.base_url, &given.base_url),
            ("organisation", known.org_id, &given.org_id),
            ("ENVIRONMENT", known.environment, &given.environment),
        ];
        for (what, known, given) in pairs {
            if !given.is_empty() && known != *given {
                return Err(StoreError::OtherBinding { what, known, given: given.clone() });
            }
        }
        Ok(())
    }

    /// The Webex that the database is bound to.
    pub fn binding(&self) -> Result<Option<Binding>, StoreError> {
        self.read(|connection| {
            Ok(connection
                .query_row("SELECT base_url, org_id, environment FROM binding", [], |row| {
                    Ok(Binding { base_url: row.get(0)?, org_id: row.get(1)?, environment: row.get(2)? })
                })
                .optional()?)
        })
    }

    /// Opens a run: returns, as only the holder of the lock may, every orphan of a dead one to `ready`, then records the start.
    pub fn begin_run(
        &self,
        _lock: &Lock,
        settings: &serde_json::Value,
    ) -> Result<(RunId, usize), StoreError> {
        self.write(|connection| {
            let recovered = super::queue::recover(connection)?;
            connection.execute(
                "UPDATE runs SET ended_at = ?1, ended_by = 'killed' WHERE ended_at IS NULL",
                [now()],
            )?;
            connection.execute(
                "INSERT INTO runs (settings, started_at, recovered, outcomes_before)
                 SELECT ?1, ?2, ?3, coalesce(max(outcome_id), 0) FROM outcomes",
                params![settings.to_string(), now(), i64::try_from(recovered).unwrap_or(i64::MAX)],
            )?;
            Ok((RunId(connection.last_insert_rowid()), recovered))
        })
    }

    /// Records how a run ended.
    pub fn finish_run(
        &self,
        run: RunId,
        ended_by: &str,
        requests: u64,
        refused: u64,
    ) -> Result<(), StoreError> {
        self.write(|connection| {
            connection.execute(
                "UPDATE runs SET ended_at = ?1, ended_by = ?2, requests = ?3, refused = ?4 WHERE run_id = ?5",
                params![
                    now(),
                    ended_by,
                    i64::try_from(requests).unwrap_or(i64::MAX),
                    i64::try_from(refused).unwrap_or(i64::MAX),
                    run.0
                ],
            )?;
            Ok(())
        })
    }
}

/// Puts the hints of this version beside the reasons, where SQL finds them; not while another process works there.
pub(super) fn store_hints(
    connection: &mut Connection,
    alone: impl FnOnce() -> Result<Option<Lock>, StoreError>,
) -> Result<(), StoreError> {
    let wanted: Vec<(&str, &str, &str)> = PendingReason::ALL
        .iter()
        .map(|reason| ("pending", reason.as_str(), reason.hint()))
        .chain(RejectionReason::ALL.iter().map(|reason| ("rejected", reason.as_str(), reason.hint())))
        .collect();
    let mut known =
        connection.prepare("SELECT 1 FROM reason_codes WHERE state = ?1 AND reason = ?2 AND hint = ?3")?;
    let mut stale = Vec::new();
    for hint in wanted {
        if !known.exists(params![hint.0, hint.1, hint.2])? {
            stale.push(hint);
        }
    }
    drop(known);
    if stale.is_empty() {
        return Ok(());
    }
    let _alone = match alone() {
        Err(StoreError::Locked { .. }) => return Ok(()),
        lock => lock?,
    };
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    for (state, reason, hint) in stale {
        transaction.execute(
            "UPDATE reason_codes SET hint = ?3 WHERE state = ?1 AND reason = ?2",
            [state, reason, hint],
        )?;
    }
    transaction.commit()?;
    Ok(())
}
