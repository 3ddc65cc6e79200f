//! The job of a seed, and the Webex that it meets.

use wxbulk::sim::{LocationSeed, NumberSeed, OrgSeed, PROFESSIONAL, Pstn};

use super::model::{Cells, Record, text};

pub(super) const TIME_ZONES: [&str; 3] = ["Europe/Madrid", "Atlantic/Canary", "Europe/Lisbon"];
/// People of another job, who are in Webex.
pub(super) const STRANGERS: usize = 400;

/// A file, and what is amiss with it in Webex.
pub(super) struct Job {
    pub(super) records: Vec<Record>,
    pub(super) org: OrgSeed,
    pub(super) troubles: Troubles,
}

/// What has to be mended in Webex before the whole job can be done.
#[derive(Clone, Debug, Default)]
pub(super) struct Troubles {
    /// Not yet synced.
    pub(super) absent: Option<String>,
    /// A location and an extension that a hunt group has.
    pub(super) taken: Option<(String, String)>,
    /// Fewer units than people.
    pub(super) scarce: bool,
}

pub(super) fn cells<const N: usize>(pairs: [(&str, &str); N]) -> Cells {
    let filled = pairs.into_iter().filter(|(_, text)| !text.is_empty());
    filled.map(|(column, text)| (column.to_owned(), text.to_owned())).collect()
}

pub(super) fn location(name: &str, external_id: &str, time_zone: &str) -> Cells {
    cells([
        ("entity_type", "location"),
        ("location_name", name),
        ("location_external_id", external_id),
        ("time_zone", time_zone),
        ("preferred_language", "es_es"),
        ("announcement_language", "es_es"),
        ("address_line1", "Calle Mayor, 1"),
        ("address_city", "Madrid"),
        ("address_state", "Madrid"),
        ("address_postal_code", "28001"),
        ("address_country", "ES"),
    ])
}

pub(super) fn user(email: &str, site: &str) -> Cells {
    cells([("entity_type", "user"), ("email", email), ("location_key", site)])
}

pub(super) fn assignment(email: &str, site: &str, extension: &str) -> Cells {
    cells([
        ("entity_type", "extension_assignment"),
        ("email", email),
        ("location_key", site),
        ("extension", extension),
    ])
}

/// The file of another site, of this many rows; every round has another site.
pub(super) fn foreign(round: usize, rows: usize) -> Vec<Cells> {
    let site = format!("Elsewhere {round}");
    let mut all = vec![location(&site, "", "Europe/Madrid")];
    for number in 0..rows.saturating_sub(1) {
        let email = format!("s{}@example.com", (round * 30 + number / 2) % STRANGERS);
        all.push(match number % 2 {
            0 => user(&email, &site),
            _ => assignment(&email, &site, &format!("{}", 7000 + number)),
        });
    }
    all
}

pub(super) fn draw(dice: &mut fastrand::Rng) -> Job {
    let most = if dice.u8(..4) == 0 { 25 } else { 12 };
    let (sites, people) = (dice.usize(2..=5), dice.usize(5..=most));
    let emails: Vec<String> = (0..people).map(|number| format!("u{number}@example.com")).collect();
    let mut rows = Vec::new();
    let mut org = OrgSeed { pstn_of_new_locations: Some(Pstn::LocalGateway), ..OrgSeed::default() };
    let mut keys = Vec::new();
    let mut ready_made = Vec::new();
    for site in 0..sites {
        let name = format!("Site {site}");
        let external_id = if dice.bool() { format!("EXT-{site}") } else { String::new() };
        let mut row = location(&name, &external_id, dice.choice(TIME_ZONES).unwrap());
        if dice.u8(..3) == 0 {
            let number = |n: usize| format!("+3491200{site}{n:02}");
            row.insert("location_settings_numbers".into(), format!("{}|{}", number(0), number(1)));
        }
        if dice.u8(..3) == 0 {
            org = org.location(LocationSeed::calling(&name).pstn(Pstn::LocalGateway));
            ready_made.push(site);
        }
        keys.push(if external_id.is_empty() || dice.bool() { name } else { external_id });
        rows.push(row);
    }
    for (number, email) in emails.iter().enumerate() {
        rows.extend(person(dice, number, email, &keys[number % sites], sites, &emails));
    }
    let mut troubles = Troubles { scarce: dice.u8(..3) == 0, ..Troubles::default() };
    if dice.u8(..5) < 2 {
        troubles.absent = dice.choice(&emails).cloned();
    }
    if let Some(site) = dice.choice(&ready_made).filter(|_| dice.u8(..3) > 0) {
        let (location, extension) =
            (format!("Site {site}"), format!("{}", 1000 + dice.usize(..people) / sites));
        let owner = Some(("HUNT_GROUP".to_owned(), "Sales".to_owned()));
        org = org.number(NumberSeed {
            location: location.clone(),
            extension: Some(extension.clone()),
            owner,
            ..NumberSeed::default()
        });
        troubles.taken = Some((location, extension));
    }
    let strangers = (0..STRANGERS).map(|number| format!("s{number}@example.com"));
    let synced = emails.iter().filter(|email| troubles.absent.as_ref() != Some(*email)).cloned();
    org.people = OrgSeed::with_people(synced.chain(strangers)).people;
    if troubles.scarce {
        let units = i64::try_from(people - dice.usize(1..=3)).unwrap();
        org = org.units(PROFESSIONAL, units);
    }
    finish(dice, rows, org, troubles)
}

fn person(
    dice: &mut fastrand::Rng,
    number: usize,
    email: &str,
    site: &str,
    sites: usize,
    emails: &[String],
) -> [Cells; 2] {
    let mut user = user(email, site);
    let mut line = assignment(email, site, &format!("{}", 1000 + number / sites));
    if dice.u8(..4) == 0 {
        line.insert("phone_number".into(), format!("+34910000{number:03}"));
    }
    if dice.u8(..3) == 0 {
        user.insert("calling_settings_call_waiting_enabled".into(), "false".into());
    }
    if dice.u8(..4) == 0 {
        let mut colleagues: Vec<String> =
            (0..=dice.usize(..2)).filter_map(|_| dice.choice(emails).cloned()).collect();
        colleagues.dedup();
        user.insert("calling_settings_monitoring_people".into(), colleagues.join("|"));
    }
    if dice.u8(..3) == 0 {
        line.insert("final_settings_do_not_disturb_enabled".into(), "true".into());
    }
    [user, line]
}

/// Spoils a row or two, and gives the rows their places and references.
fn finish(dice: &mut fastrand::Rng, mut rows: Vec<Cells>, org: OrgSeed, troubles: Troubles) -> Job {
    for _ in 0..dice.usize(..3) {
        let last = rows.len();
        let at = dice.usize(..last);
        let kind = rows[at]["entity_type"].clone();
        let (column, text) = match kind.as_str() {
            // A site that is refused holds up all its people: seldom.
            "location" if dice.u8(..3) > 0 => continue,
            "location" => ("time_zone", "Mars/Base"),
            "user" => ("display_name", "Ana"),
            _ if dice.bool() => ("extension", "10A0"),
            _ => ("extension", "1000"),
        };
        rows[at].insert(column.into(), text.into());
    }
    if dice.u8(..5) == 0 {
        dice.shuffle(&mut rows);
    }
    if dice.bool() {
        for (number, row) in rows.iter_mut().enumerate() {
            row.insert("row_ref".into(), format!("R{number}"));
        }
    }
    Job { records: rows.into_iter().map(|cells| Record { row_id: None, cells }).collect(), org, troubles }
}

impl Job {
    pub(super) fn text(&self) -> String {
        text(self.records.iter().map(|record| &record.cells))
    }
}
