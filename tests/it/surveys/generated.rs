//! Many small cases: plan, run, plan again, verification, a change by hand and its repair, without faults.
//!
//! `WXBULK_CASES` says how many, `WXBULK_SEED` the first seed; a case that fails is told with the fewest rows that fail
//! alike, and its database stays in the temporary directory.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;

use super::case::World;
use super::draw::{self, Case};
use super::judge::{self, Broken, Count};

/// How many cases of each thread are at work at once: most of a case is waiting for the thread that writes.
const AT_ONCE: usize = 3;

/// As many as take about a minute on two cores without optimisation. The many values of settings have their turn in the tests of
/// goals, and `scripts/protocols/surveys` plays far more cases.
const IN_CI: u64 = 150;

/// So many broken cases are told; more are counted.
const TOLD: usize = 12;

fn number(variable: &str, default: impl FnOnce() -> u64) -> u64 {
    std::env::var(variable).map_or_else(|_| default(), |text| text.parse().expect(variable))
}

/// Plays a case; a panic in it is a failure like any other.
async fn play(case: &Case, http: &reqwest::Client, kept: Option<&str>) -> Result<Count, Broken> {
    let played = AssertUnwindSafe(async {
        let world = World::new(case, http).await;
        let played = AssertUnwindSafe(judge::play(&world)).catch_unwind().await;
        let played = played.unwrap_or_else(|panic| Err(said(&*panic)));
        if let (Some(name), Err(broken)) = (kept, &played) {
            println!("{}: {}\n  kept in {}", broken.invariant, broken.what, world.keep(name).display());
        }
        played
    });
    played.catch_unwind().await.unwrap_or_else(|panic| Err(said(&*panic)))
}

fn said(panic: &(dyn std::any::Any + Send)) -> Broken {
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    Broken { invariant: "no helper fails", what: text.unwrap_or_default() }
}

/// Drops rows as long as the rest fails in the same way.
async fn fewest(mut case: Case, http: &reqwest::Client, invariant: &str) -> Case {
    let mut at = case.rows.len();
    while at > 0 {
        at -= 1;
        let mut smaller = case.clone();
        smaller.rows.remove(at);
        if smaller.rows.is_empty() {
            continue;
        }
        if play(&smaller, http, None).await.is_err_and(|broken| broken.invariant == invariant) {
            case = smaller;
            at = at.min(case.rows.len());
        }
    }
    case
}

struct Shared {
    next: AtomicU64,
    end: u64,
    count: Mutex<Count>,
    broken: Mutex<BTreeMap<&'static str, Vec<u64>>>,
}

impl Shared {
    async fn work(&self, http: &reqwest::Client) {
        loop {
            let seed = self.next.fetch_add(1, Ordering::Relaxed);
            if seed >= self.end {
                return;
            }
            match play(&draw::draw(seed), http, None).await {
                Ok(count) => self.count.lock().unwrap().add(&count),
                Err(broken) => self.broke(seed, http, &broken).await,
            }
        }
    }

    async fn broke(&self, seed: u64, http: &reqwest::Client, broken: &Broken) {
        let first = {
            let mut all = self.broken.lock().unwrap();
            let told = all.values().map(Vec::len).sum::<usize>();
            let seeds = all.entry(broken.invariant).or_default();
            seeds.push(seed);
            told < TOLD && seeds.len() <= 3
        };
        if first {
            let case = fewest(draw::draw(seed), http, broken.invariant).await;
            println!("\n== seed {seed}, env {:?}, done {:?}", case.env, case.done);
            play(&case, http, Some(&format!("wxbulk-surveys-{seed}"))).await.ok();
        }
    }
}

/// Works off cases on a runtime of its own.
fn lane(shared: &Shared) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let work = async {
        let lanes = (0..AT_ONCE).map(|_| shared.work(&http));
        futures_util::future::join_all(lanes).await;
    };
    tokio::task::LocalSet::new().block_on(&runtime, work);
}

#[test]
fn a_plan_is_what_a_run_writes_and_a_verification_finds_what_changed() {
    let first = number("WXBULK_SEED", || 1);
    let cases = number("WXBULK_CASES", || IN_CI);
    println!("plans and runs: WXBULK_SEED={first} WXBULK_CASES={cases}");
    let shared = Arc::new(Shared {
        next: AtomicU64::new(first),
        end: first + cases,
        count: Mutex::default(),
        broken: Mutex::default(),
    });
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| lane(&shared));
        }
    });
    println!("{:?}", shared.count.lock().unwrap());
    let broken = shared.broken.lock().unwrap();
    for (invariant, seeds) in broken.iter() {
        println!("broken: {invariant}: {} cases, such as {:?}", seeds.len(), &seeds[..seeds.len().min(12)]);
    }
    assert!(broken.is_empty(), "each alone again: WXBULK_SEED=.. WXBULK_CASES=1");
}
