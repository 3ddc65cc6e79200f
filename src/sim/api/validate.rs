//! Checks of extensions and numbers that change nothing.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::super::org::Org;
use super::super::reply::{Outcome, Refusal, Reply};
use super::Work;

const BATCH: usize = 100;
const EMERGENCY: [&str; 2] = ["911", "112"];

/// The form of an extension: its error code and text if it is wrong.
pub(super) fn check_extension(org: &Org, extension: &str) -> Result<(), (u64, &'static str)> {
    let (shortest, longest) = org.rules.extension_length;
    if !extension.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err((4910, "Invalid extension. The extension can only contain characters 0-9."));
    }
    if EMERGENCY.contains(&extension) {
        return Err((4911, "Invalid extension. The extension cannot be an emergency number."));
    }
    if extension.len() < shortest || extension.len() > longest {
        return Err((4909, "Invalid extension. The extension has a wrong length."));
    }
    Ok(())
}

/// `+` and 7 to 15 digits, the first not 0.
pub(super) fn is_e164(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0')
    })
}

pub(super) fn extensions(org: &Org, work: &Work<'_>) -> Outcome {
    let extensions = work.call.strings("extensions")?;
    let most = org.rules.habits.extensions_at_once.unwrap_or(BATCH);
    if extensions.len() > most {
        return Err(Refusal::bad_request(format!("At most {most} extensions are accepted.")));
    }
    let location = match &work.route.id {
        Some(id) => Some(org.calling_location(id)?.0),
        None => None,
    };
    let mut seen = HashSet::new();
    let statuses: Vec<Value> = extensions
        .iter()
        .map(|extension| extension_status(org, location, extension, seen.insert(extension.as_str())))
        .collect();
    let all_valid = statuses.iter().all(|status| status.get("state") == Some(&json!("VALID")));
    let status = if all_valid { "OK" } else { "ERRORS" };
    Ok(Reply::ok(json!({"status": status, "extensionStatus": statuses})))
}

fn extension_status(org: &Org, location: Option<usize>, extension: &str, is_first: bool) -> Value {
    let answer = |state: &str, code: u64, message: &str| {
        let message = format!("[Error {code}] {message}");
        json!({"extension": extension, "state": state, "errorCode": code, "message": message})
    };
    if !is_first {
        return answer("DUPLICATE_IN_LIST", 9498, "The extension is more than once in the list.");
    }
    if let Err((code, message)) = check_extension(org, extension) {
        return answer("INVALID", code, message);
    }
    // Org-wide, an extension clashes with nothing: each location has its own.
    let holder = location.and_then(|location| org.numbers.by_extension(location, extension));
    match holder.and_then(|key| org.numbers.get(key)) {
        Some(holder) if holder.is_call_park() => {
            return answer("DUPLICATE", 9495, "The extension is in use by a call park extension.");
        }
        Some(_) => return answer("DUPLICATE", 4202, "The extension is already in use."),
        None => {}
    }
    json!({"extension": extension, "state": "VALID"})
}

pub(super) fn numbers(org: &Org, work: &Work<'_>) -> Outcome {
    let numbers = work.call.strings("phoneNumbers")?;
    let mut seen = HashSet::new();
    let statuses: Vec<Value> = numbers
        .iter()
        .map(|number| {
            let (state, detail) = if !seen.insert(number.as_str()) {
                ("Duplicate In List", Some("[Error 8360] Duplicate DN in the request"))
            } else if !is_e164(number) {
                ("Invalid", Some("[Error 8362] Invalid DN format"))
            } else if org.numbers.by_phone(number).is_some() {
                ("Duplicate", Some("[Error 8363] DN is in use"))
            } else {
                ("Available", None)
            };
            let mut status = json!({"phoneNumber": number, "state": state, "tollFreeNumber": false});
            if let (Value::Object(fields), Some(detail)) = (&mut status, detail) {
                fields.insert("detail".into(), json!([format!("{detail} : {number}")]));
            }
            status
        })
        .collect();
    let all_free = statuses.iter().all(|status| status.get("state") == Some(&json!("Available")));
    let status = if all_free { "OK" } else { "ERRORS" };
    Ok(Reply::ok(json!({"status": status, "phoneNumbers": statuses})))
}
