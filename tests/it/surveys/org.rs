//! What of a file is in the organisation already, and in which state.

use fastrand::Rng;
use serde_json::json;
use wxbulk::sim::{CallingSeed, LocationSeed, NumberSeed, OrgSeed, PROFESSIONAL, PersonSeed, Pstn, STANDARD};

use super::draw::{Cells, Place, Presence, one_in, phone};

/// A calling location that no row states.
pub(super) const ELSEWHERE: &str = "Elsewhere";

pub(super) fn with_elsewhere(org: OrgSeed) -> OrgSeed {
    org.location(LocationSeed::calling(ELSEWHERE).pstn(Pstn::LocalGateway))
}

pub(super) fn with_location(dice: &mut Rng, org: OrgSeed, cells: &Cells, place: &Place) -> OrgSeed {
    if place.state == Presence::Absent {
        return org;
    }
    let mut seed = LocationSeed::new(&place.name);
    seed.calling = place.state == Presence::Enabled;
    let tag = cells.get("location_external_id").map(|id| format!("[ext_id={id}]"));
    let own = dice.choice(["", "second floor", "by somebody else"]).unwrap();
    match tag {
        Some(tag) if one_in(dice, 2) => {
            seed = seed.notes(format!("{own}\n{tag}"));
            if one_in(dice, 3) {
                seed.name = format!("Renamed {}", place.number);
            }
        }
        // The tag of a row is on the location of another name, while one of its name is there too.
        Some(_) if one_in(dice, 8 * place.calm) => seed = seed.notes("[ext_id=OTHER]"),
        _ if !own.is_empty() => seed = seed.notes(own),
        _ => {}
    }
    if !one_in(dice, 3) {
        seed.address = json!({
            "address1": "Calle Mayor, 1", "city": "Madrid", "state": "Madrid", "postalCode": "28001", "country": "ES",
        });
    }
    if one_in(dice, 4) {
        seed.time_zone = "Atlantic/Canary".to_owned();
    }
    if place.state == Presence::Enabled {
        seed = with_calling(dice, seed, place);
    }
    let (name, enabled, pstn) = (seed.name.clone(), seed.calling, seed.pstn);
    let taken = seed.numbers.clone();
    let org = org.location(seed);
    let inactive = phone(place.number, 903);
    if !enabled || pstn.is_none() || taken.contains(&inactive) || one_in(dice, 2) {
        return org;
    }
    let number =
        NumberSeed { location: name, phone_number: Some(inactive), inactive: true, ..NumberSeed::default() };
    org.number(number)
}

/// What a location that is enabled for calling has of it.
fn with_calling(dice: &mut Rng, mut seed: LocationSeed, place: &Place) -> LocationSeed {
    seed.pstn = *dice
        .choice(
            [
                None,
                None,
                Some(Pstn::LocalGateway),
                Some(Pstn::LocalGateway),
                Some(Pstn::LocalGateway),
                Some(Pstn::NonIntegratedCcp),
                Some(Pstn::IntegratedCcp),
                Some(Pstn::CiscoPstn),
            ]
            .iter(),
        )
        .unwrap();
    if seed.pstn.is_some() {
        seed = seed.numbers((0..4).map(|at| phone(place.number, 900 + at)).filter(|_| one_in(dice, 2)));
        if one_in(dice, 3) {
            seed.main_number = Some(phone(place.number, 900));
        }
    }
    if one_in(dice, 3) {
        seed.routing_prefix = Some(format!("80{}", place.number));
    }
    seed
}

/// The name that the location of these rows has in Webex, if calling can be had there.
fn called(org: &OrgSeed, place: &Place) -> Option<String> {
    let names = [place.name.clone(), format!("Renamed {}", place.number)];
    org.locations.iter().find(|seed| seed.calling && names.contains(&seed.name)).map(|seed| seed.name.clone())
}

pub(super) fn with_person(
    dice: &mut Rng,
    mut org: OrgSeed,
    user: &Cells,
    line: &Cells,
    place: &Place,
) -> OrgSeed {
    let here = called(&org, place);
    let stated = line.get("phone_number");
    let mut holds_number = false;
    if !one_in(dice, 10 * place.calm) {
        let mut seed = PersonSeed::new(&user["email"]);
        let license = if one_in(dice, 5) { STANDARD } else { PROFESSIONAL };
        let calling = |location: &str, extension: Option<String>, phone_number: Option<String>| {
            Some(CallingSeed {
                location: location.to_owned(),
                extension,
                phone_number,
                license: license.to_owned(),
            })
        };
        let extension = line.get("extension").cloned();
        match (dice.u32(..10), &here) {
            (0..=2, Some(here)) => {
                holds_number = stated.is_some() && one_in(dice, 2);
                let other = extension.is_none() && !holds_number;
                let extension = if other { Some(format!("7{}", &user["email"][1..2])) } else { extension };
                seed.calling = calling(here, extension, stated.cloned().filter(|_| holds_number));
            }
            (3, Some(here)) if one_in(dice, place.calm) => {
                seed.calling = calling(here, Some(format!("6{}", &user["email"][1..2])), None)
            }
            (4, _) if one_in(dice, 3 * place.calm) => {
                seed.calling = calling(ELSEWHERE, Some(format!("5{}", &user["email"][1..2])), None);
            }
            _ => {}
        }
        if seed.calling.is_some() {
            seed = with_features(dice, seed);
        }
        org = org.person(seed);
    }
    if let Some(phone) = stated.filter(|_| !holds_number) {
        org = with_number(dice, org, phone, here.as_deref(), place.calm);
    }
    for number in line.get("alternate_numbers").into_iter().flat_map(|list| list.split('|')) {
        org = with_number(dice, org, number, here.as_deref(), place.calm);
    }
    let (Some(extension), Some(here)) = (line.get("extension"), here) else { return org };
    let free = org
        .people
        .iter()
        .filter_map(|person| person.calling.as_ref())
        .all(|calling| calling.location != here || calling.extension.as_ref() != Some(extension));
    if free && one_in(dice, 8 * place.calm) {
        let owner = Some(("HUNT_GROUP".to_owned(), "Sales".to_owned()));
        return org.number(NumberSeed {
            location: here,
            extension: Some(extension.clone()),
            owner,
            ..NumberSeed::default()
        });
    }
    org
}

fn with_features(dice: &mut Rng, mut seed: PersonSeed) -> PersonSeed {
    if one_in(dice, 3) {
        seed = seed.feature("callWaiting", json!({"enabled": one_in(dice, 2)}));
    }
    if one_in(dice, 3) {
        let (on, splash) = (one_in(dice, 2), one_in(dice, 2));
        seed = seed.feature("doNotDisturb", json!({"enabled": on, "ringSplashEnabled": splash}));
    }
    if one_in(dice, 4) {
        seed = seed.feature("hoteling", json!({"enabled": one_in(dice, 2)}));
    }
    seed
}

/// A number of a row: missing, here, elsewhere, or held by somebody else.
fn with_number(dice: &mut Rng, org: OrgSeed, phone: &str, here: Option<&str>, calm: u32) -> OrgSeed {
    let seed = |location: &str| NumberSeed {
        location: location.to_owned(),
        phone_number: Some(phone.to_owned()),
        ..NumberSeed::default()
    };
    match (dice.u32(..8), here) {
        (0..=2, Some(here)) => org.number(NumberSeed { inactive: one_in(dice, 4), ..seed(here) }),
        (3, _) if one_in(dice, 2 * calm) => org.number(seed(ELSEWHERE)),
        (4, Some(here)) if one_in(dice, 2 * calm) => {
            let owner = Some(("HUNT_GROUP".to_owned(), "Sales".to_owned()));
            org.number(NumberSeed { owner, ..seed(here) })
        }
        _ => org,
    }
}

/// Few free units at times, of both licences.
pub(super) fn with_units(dice: &mut Rng, org: OrgSeed, people: usize, calm: u32) -> OrgSeed {
    if !one_in(dice, 2 * calm) {
        return org;
    }
    let in_use = |license: &str| {
        let held = org.people.iter().filter_map(|person| person.calling.as_ref());
        held.filter(|calling| calling.license == license).count()
    };
    let units =
        |dice: &mut Rng, license: &str| i64::try_from(in_use(license) + dice.usize(..=people)).unwrap();
    let (professional, standard) = (units(dice, PROFESSIONAL), units(dice, STANDARD));
    org.units(PROFESSIONAL, professional).units(STANDARD, standard)
}
