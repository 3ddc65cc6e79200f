//! Adding, activating and deleting the numbers of a location.

use serde_json::{Value, json};

use super::super::org::{Location, Number, Org};
use super::super::reply::{Outcome, Refusal, Reply};
use super::super::seed::Pstn;
use super::Work;
use super::validate::is_e164;

const ADDED_AT_ONCE: usize = 100;
const MOBILE_AT_ONCE: usize = 20;
const SWITCHED_AT_ONCE: usize = 500;
const DELETED_AT_ONCE: usize = 5;

pub(super) fn add(org: &mut Org, work: &Work<'_>) -> Outcome {
    let (index, location, _) = org.calling_location(work.id())?;
    check_pstn(location, "Numbers of this PSTN provider cannot be managed here.")?;
    let mut phones = work.call.strings("phoneNumbers")?;
    let kind = work.call.text("numberType").unwrap_or("DID");
    let limit = match kind {
        "DID" | "TOLLFREE" => org.rules.habits.numbers_at_once.unwrap_or(ADDED_AT_ONCE),
        "MOBILE" => MOBILE_AT_ONCE,
        _ => return Err(Refusal::bad_request("Unknown numberType")),
    };
    check_count(&phones, limit)?;
    let invalid: Vec<&String> = phones.iter().filter(|phone| !is_e164(phone)).collect();
    if !invalid.is_empty() {
        return Err(per_number_errors(&invalid));
    }
    let active = match work.call.text("state") {
        Some("INACTIVE") => false,
        Some("ACTIVE") => true,
        None => kind != "MOBILE",
        Some(_) => return Err(Refusal::bad_request("Unknown state")),
    };
    for phone in &phones {
        let held = org.numbers.by_phone(phone).and_then(|key| org.numbers.get(key));
        if held.is_some_and(|number| number.location != index || is_main(location, phone)) {
            return Err(in_use(phone));
        }
    }
    let left_out = if work.partial { phones.pop() } else { None };
    for phone in phones {
        if org.numbers.by_phone(&phone).is_some() {
            continue;
        }
        let number = Number {
            phone: Some(phone),
            active,
            toll_free: kind == "TOLLFREE",
            mobile: kind == "MOBILE",
            service: work.call.text("numberUsageType") == Some("SERVICE"),
            ..Number::new(index)
        };
        org.numbers.add(number, work.moment);
    }
    match left_out {
        // The others went in all the same, which makes it an outcome rather than a refusal.
        Some(phone) => Ok(per_number_errors(&[&phone]).into_reply("")),
        None => Ok(Reply { status: 201, ..Reply::default() }),
    }
}

fn check_pstn(location: &Location, refusal: &str) -> Result<(), Refusal> {
    match location.pstn {
        Some(Pstn::LocalGateway | Pstn::NonIntegratedCcp) => Ok(()),
        Some(Pstn::IntegratedCcp | Pstn::CiscoPstn) => Err(Refusal::bad_request(refusal)),
        None => Err(Refusal::bad_request("The location has no PSTN connection.")),
    }
}

fn check_count(phones: &[String], limit: usize) -> Result<(), Refusal> {
    if phones.len() > limit {
        return Err(Refusal::bad_request(format!("At most {limit} numbers are accepted.")));
    }
    Ok(())
}

/// The two codes of this error differ.
fn in_use(phone: &str) -> Refusal {
    Refusal::coded(409, 8363, &format!("DN is in use : {phone}")).with_outer_code(25223)
}

/// A list whose first item has the errors, with codes as text.
fn per_number_errors(phones: &[&String]) -> Refusal {
    let errors: Vec<Value> = phones
        .iter()
        .map(|phone| {
            json!({
                "number": phone, "errorType": "VALIDATION", "errorCode": "8362",
                "errorMessage": "Invalid DN format", "errorTitle": "Invalid number",
            })
        })
        .collect();
    Refusal::bad_request("Invalid numbers").with_body(json!([{ "errors": errors }]))
}

fn is_main(location: &Location, phone: &str) -> bool {
    location.calling.as_ref().is_some_and(|calling| calling.main_number.as_deref() == Some(phone))
}

pub(super) fn activate(org: &mut Org, work: &Work<'_>) -> Outcome {
    let (index, location, _) = org.calling_location(work.id())?;
    let phones = work.call.strings("phoneNumbers")?;
    let active = match work.call.text("action") {
        None | Some("ACTIVATE") => true,
        Some("DEACTIVATE") => false,
        Some(_) => return Err(Refusal::bad_request("Unknown action")),
    };
    check_count(&phones, SWITCHED_AT_ONCE)?;
    let mut keys = Vec::with_capacity(phones.len());
    for phone in &phones {
        let key = org.numbers.by_phone(phone);
        let number = key.and_then(|key| org.numbers.get(key)).filter(|number| number.location == index);
        let number = number
            .ok_or_else(|| Refusal::coded(400, 27966, "The number is not available in the location."))?;
        if !active && (number.owner.is_some() || is_main(location, phone)) {
            return Err(Refusal::bad_request(format!("{phone} is in use and cannot be deactivated.")));
        }
        keys.extend(key);
    }
    keys.into_iter().for_each(|key| org.numbers.edit(key, work.moment, |number| number.active = active));
    Ok(Reply::no_content())
}

pub(super) fn delete(org: &mut Org, work: &Work<'_>) -> Outcome {
    let (index, location, _) = org.calling_location(work.id())?;
    let phones = work.call.strings("phoneNumbers")?;
    if location.pstn.is_some() {
        check_pstn(location, "ERR.V.TRM.TMN60004")?;
    }
    check_count(&phones, DELETED_AT_ONCE)?;
    let mut keys = Vec::with_capacity(phones.len());
    for phone in &phones {
        let key = org.numbers.by_phone(phone);
        let number = key.and_then(|key| org.numbers.get(key)).filter(|number| number.location == index);
        let Some(number) = number else {
            let refusal = Refusal::new(502, "").with_body(Value::Null);
            return Err(refusal.with_header("cisco-spark-error-codes", "4251"));
        };
        if number.owner.is_some() || is_main(location, phone) {
            return Err(Refusal::bad_request(format!("{phone} is in use and cannot be removed.")));
        }
        keys.extend(key);
    }
    keys.into_iter().for_each(|key| org.numbers.remove(key));
    Ok(Reply::no_content())
}
