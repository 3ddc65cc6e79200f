//! How many requests each family of endpoints lets through, and how it says no.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::Lab;
use super::doubt::Doubt;
use super::ledger::Asking;
use super::report::Verdict;
use crate::domain::Extension;
use crate::webex::{Read, Sample, calls, site_calls};

/// Families of endpoints; that of a person's settings is asked with --person alone.
pub(super) const FAMILIES: usize = 7;
/// 20 a second.
const GAP: Duration = Duration::from_millis(50);
/// A refusal that asks for no wait costs this.
const WAIT_UNASKED: Duration = Duration::from_secs(1);
/// Different values of a header that are kept.
const VALUES_CAP: usize = 10;

/// What one family answered.
#[derive(Default)]
struct Tally {
    sent: u32,
    let_through: u32,
    refused: u32,
    /// How many were let through before the first refusal, and when it came.
    first: Option<(u32, Duration)>,
    by_status: BTreeMap<String, u32>,
    retry_after: BTreeSet<String>,
    limits: BTreeSet<String>,
    last: Option<Sample>,
}

pub(super) async fn ask(lab: &Lab<'_>) {
    let Some(each) = lab.plan.rates else {
        return lab.ledger.not_asked(Doubt::Rates, "--rates was not given");
    };
    let asking = lab.begin(Doubt::Rates);
    let mut refused = false;
    for (family, call) in families(lab) {
        tracing::info!(family, seconds = each.as_secs_f64(), "lab.rates");
        let tally = burst(&asking, &call, each).await;
        refused |= tally.refused > 0;
        asking.sampled(&call, tally.sent, tally.last.as_ref());
        asking.saw(format!("{family}: {}", tally.said()));
    }
    asking.end(if refused { Verdict::Yes } else { Verdict::No });
}

fn families(lab: &Lab<'_>) -> Vec<(&'static str, Read)> {
    let id = &lab.scene.location.id;
    let one: Vec<Extension> = Extension::parse("1000").into_iter().collect();
    let mut families = vec![
        ("people", calls::people_me()),
        ("licenses", calls::licenses()),
        ("locations", calls::location(id)),
        ("telephony/config/locations", calls::calling_location(id)),
        ("telephony/config/numbers", calls::numbers_probe()),
        ("telephony/config/.../validateExtensions", site_calls::validate_extensions(id, &one)),
    ];
    if let Ok(person) = &lab.scene.person {
        families.push(("people/{id}/features", site_calls::person_numbers(&person.id)));
    }
    families
}

/// Sends one request every 50 ms, and after a refusal none before the wait that it asks for is over.
async fn burst(asking: &Asking<'_>, call: &Read, each: Duration) -> Tally {
    let mut tally = Tally::default();
    let begun = Instant::now();
    let mut not_before = begun;
    let mut turns = each.as_millis().div_ceil(GAP.as_millis());
    let mut clock = interval(GAP);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut under_way = FuturesUnordered::new();
    // Bounded by the turns, and then by the time-out of the requests under way.
    loop {
        tokio::select! {
            biased;
            Some(sample) = under_way.next() => {
                if let Some(wait) = tally.take(sample, begun.elapsed()) {
                    not_before = Instant::now().checked_add(wait).map_or(not_before, |until| not_before.max(until));
                }
            }
            now = clock.tick(), if turns > 0 => {
                turns = turns.saturating_sub(1);
                if now >= not_before {
                    tally.sent = tally.sent.saturating_add(1);
                    under_way.push(asking.webex.sample(call));
                }
            }
            else => break tally,
        }
    }
}

impl Tally {
    /// The wait that a refusal asks for.
    fn take(&mut self, sample: Sample, after: Duration) -> Option<Duration> {
        let status = sample.status.map_or("no answer".to_owned(), |status| status.to_string());
        let count = self.by_status.entry(status).or_default();
        *count = count.saturating_add(1);
        let keep = |values: &mut BTreeSet<String>, value: &String| {
            if values.len() < VALUES_CAP {
                values.insert(value.clone());
            }
        };
        sample.limits.iter().for_each(|value| keep(&mut self.limits, value));
        let refused = sample.status == Some(429);
        if refused {
            self.refused = self.refused.saturating_add(1);
            self.first.get_or_insert((self.let_through, after));
            keep(&mut self.retry_after, &sample.retry_after.clone().unwrap_or_else(|| "none".to_owned()));
        } else if sample.status.is_some() {
            self.let_through = self.let_through.saturating_add(1);
        }
        let wait = refused.then(|| sample.wait.unwrap_or(WAIT_UNASKED));
        self.last = Some(sample);
        wait
    }

    fn said(&self) -> String {
        let listed = |values: &BTreeSet<String>| values.iter().cloned().collect::<Vec<_>>().join(", ");
        let by_status: Vec<String> =
            self.by_status.iter().map(|(status, count)| format!("{count} x {status}")).collect();
        let mut text =
            format!("{} sent, {} let through ({})", self.sent, self.let_through, by_status.join(", "));
        if let Some((before, after)) = self.first {
            text.push_str(&format!(
                "; first refused after {before} in {:.1} s; Retry-After {}",
                after.as_secs_f64(),
                listed(&self.retry_after)
            ));
        }
        if !self.limits.is_empty() {
            text.push_str(&format!("; {}", listed(&self.limits)));
        }
        text
    }
}
