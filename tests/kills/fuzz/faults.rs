//! What goes wrong in Webex during a run, as the simulator's fault texts.

/// Requests that change something.
const WRITES: [&str; 8] = [
    "location_create",
    "location_update",
    "calling_location_enable",
    "licenses_users_patch",
    "licenses_users_patch",
    "numbers_add",
    "feature_put",
    "location_setting_put",
];

/// Requests that ask.
const READS: [&str; 9] = [
    "locations_list",
    "calling_locations_list",
    "people_list",
    "numbers_list",
    "licenses_list",
    "person_get",
    "feature_get",
    "validate_extensions",
    "people_me",
];

/// What may become of a write; the waits are within SETTLE_SECONDS.
const OF_WRITES: [&str; 14] = [
    "lost",
    "lost",
    "reset",
    "drop",
    "drop",
    "lag=30",
    "status=400,applied",
    "status=409,applied",
    "status=500,applied",
    "status=503",
    "status=400",
    "status=403",
    "status=401",
    "hang",
];

/// What may become of any request.
const OF_ANY: [&str; 8] = [
    "status=429,retry_after=0",
    "status=429",
    "status=429,retry_after=-1",
    "status=503",
    "status=502",
    "drop",
    "lost",
    "late=400",
];

/// How long a run waits for an answer when one may be late or never come.
pub(super) const TIMEOUT_SECONDS: &str = "0.3";

/// None to three faults.
pub(super) fn draw(dice: &mut fastrand::Rng) -> Vec<String> {
    (0..dice.usize(..4)).map(|_| one(dice)).collect()
}

fn one(dice: &mut fastrand::Rng) -> String {
    let pick = |dice: &mut fastrand::Rng, from: &[&str]| from[dice.usize(..from.len())].to_owned();
    let (operation, effect) = match dice.u8(..10) {
        0 => ("location_create".to_owned(), "status=423,retry_after=0".to_owned()),
        1 => ("any".to_owned(), pick(dice, &OF_ANY)),
        2 | 3 => (pick(dice, &READS), pick(dice, &OF_ANY)),
        4 => (pick(dice, &WRITES), pick(dice, &OF_ANY)),
        _ => (pick(dice, &WRITES), pick(dice, &OF_WRITES)),
    };
    let first = dice.u32(1..=6);
    // Not for ever: a run that meets the same failure all the time is another test's.
    let last = first + if dice.u8(..3) == 0 { dice.u32(1..=8) } else { 0 };
    format!("{operation}#{first}-{last}:{effect}")
}

/// Whether a run with this fault must not wait long for an answer.
pub(super) fn slow(fault: &str) -> bool {
    fault.ends_with(":hang") || fault.contains("late=")
}
