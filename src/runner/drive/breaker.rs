//! Stops a run that fails massively (R9). Pure: a tally of one complete batch gives a verdict.

use std::collections::BTreeMap;

use crate::domain::{Outcome, PendingReason};
use crate::store::EarlierEnds;

/// How the rows of a batch ended.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    pub(crate) success: u32,
    pub(crate) pending: u32,
    pub(crate) released: u32,
    /// Rows that sent a request of their own and were not blocked by another row: the others say nothing of how Webex takes
    /// requests.
    judged: u32,
    causes: BTreeMap<PendingReason, Share>,
}

/// Rows that are pending for one cause.
#[derive(Debug, Clone, Copy, Default)]
struct Share {
    all: u32,
    judged: u32,
}

impl Tally {
    /// Counts a row that has ended; `asked` says whether it sent a request of its own.
    pub(crate) fn add(&mut self, outcome: &Outcome, asked: bool) {
        match outcome {
            Outcome::Success(_) => self.count(None, false, asked, 1),
            Outcome::Pending(failure) => {
                self.count(Some(failure.cause), failure.blocked_by.is_some(), asked, 1)
            }
        }
    }

    /// The rows of a batch that ended in an earlier run.
    pub(crate) fn of_earlier(all: &[EarlierEnds]) -> Tally {
        let mut tally = Tally::default();
        all.iter().for_each(|ends| tally.count(ends.cause, ends.blocked, ends.asked, ends.rows));
        tally
    }

    fn count(&mut self, cause: Option<PendingReason>, blocked: bool, asked: bool, rows: u32) {
        let judged = if asked && !blocked { rows } else { 0 };
        self.judged = self.judged.saturating_add(judged);
        let Some(cause) = cause else {
            self.success = self.success.saturating_add(rows);
            return;
        };
        self.pending = self.pending.saturating_add(rows);
        if !blocked {
            let share = self.causes.entry(cause).or_default();
            share.all = share.all.saturating_add(rows);
            share.judged = share.judged.saturating_add(judged);
        }
    }

    /// `cause=count`, the most frequent first.
    pub(crate) fn summary(&self) -> String {
        let mut causes: Vec<_> = self.causes.iter().collect();
        causes.sort_by_key(|(_, share)| std::cmp::Reverse(share.all));
        causes.iter().map(|(cause, share)| format!("{cause}={}", share.all)).collect::<Vec<_>>().join(" ")
    }

    fn of(&self, causes: &[PendingReason]) -> u32 {
        causes
            .iter()
            .filter_map(|cause| self.causes.get(cause))
            .fold(0, |sum, share| sum.saturating_add(share.judged))
    }
}

/// From which share of hopeless rows on a run stops.
#[derive(Debug, Clone, Copy)]
pub struct Breaker {
    /// Greater than 0, at most 1.
    pub threshold: f64,
    /// Batches with fewer rows trip only when every row failed for the token.
    pub min_rows: u32,
}

impl Breaker {
    /// Why the run must stop, if it must.
    pub(crate) fn verdict(&self, tally: &Tally) -> Option<String> {
        use PendingReason::{AuthInvalid, NonRetryableExternal, PermissionDenied};
        let rows = tally.judged;
        let hopeless = tally.of(&[NonRetryableExternal, AuthInvalid, PermissionDenied]);
        let token = tally.of(&[AuthInvalid, PermissionDenied]);
        let massive =
            rows >= self.min_rows && f64::from(hopeless) >= self.threshold * f64::from(rows) && hopeless > 0;
        let all_for_the_token = rows > 0 && token == rows;
        if !massive && !all_for_the_token {
            return None;
        }
        let probable = if token > hopeless / 2 {
            "probably the token: expired, of the wrong organisation, or without the scopes that README lists"
        } else {
            "probably the file or the organisation: names, numbers or licences that Webex refuses for all rows alike"
        };
        Some(format!(
            "{hopeless} of {rows} rows of the batch that asked Webex failed for good ({}); {probable}",
            tally.summary()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Failure, RemoteId, RowId, Step, Success};

    fn tally(success: u32, causes: &[(PendingReason, u32)], blocked: u32) -> Tally {
        let mut tally = Tally::default();
        let failure = |cause, blocked_by| {
            Outcome::Pending(Failure {
                step: Step::UserLookup,
                cause,
                message: String::new(),
                http_status: None,
                tracking_id: None,
                remote_id: None,
                blocked_by,
            })
        };
        for _ in 0..success {
            tally.add(
                &Outcome::Success(Success {
                    step: Step::UserLookup,
                    remote_id: RemoteId::parse("a").unwrap(),
                    message: String::new(),
                    http_status: None,
                }),
                true,
            );
        }
        for (cause, count) in causes {
            (0..*count).for_each(|_| tally.add(&failure(*cause, None), true));
        }
        (0..blocked)
            .for_each(|_| tally.add(&failure(PendingReason::PreconditionMissing, RowId::new(1)), true));
        tally
    }

    #[test]
    fn trips_exactly_at_the_threshold_of_the_three_causes() {
        use PendingReason::{AuthInvalid, NonRetryableExternal, PermissionDenied, RetryExhausted};
        let breaker = Breaker { threshold: 0.8, min_rows: 10 };
        let cases = [
            (tally(101, &[(NonRetryableExternal, 399)], 0), false),
            (tally(100, &[(NonRetryableExternal, 400)], 0), true),
            (
                tally(100, &[(NonRetryableExternal, 200), (AuthInvalid, 100), (PermissionDenied, 100)], 0),
                true,
            ),
            (tally(100, &[(RetryExhausted, 400)], 0), false),
            (tally(0, &[(NonRetryableExternal, 9)], 0), false),
            (tally(0, &[(NonRetryableExternal, 10)], 0), true),
            (tally(0, &[(PermissionDenied, 1)], 0), true),
            (tally(1, &[(PermissionDenied, 4)], 0), false),
            (tally(2, &[(NonRetryableExternal, 8)], 490), true),
            (tally(0, &[], 500), false),
        ];
        for (number, (tally, trips)) in cases.iter().enumerate() {
            assert_eq!(breaker.verdict(tally).is_some(), *trips, "case {number}");
        }
    }
}
