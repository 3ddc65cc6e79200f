//! Values that are right by construction. `parse` takes the normalised text only; turning what a
//! person typed into it is the work of `ingest`.

use std::fmt;

use unicase::UniCase;
use unicode_normalization::UnicodeNormalization;

use super::RemoteId;

/// Says what a text is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {what}: {value:?}")]
pub struct ValueError {
    what: &'static str,
    value: String,
}

impl ValueError {
    pub(super) fn new(what: &'static str, value: &str) -> ValueError {
        ValueError { what, value: value.to_owned() }
    }
}

macro_rules! text_value {
    ($(#[$meta:meta])* $name:ident, $what:literal, $valid:expr) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Takes the normalised form; anything else is an error.
            pub fn parse(text: &str) -> Result<Self, ValueError> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) { Ok($name(text.to_owned())) } else { Err(ValueError::new($what, text)) }
            }

            /// The normalised text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_value! {
    /// A person's e-mail address, ASCII and in lower case: the key of a user.
    Email, "e-mail address", |text| {
        text.is_ascii()
            && !text.bytes().any(|b| b.is_ascii_uppercase() || b.is_ascii_whitespace() || b.is_ascii_control())
            && email_address::EmailAddress::is_valid(text)
    }
}

text_value! {
    /// Two to ten ASCII digits, leading zeros kept. An organisation may allow fewer: only Webex knows.
    Extension, "extension", |text| {
        (Extension::SHORTEST..=Extension::LONGEST).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
    }
}

impl Extension {
    /// The fewest digits that Webex takes.
    pub const SHORTEST: usize = 2;
    /// The most digits that Webex takes.
    pub const LONGEST: usize = 10;
    /// More digits than these are allowed in few organisations.
    pub const LONGEST_USUAL: usize = 8;

    /// Whether it has more digits than most organisations allow.
    pub fn is_long(&self) -> bool {
        self.0.len() > Extension::LONGEST_USUAL
    }
}

text_value! {
    /// A number in E.164 form: `+`, no leading zero, at most 15 digits (ITU-T E.164).
    PhoneNumber, "E.164 number", |text| {
        text.strip_prefix('+').is_some_and(|digits| {
            (4..=15).contains(&digits.len())
                && digits.bytes().all(|b| b.is_ascii_digit())
                && !digits.starts_with('0')
        })
    }
}

text_value! {
    /// The canonical key of a location: its row's explicit `location_key`, else its external id, else its name.
    LocationKey, "location key", |text| !text.is_empty()
}

text_value! {
    /// The SHA-256 of an input file's bytes, in 64 lower-case hex digits.
    InputHash, "SHA-256", |text| {
        text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    }
}

/// Which calling licence a user is to get.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LicenseChoice {
    /// `Webex Calling - Professional`.
    Professional,
    /// `Webex Calling - Standard`, which the API also calls `Basic`.
    Standard,
    /// The licence with this id.
    Id(RemoteId),
}

impl LicenseChoice {
    /// `professional`, `standard` or a licence id.
    pub fn parse(text: &str) -> Result<LicenseChoice, ValueError> {
        match text {
            "professional" => Ok(LicenseChoice::Professional),
            "standard" => Ok(LicenseChoice::Standard),
            id => match RemoteId::parse(id) {
                Ok(id) if id.as_str().len() >= 20 => Ok(LicenseChoice::Id(id)),
                _ => Err(ValueError::new("calling licence", text)),
            },
        }
    }
}

impl fmt::Display for LicenseChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LicenseChoice::Professional => f.write_str("professional"),
            LicenseChoice::Standard => f.write_str("standard"),
            LicenseChoice::Id(id) => id.fmt(f),
        }
    }
}

/// What a person is reached by: at least one of extension and number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// An extension only.
    Extension(Extension),
    /// A number only.
    Number(PhoneNumber),
    /// Both.
    Both(Extension, PhoneNumber),
}

impl Line {
    /// `None` when neither is given.
    pub fn new(extension: Option<Extension>, number: Option<PhoneNumber>) -> Option<Line> {
        match (extension, number) {
            (Some(extension), Some(number)) => Some(Line::Both(extension, number)),
            (Some(extension), None) => Some(Line::Extension(extension)),
            (None, Some(number)) => Some(Line::Number(number)),
            (None, None) => None,
        }
    }

    /// The extension, where there is one.
    pub const fn extension(&self) -> Option<&Extension> {
        match self {
            Line::Extension(extension) | Line::Both(extension, _) => Some(extension),
            Line::Number(_) => None,
        }
    }

    /// The number, where there is one.
    pub const fn number(&self) -> Option<&PhoneNumber> {
        match self {
            Line::Number(number) | Line::Both(_, number) => Some(number),
            Line::Extension(_) => None,
        }
    }

    /// The part that names the line in keys: the extension, else the number.
    pub fn key(&self) -> &str {
        match self {
            Line::Extension(extension) | Line::Both(extension, _) => extension.as_str(),
            Line::Number(number) => number.as_str(),
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Line::Extension(extension) => write!(f, "extension {extension}"),
            Line::Number(number) => write!(f, "number {number}"),
            Line::Both(extension, number) => write!(f, "extension {extension} with number {number}"),
        }
    }
}

/// The form in which location names and keys are compared: NFC, trimmed, inner spaces collapsed, case-folded.
pub fn fold_name(name: &str) -> String {
    let collapsed = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if collapsed.is_ascii() {
        return collapsed.to_ascii_lowercase();
    }
    let composed: String = collapsed.nfc().collect();
    UniCase::unicode(composed).to_folded_case().nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fold_over_case_spaces_and_composition() {
        assert_eq!(fold_name("  M\u{e1}laga   Norte "), fold_name("MA\u{301}LAGA norte"));
        assert_eq!(fold_name("Stra\u{df}e"), fold_name("STRASSE"));
        assert_ne!(fold_name("Madrid"), fold_name("Madrid Norte"));
    }

    #[test]
    fn extensions_are_two_to_ten_ascii_digits() {
        for good in ["12", "0123", "12345678", "0123456789"] {
            assert!(Extension::parse(good).is_ok(), "{good}");
        }
        for bad in ["1", "12345678901", "12a", "\u{661}\u{662}\u{663}", "+12", ""] {
            assert!(Extension::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn numbers_are_e164() {
        assert!(PhoneNumber::parse("+34911234567").is_ok());
        for bad in ["+0911234567", "34911234567", "+", "+1234567890123456", "+34 911"] {
            assert!(PhoneNumber::parse(bad).is_err(), "{bad}");
        }
    }
}
