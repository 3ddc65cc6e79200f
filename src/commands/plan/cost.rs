//! How long a run would take.

use crate::commands::words;
use crate::store::PlanReport;

/// How long the requests of a plan take at a pace, and whether the token lasts so long.
#[derive(Debug, Clone, serde::Serialize)]
pub(super) struct Estimate {
    /// Requests a second; none when none is known.
    pub(super) per_second: Option<f64>,
    /// Whether the rate was given, and not learnt.
    pub(super) rate_given: bool,
    /// Seconds that the requests take.
    pub(super) seconds: Option<i64>,
    /// Seconds until the token ends, below zero when it has ended; none when Webex did not tell.
    pub(super) token_seconds_left: Option<i64>,
    /// Whether the token outlives the run, where both are known.
    pub(super) token_lasts: Option<bool>,
}

impl Estimate {
    /// The cost of a plan at the rate given, else at the one that was learnt.
    pub(super) fn of(report: &PlanReport, given: Option<f64>) -> Estimate {
        let per_second = given.or(report.learnt_per_second);
        let requests = report.reads.saturating_add(report.writes);
        let seconds = per_second.and_then(|rate| seconds(requests, rate));
        let ends_at = report.survey.token_ends_at.as_deref();
        let token_seconds_left = ends_at.and_then(words::seconds_since).map(i64::saturating_neg);
        let token_lasts = token_seconds_left.zip(seconds).map(|(left, needed)| left > needed);
        Estimate { per_second, rate_given: given.is_some(), seconds, token_seconds_left, token_lasts }
    }

    /// Such as `4 min at 6.0/s (learnt), the token lasts`.
    pub(super) fn describe(&self) -> String {
        let (Some(rate), Some(seconds)) = (self.per_second, self.seconds) else {
            return "no pace is known yet: --rate 6/s tells how long that takes".to_owned();
        };
        let source = if self.rate_given { "given" } else { "learnt" };
        let token = match self.token_lasts {
            Some(true) => ", the token lasts",
            Some(false) => ", THE TOKEN ENDS BEFORE: take a fresh one",
            None => "",
        };
        format!("{} at {rate:.1}/s ({source}){token}", words::hours_and_minutes(seconds))
    }
}

/// Whole seconds, rounded up.
fn seconds(requests: u64, rate: f64) -> Option<i64> {
    let requests = f64::from(u32::try_from(requests).unwrap_or(u32::MAX));
    let duration = std::time::Duration::try_from_secs_f64(requests / rate).ok()?;
    let more = i64::from(duration.subsec_nanos() > 0);
    i64::try_from(duration.as_secs()).ok().map(|seconds| seconds.saturating_add(more))
}
