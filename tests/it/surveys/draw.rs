//! A case from a seed: a file, the organisation that it meets, and the settings of the job.

use std::collections::BTreeMap;

use fastrand::Rng;
use wxbulk::sim::OrgSeed;

use super::org;

/// The cells of a row, by column.
pub(super) type Cells = BTreeMap<String, String>;

/// A file with what it meets.
#[derive(Clone)]
pub(super) struct Case {
    pub(super) rows: Vec<Cells>,
    pub(super) org: OrgSeed,
    pub(super) env: Vec<(&'static str, &'static str)>,
    /// An earlier run worked off so many rows of each phase.
    pub(super) done: Option<u32>,
    /// Draws what is changed by hand.
    pub(super) hand: u64,
}

/// What rows of one site know of it.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) number: usize,
    pub(super) name: String,
    pub(super) key: String,
    pub(super) state: Presence,
    /// How seldom something is amiss in the case.
    pub(super) calm: u32,
}

/// How far a location is in Webex.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Absent,
    WithoutCalling,
    Enabled,
}

/// One in so many.
pub(super) fn one_in(dice: &mut Rng, many: u32) -> bool {
    dice.u32(..many) == 0
}

pub(super) fn put(cells: &mut Cells, column: &str, text: &str) {
    cells.insert(column.to_owned(), text.to_owned());
}

/// A number of a site.
pub(super) fn phone(site: usize, number: usize) -> String {
    format!("+3491000{site}{number:03}")
}

pub(super) fn draw(seed: u64) -> Case {
    let mut dice = Rng::with_seed(seed);
    let dice = &mut dice;
    let mut webex = OrgSeed { repeated_license_reapplies: one_in(dice, 2), ..OrgSeed::default() };
    let mut rows = Vec::new();
    let mut places = Vec::new();
    let calm = if one_in(dice, 3) { 1 } else { 8 };
    for number in 0..dice.usize(1..=4) {
        let (cells, place) = location(dice, number, calm);
        webex = org::with_location(dice, webex, &cells, &place);
        rows.push(cells);
        places.push(place);
    }
    webex = org::with_elsewhere(webex);
    let people = dice.usize(..=8);
    let emails: Vec<String> = (0..people).map(|number| format!("u{number}@example.com")).collect();
    for (number, email) in emails.iter().enumerate() {
        let place = dice.choice(&places).unwrap().clone();
        let (user, line) = person(dice, number, email, &place, &emails);
        webex = org::with_person(dice, webex, &user, &line, &place);
        // Now and then a file has one of the two rows only.
        match dice.u32(..12 * calm) {
            0 => rows.push(user),
            1 => rows.push(line),
            _ => rows.extend([user, line]),
        }
    }
    webex = org::with_units(dice, webex, people, calm);
    if one_in(dice, 4) {
        dice.shuffle(&mut rows);
    }
    let done = one_in(dice, 3).then(|| dice.u32(1..=4));
    Case { rows, org: webex, env: environment(dice), done, hand: dice.u64(..) }
}

fn environment(dice: &mut Rng) -> Vec<(&'static str, &'static str)> {
    let mut env = Vec::new();
    if one_in(dice, 3) {
        env.push(("ADD_MISSING_NUMBERS", "false"));
    }
    if one_in(dice, 2) {
        env.push(("EXTENSION_CHANGE", "license_patch"));
    }
    match dice.u32(..4) {
        0 => env.push(("NUMBER_STATE", "ACTIVE")),
        1 => env.push(("NUMBER_STATE", "INACTIVE")),
        _ => {}
    }
    if one_in(dice, 4) {
        env.push(("CALLING_LICENSE", "standard"));
    }
    env.push(("MAX_CONCURRENCY", if one_in(dice, 2) { "1" } else { "16" }));
    if one_in(dice, 5) {
        env.push(("BATCH_SIZE", "2"));
    }
    env
}

fn location(dice: &mut Rng, number: usize, calm: u32) -> (Cells, Place) {
    let name = format!("Site {number}");
    let external_id = format!("EXT-{number}");
    let mut cells = Cells::new();
    for (column, text) in [
        ("entity_type", "location"),
        ("location_name", &name),
        ("time_zone", "Europe/Madrid"),
        ("preferred_language", "es_es"),
        ("announcement_language", "es_es"),
        ("address_line1", "Calle Mayor, 1"),
        ("address_city", "Madrid"),
        ("address_state", "Madrid"),
        ("address_postal_code", "28001"),
        ("address_country", "ES"),
    ] {
        put(&mut cells, column, text);
    }
    let tagged = one_in(dice, 2);
    if tagged {
        put(&mut cells, "location_external_id", &external_id);
    }
    if one_in(dice, 4) {
        put(&mut cells, "notes", "second floor");
    }
    location_settings(dice, number, calm, &mut cells);
    let key = if tagged && one_in(dice, 2) { external_id } else { name.clone() };
    let state = match dice.u32(..5) {
        0 => Presence::Absent,
        1 => Presence::WithoutCalling,
        _ => Presence::Enabled,
    };
    (cells, Place { number, name, key, state, calm })
}

fn location_settings(dice: &mut Rng, number: usize, calm: u32, cells: &mut Cells) {
    let mut set = |column: &str, text: &str| put(cells, &format!("location_settings_{column}"), text);
    match dice.u32(..8) {
        0..=2 => {
            set("pstn_connection", "LOCAL_GATEWAY");
            set("pstn_route_type", "TRUNK");
            set("pstn_route_name", if one_in(dice, 8 * calm) { "Trunk 9" } else { "Trunk 1" });
        }
        3 => set("pstn_connection", "Sample Cloud PSTN"),
        4 if one_in(dice, 2 * calm) => set("pstn_connection", "Cisco Calling Plans"),
        _ => {}
    }
    if one_in(dice, 3) {
        let numbers: Vec<String> = (0..=dice.usize(..4)).map(|at| phone(number, 900 + at)).collect();
        set("numbers", &numbers.join("|"));
    }
    if one_in(dice, 4) {
        set("main_number", &phone(number, 900));
    }
    if one_in(dice, 4) {
        set("caller_id_name", "Centro");
    }
    if one_in(dice, 4) {
        set("routing_prefix", &format!("80{number}"));
    }
    if one_in(dice, 5) {
        set("outside_dial_digit", "9");
    }
    if one_in(dice, 5) {
        set("enforce_outside_dial_digit", if one_in(dice, 2) { "true" } else { "false" });
    }
    if one_in(dice, 5) {
        set("announcement_language", if one_in(dice, 2) { "es_es" } else { "en_us" });
        if one_in(dice, 2) {
            set("announcement_language_existing", "change");
        }
    }
    if one_in(dice, 4) {
        set("unknown_extension_route_type", "ROUTE_GROUP");
        set("unknown_extension_route_name", "Route Group 1");
    }
    if one_in(dice, 4) {
        set("outgoing_permissions", "INTERNATIONAL=BLOCK|NATIONAL=ALLOW+transfer");
    }
    match dice.u32(..6) {
        0 => set("number_state", "ACTIVE"),
        1 => set("number_state", "INACTIVE"),
        _ => {}
    }
}

fn person(dice: &mut Rng, number: usize, email: &str, place: &Place, emails: &[String]) -> (Cells, Cells) {
    let (mut user, mut line) = (Cells::new(), Cells::new());
    for (cells, kind) in [(&mut user, "user"), (&mut line, "extension_assignment")] {
        put(cells, "entity_type", kind);
        put(cells, "email", email);
        put(cells, "location_key", &place.key);
    }
    if one_in(dice, 10 * place.calm) {
        put(&mut user, "calling_enabled", "false");
    }
    match dice.u32(..8 * place.calm) {
        0 => put(&mut user, "calling_license", "professional"),
        1 => put(&mut user, "calling_license", "standard"),
        _ => {}
    }
    let phoned = one_in(dice, 3);
    if !phoned || one_in(dice, 2) {
        put(&mut line, "extension", &format!("{}", 1000 + number));
    }
    if phoned {
        put(&mut line, "phone_number", &phone(place.number, number));
    }
    if one_in(dice, 5) {
        let further: Vec<String> =
            (0..=dice.usize(..2)).map(|at| phone(place.number, 100 + 10 * number + at)).collect();
        put(&mut line, "alternate_numbers", &further.join("|"));
    }
    settings(dice, "calling_settings_", &mut user, emails);
    if one_in(dice, 2) {
        settings(dice, "final_settings_", &mut line, emails);
    }
    (user, line)
}

/// Settings of which the simulator takes every value.
const PLAIN: [(&str, &[&str]); 12] = [
    ("call_waiting_enabled", &["true", "false"]),
    ("do_not_disturb_enabled", &["true", "false"]),
    ("do_not_disturb_ring_splash_enabled", &["true", "false"]),
    ("voicemail_enabled", &["true", "false"]),
    ("voicemail_rings", &["3", "5"]),
    ("forward_always_enabled", &["false"]),
    ("caller_id", &["DIRECT_LINE", "LOCATION_NUMBER"]),
    ("barge_in_enabled", &["true", "false"]),
    ("hoteling_enabled", &["true", "false"]),
    ("privacy_extension_dialing_enabled", &["true", "false"]),
    ("outgoing_permissions", &["INTERNATIONAL=BLOCK", "NATIONAL=ALLOW+transfer"]),
    ("time_zone", &["Europe/Madrid", "Atlantic/Canary"]),
];

fn settings(dice: &mut Rng, prefix: &str, cells: &mut Cells, emails: &[String]) {
    for _ in 0..dice.usize(..3) {
        let (name, values) = dice.choice(PLAIN).unwrap();
        put(cells, &format!("{prefix}{name}"), dice.choice(values).unwrap());
    }
    if one_in(dice, 12) {
        put(cells, &format!("{prefix}call_captions_enabled"), "true");
    }
    if one_in(dice, 5) {
        let people: std::collections::BTreeSet<&String> =
            (0..=dice.usize(..2)).filter_map(|_| dice.choice(emails)).collect();
        let people: Vec<&str> = people.into_iter().map(String::as_str).collect();
        put(cells, &format!("{prefix}monitoring_people"), &people.join("|"));
    }
}
