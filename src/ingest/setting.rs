//! Cells of settings: choices, numbers, moments, lists of permissions and of people.

use std::borrow::Cow;

use jiff::Timestamp;

use super::normalize::Normalized;
use super::text::{shown, trim};
use super::{email, number};
use crate::domain::{CallAction, CallType, Permission, TRANSFER};

/// Digits that are dialled as they are: an extension or a national number. More of them hold a country code.
const DIALLED: std::ops::RangeInclusive<usize> = 2..=10;

/// One of the words, whatever its case and however its parts are joined.
pub(super) fn choice<'a>(
    choices: &[&'static str],
    none: Option<&'static str>,
    text: &'a str,
) -> Normalized<'a> {
    let words = || choices.iter().copied().chain(none);
    if let Some(word) = words().find(|word| fold(word) == fold(text)) {
        return Ok(Cow::Borrowed(word));
    }
    Err(not_one_of("a choice of this column", text, words()))
}

fn fold(text: &str) -> String {
    text.to_ascii_uppercase().replace([' ', '-'], "_")
}

pub(super) fn integer(least: u32, most: u32, text: &str) -> Normalized<'_> {
    if number::is_scientific(text) || number::is_decimal(text) {
        return Err(format!(
            "a spreadsheet turned the number into {text}: format the column as text and write it without decimals"
        ));
    }
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("{} is not a whole number: write {least} to {most}", shown(text)));
    }
    match text.parse::<u32>() {
        Ok(number) if (least..=most).contains(&number) => {
            let normal = number.to_string();
            Ok(if normal == text { Cow::Borrowed(text) } else { Cow::Owned(normal) })
        }
        _ => Err(format!("{} is out of range: write {least} to {most}", shown(text))),
    }
}

/// ASCII digits and nothing else; leading zeros stay.
pub(super) fn digits(least: usize, most: usize, text: &str) -> Normalized<'_> {
    if number::is_scientific(text) || number::is_decimal(text) {
        return Err(format!(
            "a spreadsheet turned the digits into {text}: format the column as text and write them again"
        ));
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("{} holds more than the digits 0 to 9: write digits only", shown(text)));
    }
    if !(least..=most).contains(&text.len()) {
        return Err(format!("{} has {} digits: {least} to {most} are possible", shown(text), text.len()));
    }
    Ok(Cow::Borrowed(text))
}

/// A number in E.164 form, or digits as they are dialled.
pub(super) fn destination(text: &str) -> Normalized<'_> {
    if DIALLED.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(Cow::Borrowed(text));
    }
    if text.len() < *DIALLED.start() {
        return Err(format!(
            "{} is too short: write an extension of 2 digits or more, or a number such as +34911234567",
            shown(text)
        ));
    }
    number::normalize(text).map_err(|why| format!("{why} (an extension is written as its digits)"))
}

/// A moment with its offset, in UTC.
pub(super) fn moment(text: &str) -> Normalized<'_> {
    match text.parse::<Timestamp>() {
        Ok(moment) => Ok(Cow::Owned(moment.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string())),
        Err(_) => Err(format!(
            "{} is not a moment with its offset: write it like 2027-01-31T18:00:00Z or 2027-01-31T19:00:00+01:00",
            shown(text)
        )),
    }
}

/// `INTERNATIONAL=BLOCK|NATIONAL=ALLOW+transfer`.
pub(super) fn permissions(text: &str) -> Normalized<'_> {
    let mut all: Vec<Permission> = Vec::new();
    for part in text.split('|') {
        let permission = permission(trim(part))?;
        if all.iter().any(|other| other.call_type == permission.call_type) {
            return Err(format!("{} names {} twice: keep one", shown(text), permission.call_type));
        }
        all.push(permission);
    }
    let normal = all.iter().map(Permission::to_string).collect::<Vec<_>>().join("|");
    Ok(if normal == text { Cow::Borrowed(text) } else { Cow::Owned(normal) })
}

fn permission(part: &str) -> Result<Permission, String> {
    let Some((call_type, action)) = part.split_once('=') else {
        return Err(format!(
            "{} is not TYPE=ACTION: write it like INTERNATIONAL=BLOCK|NATIONAL=ALLOW",
            shown(part)
        ));
    };
    let action = fold(trim(action));
    let (action, transfer) = match action.strip_suffix(&TRANSFER.to_ascii_uppercase()) {
        Some(action) => (trim_joint(action), true),
        None => (action.as_str(), false),
    };
    let call_type = fold(trim(call_type));
    let call_type = CallType::from_text(&call_type).ok_or_else(|| {
        not_one_of("a type of call", &call_type, CallType::ALL.iter().map(|one| one.as_str()))
    })?;
    let action = CallAction::from_text(action)
        .ok_or_else(|| not_one_of("an action", action, CallAction::ALL.iter().map(|one| one.as_str())))?;
    Ok(Permission { call_type, action, transfer })
}

/// Spaces before `+transfer` were folded with the rest.
fn trim_joint(action: &str) -> &str {
    action.trim_end_matches('_')
}

fn not_one_of<'a>(what: &str, text: &str, words: impl Iterator<Item = &'a str>) -> String {
    let all = words.collect::<Vec<_>>().join(", ");
    format!("{} is not {what}: write one of {all}", shown(text))
}

/// Addresses separated by `|`, each once.
pub(super) fn people(most: usize, text: &str) -> Normalized<'_> {
    let mut all: Vec<Cow<'_, str>> = Vec::new();
    for part in text.split('|').map(trim) {
        if part.is_empty() {
            return Err(format!(
                "{} has an empty place in its list: delete the | that is too many",
                shown(text)
            ));
        }
        let address = email::normalize(part)?;
        if all.contains(&address) {
            return Err(format!("{} names {address} twice: keep one", shown(text)));
        }
        all.push(address);
    }
    if all.len() > most {
        return Err(format!("the list has {} people, at most {most} are possible: shorten it", all.len()));
    }
    let normal = all.join("|");
    Ok(if normal == text { Cow::Borrowed(text) } else { Cow::Owned(normal) })
}
