//! Per goal: once its write is applied to what was seen, the goal is in place; and the decision says the same twice.
//!
//! The simulator's API is another witness for this, over whole rows; here every value that a row can state has its turn.

use std::cell::Cell;

use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::activation::ActiveNumbers;
use super::alternates::FurtherNumber;
use super::calling::CallingLicence;
use super::decide::Compared;
use super::decide_site::For;
use super::line::{Held, LineHeld, TheLine};
use super::location::Fields;
use super::location_settings::{Details, Permissions, UnknownExtensions};
use super::numbers::{Inventory, NumbersThere};
use super::overlay::{Wanted, WantedValue};
use super::pstn::{Connected, Target};
use super::settings::{FeatureSet, Owner, Present};
use crate::domain::{
    Address, CallAction, CallType, CallingCode, CallingDetails, Email, Extension, Family, Feature, Line,
    LocationRecord, LocationSettings, Permission, PhoneNumber, RemoteId, RouteKind, RouteName, SETTINGS,
    Setting, SettingKind, Step, UserRecord,
};
use crate::runner::engine::{Decision, Goal};
use crate::runner::memory::sites::Site;
use crate::store::SeenLocation;
use crate::webex::Write;
use crate::webex::wire::{Named, Person, PstnConnection};

/// Draws of each goal.
const DRAWS: u64 = 400;

/// Holds the property for one draw; says whether there was something to write.
fn holds<G: Goal>(
    goal: &G,
    seen: impl Fn() -> G::Seen,
    apply: impl Fn(&Write, G::Seen) -> G::Seen,
    draw: u64,
) -> bool {
    let (first, second) = (goal.decide(&seen()), goal.decide(&seen()));
    match (first, second) {
        (Decision::Missing(first), Decision::Missing(second)) => {
            assert_eq!(
                (&first.write, &first.differences),
                (&second.write, &second.differences),
                "draw {draw}"
            );
            let after = goal.decide(&apply(&first.write, seen()));
            let in_place = matches!(after, Decision::InPlace { .. });
            assert!(in_place, "draw {draw}: {:?}", first.write);
            true
        }
        (Decision::InPlace { .. }, Decision::InPlace { .. }) => false,
        (Decision::Stop(first), Decision::Stop(second)) => {
            assert_eq!(first.message, second.message, "draw {draw}");
            false
        }
        _ => panic!("draw {draw}: decided otherwise the second time"),
    }
}

/// Holds a property over all draws, some of which must have had something to write, and some nothing.
fn over_draws(property: impl Fn(&mut Rng, u64) -> bool) {
    let written = (0..DRAWS).filter(|draw| property(&mut Rng::with_seed(*draw), *draw)).count();
    assert!(written > 0 && written < usize::try_from(DRAWS).unwrap(), "{written} of {DRAWS} were written");
}

fn id(kind: &str) -> RemoteId {
    RemoteId::parse(kind).unwrap()
}

fn phone(number: u32) -> PhoneNumber {
    PhoneNumber::parse(&format!("+34911000{number:03}")).unwrap()
}

fn site() -> Site {
    let home = CallingCode::of_country("ES");
    Site { id: id("L1"), name: "Madrid".to_owned(), home, number_state: None }
}

fn one_of<'a>(dice: &mut Rng, texts: &[&'a str]) -> &'a str {
    dice.choice(texts.iter().copied()).unwrap()
}

fn some<T>(dice: &mut Rng, value: impl FnOnce(&mut Rng) -> T) -> Option<T> {
    dice.bool().then(|| value(dice))
}

/// Fields of a body laid over an object.
fn laid_over(present: Value, body: &Value) -> Value {
    let mut fields = present.as_object().cloned().unwrap_or_default();
    fields.extend(body.as_object().cloned().unwrap_or_default());
    Value::Object(fields)
}

fn content(write: &Write) -> Value {
    write.content().cloned().unwrap_or_default()
}

fn location(dice: &mut Rng) -> LocationRecord {
    LocationRecord {
        name: some(dice, |dice| one_of(dice, &["Madrid", "Centro"]).to_owned()),
        external_id: some(dice, |dice| one_of(dice, &["EXT-1", "EXT-2"]).to_owned()),
        explicit_key: None,
        time_zone: one_of(dice, &["Europe/Madrid", "Atlantic/Canary"]).to_owned(),
        preferred_language: "es_es".to_owned(),
        announcement_language: "es_es".to_owned(),
        address: Address {
            line1: one_of(dice, &["Calle Mayor, 1", "Calle Sol 2"]).to_owned(),
            line2: some(dice, |_| "2a planta".to_owned()),
            city: "Madrid".to_owned(),
            state: "Madrid".to_owned(),
            postal_code: one_of(dice, &["28001", "28 013"]).to_owned(),
            country: "ES".to_owned(),
        },
        notes: some(dice, |dice| one_of(dice, &["second floor", "a\nb", "x\n[ext_id=EXT-9]"]).to_owned()),
        settings: Box::new(LocationSettings::default()),
        unsupported: Vec::new(),
    }
}

#[test]
fn the_fields_of_a_location() {
    over_draws(|dice, draw| {
        let location = location(dice);
        let other = self::location(dice);
        let shown = json!({
            "name": other.name.clone().or(location.name.clone()), "timeZone": other.time_zone,
            "address": crate::webex::calls::address(if dice.bool() { &location } else { &other }, dice.bool()),
            "notes": one_of(dice, &["", "second floor", "second floor\n[ext_id=EXT-1]", "[ext_id=EXT-2]\nb"]),
        });
        let seen = SeenLocation {
            id: id("L1"),
            name: String::new(),
            tag: None,
            body: shown.clone(),
            calling_enabled: true,
        };
        let compared = if dice.bool() { Compared::Everything } else { Compared::AllButTheAddress };
        let goal = Fields { location: &location, seen: &seen, compared };
        holds(&goal, || shown.clone(), |write, seen| laid_over(seen, &content(write)), draw)
    });
}

#[test]
fn the_calling_details_of_a_location() {
    over_draws(|dice, draw| {
        let text = |dice: &mut Rng, texts: &[&str]| some(dice, |dice| one_of(dice, texts).to_owned());
        let details = CallingDetails {
            main_number: some(dice, |dice| phone(dice.u32(..2))),
            caller_id_name: text(dice, &["Centro", "Madrid"]),
            external_caller_id_name: text(dice, &["Centro", "Madrid"]),
            announcement_language: text(dice, &["es_es", "en_us"]),
            existing_too: dice.bool(),
            routing_prefix: text(dice, &["800", "801"]),
            outside_dial_digit: text(dice, &["9", "0"]),
            enforce_outside_dial_digit: some(dice, Rng::bool),
        };
        let line = [None, Some("+34911000000"), Some("+34-911000001"), Some("911000000")];
        let present = json!({
            "callingLineId": {"name": text(dice, &["Centro", "Otro"]), "phoneNumber": dice.choice(line).unwrap()},
            "externalCallerIdName": text(dice, &["Centro"]), "announcementLanguage": text(dice, &["es_ES", ""]),
            "routingPrefix": text(dice, &["800"]), "outsideDialDigit": text(dice, &["9"]),
            "enforceOutsideDialDigit": one_of(dice, &["true", "false"]),
        });
        let site = site();
        let goal = Details { details: &details, site: &site, present: present.clone() };
        let purpose = if dice.bool() { For::Sending } else { For::Proof };
        let apply = |write: &Write, (seen, purpose)| (laid_over(seen, &content(write)), purpose);
        holds(&goal, || (present.clone(), purpose), apply, draw)
    });
}

fn permissions(dice: &mut Rng) -> Vec<Permission> {
    let mut permission = |call_type: &CallType| Permission {
        call_type: *call_type,
        action: dice.choice(CallAction::ALL.iter().copied()).unwrap(),
        transfer: dice.bool(),
    };
    let all: Vec<Permission> = CallType::ALL.iter().map(&mut permission).collect();
    all.into_iter().filter(|_| dice.u32(..3) == 0).collect()
}

/// Rows of permissions by type of call, as a GET shows them.
fn permission_rows(dice: &mut Rng) -> Value {
    let shown = permissions(dice);
    let row = |one: &Permission| {
        let transfer = if dice.bool() { json!(one.transfer) } else { json!(one.transfer.to_string()) };
        json!({"callType": one.call_type.as_str(), "action": one.action.as_str(), "transferEnabled": transfer,
               "isCallTypeRestrictionEnabled": false})
    };
    let rows: Vec<Value> = shown.iter().map(row).collect();
    json!({ "callingPermissions": rows })
}

#[test]
fn the_permissions_of_a_location() {
    over_draws(|dice, draw| {
        let (site, wanted, present) = (site(), permissions(dice), permission_rows(dice));
        let goal = Permissions { site: &site, wanted: &wanted };
        let apply = |write: &Write, seen: Value| {
            let sent = content(write);
            let rows = |body: &Value| body["callingPermissions"].as_array().cloned().unwrap_or_default();
            let mut all = rows(&sent);
            let kept = |row: &Value| !rows(&sent).iter().any(|sent| sent["callType"] == row["callType"]);
            all.extend(rows(&seen).into_iter().filter(kept));
            json!({ "callingPermissions": all })
        };
        holds(&goal, || present.clone(), apply, draw)
    });
}

#[test]
fn the_route_of_unknown_extensions() {
    over_draws(|dice, draw| {
        let route = RouteName { kind: RouteKind::Trunk, name: "Trunk 1".to_owned() };
        let site = site();
        let goal = UnknownExtensions { site: &site, route: &route, target: id("T1") };
        let present = json!({
            "enableUnknownExtensionRoutePolicy": dice.bool(),
            "unknownExtensionRouteIdentity": {"id": one_of(dice, &["T1", "T2"]), "type": "TRUNK"},
        });
        holds(&goal, || present.clone(), |write, seen| laid_over(seen, &content(write)), draw)
    });
}

#[test]
fn the_connection_of_a_location() {
    over_draws(|dice, draw| {
        let site = site();
        let named = |name: &str| Named { id: id("O1"), name: name.to_owned(), kind: String::new() };
        let target = match dice.u32(..3) {
            0 => Target::Route { kind: RouteKind::Trunk, id: id("T1"), shown: "trunk".to_owned() },
            1 => Target::Option(named("Sample Cloud PSTN")),
            _ => Target::Option(named("Cisco Calling Plans")),
        };
        let goal = Connected { site: &site, target };
        let present = some(dice, |dice| PstnConnection {
            id: Some(id(one_of(dice, &["O1", "O2"]))),
            name: String::new(),
            kind: one_of(dice, &["LOCAL_GATEWAY", "NON_INTEGRATED_CCP", "CISCO_PSTN"]).to_owned(),
            route_kind: one_of(dice, &["TRUNK", "ROUTE_GROUP"]).to_owned(),
            route: some(dice, |dice| id(one_of(dice, &["T1", "T2"]))),
        });
        let apply = |write: &Write, _| {
            let body = content(write);
            let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
            let kind = if text("id").is_some() { "NON_INTEGRATED_CCP" } else { "LOCAL_GATEWAY" };
            Some(PstnConnection {
                id: text("id").map(|text| id(&text)),
                name: String::new(),
                kind: kind.to_owned(),
                route_kind: text("premiseRouteType").unwrap_or_default(),
                route: text("premiseRouteId").map(|text| id(&text)),
            })
        };
        holds(&goal, || present.clone(), apply, draw)
    });
}

fn some_numbers(dice: &mut Rng) -> Vec<PhoneNumber> {
    (0..6).filter(|_| dice.bool()).map(phone).collect()
}

#[test]
fn numbers_of_a_location() {
    over_draws(|dice, draw| {
        let (site, numbers) = (site(), some_numbers(dice));
        let missing: Vec<PhoneNumber> = numbers.iter().filter(|_| dice.u32(..3) == 0).cloned().collect();
        let there = NumbersThere { site: &site, numbers: numbers.clone(), are_missing: dice.bool() };
        let seen = || Inventory { missing: missing.clone(), ..Inventory::default() };
        let apply = |write: &Write, mut seen: Inventory| {
            seen.missing.retain(|number| !write.numbers.contains(number));
            seen
        };
        let added = holds(&there, seen, apply, draw);
        let active = ActiveNumbers { site: &site, numbers };
        let apply = |write: &Write, mut seen: Vec<PhoneNumber>| {
            seen.retain(|number| !write.numbers.contains(number));
            seen
        };
        assert_eq!(added, holds(&active, || missing.clone(), apply, draw));
        added
    });
}

#[test]
fn a_further_number_of_a_person() {
    over_draws(|dice, draw| {
        let (person, number) = (id("ana"), phone(1));
        let owner = Owner { person: &person, standard_only: false, home: None, given: None };
        let goal = FurtherNumber { owner: &owner, number: &number };
        let lacks = dice.bool();
        holds(&goal, || lacks, |write, _| !write.numbers.contains(&number), draw)
    });
}

#[test]
fn the_calling_licence_of_a_person() {
    over_draws(|dice, draw| {
        let email = Email::parse("ana@example.com").unwrap();
        let user = UserRecord {
            email,
            location: "Madrid".to_owned(),
            calling_enabled: true,
            license: None,
            settings: Default::default(),
            unsupported: Vec::new(),
        };
        let held: Vec<RemoteId> =
            ["professional", "meetings"].into_iter().filter(|_| dice.bool()).map(id).collect();
        let person = Person {
            id: id("ana"),
            emails: Vec::new(),
            kind: String::new(),
            licenses: held.clone(),
            location: None,
            extension: None,
            calling_unknown: None,
            invite_pending: false,
        };
        let (site, line) = (site(), Line::Extension(Extension::parse("1001").unwrap()));
        let licence = id("professional");
        let goal =
            CallingLicence { user: &user, person: &person, site: &site, line: &line, licence, org: None };
        let apply = |write: &Write, mut held: Vec<RemoteId>| {
            let body = content(write);
            let sent = body["licenses"].as_array().cloned().unwrap_or_default();
            held.extend(sent.iter().filter_map(|item| item["id"].as_str()).map(id));
            held
        };
        holds(&goal, || held.clone(), apply, draw)
    });
}

#[test]
fn the_line_of_a_person() {
    over_draws(|dice, draw| {
        let (site, person, line) = (site(), id("ana"), Line::Extension(Extension::parse("1001").unwrap()));
        let held = LineHeld { line: &line, site: &site, person: &person };
        let licence = some(dice, |_| id("professional"));
        let goal = TheLine { held, has: Some("1002".to_owned()), licence, org: None };
        let seen = match dice.u32(..3) {
            0 => Held::Theirs,
            1 => Held::Free,
            _ => Held::Taken("taken".to_owned()),
        };
        let apply = |write: &Write, seen| {
            let sent = content(write)["licenses"][0]["properties"]["extension"] == "1001";
            if sent { Held::Theirs } else { seen }
        };
        holds(&goal, || seen.clone(), apply, draw)
    });
}

/// A value that a row can state for a setting, and one that Webex can show for it.
fn value(dice: &mut Rng, setting: &Setting) -> (WantedValue, Value) {
    let plain = |dice: &mut Rng, one: Value, other: Value| {
        let shown = dice.choice([one.clone(), other, Value::Null]).unwrap();
        (WantedValue::Plain(one), shown)
    };
    match setting.kind {
        SettingKind::Bool => {
            let (on, shown) = (dice.bool(), dice.bool());
            let shown = if dice.bool() { json!(shown) } else { json!(shown.to_string()) };
            (WantedValue::Plain(json!(on)), shown)
        }
        SettingKind::Choice { choices, none } => {
            let (one, other) = (one_of(dice, choices), one_of(dice, choices));
            let nothing = none.is_some() && dice.bool();
            let wanted = if nothing { Value::Null } else { json!(one) };
            (WantedValue::Plain(wanted), dice.choice([json!(other), Value::Null]).unwrap())
        }
        SettingKind::Integer { least, most } => {
            let (one, other) = (dice.u32(least..=most), dice.u32(least..=most));
            plain(dice, json!(one), json!(other.to_string()))
        }
        SettingKind::Permissions => {
            let mut rows = permission_rows(dice);
            (WantedValue::Permissions(permissions(dice)), rows["callingPermissions"].take())
        }
        SettingKind::People { .. } => {
            let ids = |dice: &mut Rng| {
                ["leo", "eva", "mia"].into_iter().filter(|_| dice.bool()).collect::<Vec<_>>()
            };
            let wanted = ids(dice).into_iter().map(id).collect();
            let mut shown: Vec<Value> =
                ids(dice).into_iter().map(|id| json!({"id": id, "type": "PEOPLE"})).collect();
            shown.extend(dice.bool().then(|| json!({"id": "room", "type": "PLACE"})));
            (WantedValue::People(wanted), json!(shown))
        }
        SettingKind::Person => {
            (WantedValue::Person(id("leo")), dice.choice([json!("eva"), Value::Null]).unwrap())
        }
        SettingKind::Destination | SettingKind::Phone => plain(
            dice,
            json!("+34911000000"),
            json!(one_of(&mut Rng::with_seed(1), &["+34-911000001", "911000000"])),
        ),
        SettingKind::Text(_)
        | SettingKind::Extension
        | SettingKind::Email
        | SettingKind::TimeZone
        | SettingKind::Moment => plain(dice, json!("one@example.com"), json!("Other")),
    }
}

/// What a GET shows of an object of settings with these values.
fn shown_object(feature: Feature, values: &[(&'static Setting, Value)]) -> Value {
    let mut body = json!({"unrelated": "stays"});
    for (setting, value) in values {
        let mut at = &mut body;
        for name in setting.field.split('/').skip(1) {
            if !at.is_object() {
                *at = Value::Object(Map::new());
            }
            at = at.as_object_mut().unwrap().entry(name).or_insert(Value::Null);
        }
        *at = value.clone();
    }
    match feature {
        Feature::MsTeams => {
            let value = body["value"].take();
            json!({"settings": [{"settingName": "HIDE_WEBEX_APP", "value": value}, {"settingName": "OTHER"}]})
        }
        _ => body,
    }
}

/// What a GET shows of an object of settings after such a PUT: members by what they are, and not by their ids alone.
fn shown_after(feature: Feature, mut body: Value) -> Value {
    let members =
        feature.spec().members.and_then(|list| body.pointer_mut(list)).and_then(Value::as_array_mut);
    for member in members.into_iter().flatten() {
        let kind = if *member == "room" { "PLACE" } else { "PEOPLE" };
        *member = json!({"id": member.take(), "type": kind});
    }
    match feature {
        Feature::MsTeams => json!({"settings": [{"settingName": "HIDE_WEBEX_APP", "value": body["value"]}]}),
        Feature::EmergencyCallback => {
            let member = body["locationMemberId"].clone();
            let mut shown = body;
            if let Some(fields) = shown.as_object_mut() {
                fields.shift_remove("locationMemberId");
                fields.insert("locationMemberInfo".to_owned(), json!({ "memberId": member }));
            }
            shown
        }
        _ => body,
    }
}

#[test]
fn every_object_of_settings() {
    for feature in Feature::ALL.iter().copied() {
        over_draws(|dice, draw| {
            let settings = SETTINGS.iter().filter(|setting| setting.feature == feature);
            let all: Vec<_> = settings.map(|setting| (setting, value(dice, setting))).collect();
            let shown: Vec<_> = all.iter().map(|(setting, (_, shown))| (*setting, shown.clone())).collect();
            let present = shown_object(feature, &shown);
            let mut wanted: Vec<Wanted> =
                all.into_iter().map(|(setting, (value, _))| Wanted { setting, value }).collect();
            let few = dice.bool();
            wanted.retain(|_| if few { dice.u32(..12) == 0 } else { dice.bool() });
            // A row that states the member states the choice that it belongs to.
            let member = wanted.iter().any(|one| matches!(one.value, WantedValue::Person(_)));
            wanted.retain(|one| !(member && one.setting.name == "emergency_callback"));
            if member {
                let setting = Setting::find("emergency_callback").unwrap();
                wanted.push(Wanted { setting, value: WantedValue::Plain(json!("LOCATION_MEMBER_NUMBER")) });
            }
            let person = id("ana");
            let home = CallingCode::of_country("ES");
            let owner = Owner { person: &person, standard_only: false, home, given: None };
            let step = Step::UserApplyCallingSettings;
            let goal = FeatureSet { owner: &owner, step, feature, wanted, place: Cell::default() };
            let seen = || Present::There(Family::People, present.clone());
            let apply =
                |write: &Write, _| Present::There(Family::People, shown_after(feature, content(write)));
            holds(&goal, seen, apply, draw)
        });
    }
}
