//! The real binary killed, signalled, started twice and locked out; after each disturbance one more run, and then the
//! same end as if nothing had happened: no row lost, nothing made twice, no file torn, a second process turned away.
//!
//! `WXBULK_SEED` repeats a run of these tests; `WXBULK_KILLS`, `WXBULK_SIGNALS`, ... make it longer
//! (`scripts/protocols`).
#![cfg(feature = "sim")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper that fails is a failed test"
)]

#[path = "../support/mod.rs"]
mod support;

mod checker;
mod foreign;
mod fuzz;
mod night;
#[cfg(debug_assertions)]
mod points;
mod process;
mod random;
mod rulings_stop;
mod runners;
mod signals;
mod torn;

/// Rounds at work at once.
const LANES: usize = 6;

/// How often a test repeats: the number in this variable, or what CI has time for.
fn rounds(variable: &str, in_ci: usize) -> usize {
    std::env::var(variable).map_or(in_ci, |text| text.parse().expect(variable))
}

/// Numbers drawn from a seed that is shown when the test fails, and that `WXBULK_SEED` sets.
fn dice(test: &str) -> fastrand::Rng {
    let seed = std::env::var("WXBULK_SEED").map_or_else(
        |_| fastrand::u64(..1_000_000_000),
        |text| text.parse().expect("WXBULK_SEED is a number"),
    );
    println!("{test}: WXBULK_SEED={seed}");
    fastrand::Rng::with_seed(seed)
}

/// Does the rounds, a few at a time: most of a round is waiting. Each has dice of its own, so that a seed repeats it.
async fn lanes<T>(
    rounds: usize,
    mut dice: fastrand::Rng,
    round: impl AsyncFn(usize, fastrand::Rng) -> T,
) -> Vec<T> {
    let rounds: Vec<_> = (0..rounds).map(|number| (number, dice.fork())).collect();
    let mut done = Vec::new();
    for few in rounds.chunks(LANES) {
        let few = few.iter().map(|(number, dice)| round(*number, dice.clone()));
        done.extend(futures_util::future::join_all(few).await);
    }
    done
}
