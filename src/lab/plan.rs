//! What is to be asked, and what that does to the organisation, told before the first request.

use std::time::Duration;

use crate::domain::{Email, LicenseChoice, PhoneNumber};

/// The most numbers that are tried.
const NUMBERS_CAP: usize = 1_000;

/// What the command line says.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The location that was named for the trials.
    pub location: String,
    /// Somebody without calling.
    pub person: Option<Email>,
    /// Numbers that nobody has, for the limit of adding them.
    pub numbers: Vec<PhoneNumber>,
    /// How long each family of endpoints is asked 20 times a second.
    pub rates: Option<Duration>,
    /// Which licence.
    pub licence: LicenseChoice,
    /// The subscription to take it from.
    pub subscription: Option<String>,
    /// The organisation, for partner tokens.
    pub org_id: Option<String>,
    /// The name that a second location gets, should Webex make one.
    pub second_name: String,
}

impl Plan {
    /// What will be created, changed and left behind.
    pub fn announce(&self) -> String {
        let location = &self.location;
        let mut lines = vec![
            format!("check --lab asks Webex on purpose what a job avoids. In location {location:?} it will"),
            format!(
                "  create        a second location of the same name, if Webex lets it, renamed to {:?}",
                self.second_name
            ),
            "  change        the second line of its address and its notes, and put both back".to_owned(),
        ];
        match &self.person {
            Some(person) => lines.push(format!(
                "  change        {person}: gets a calling licence with a free extension, and loses it again; also tried with an\n                extension that is taken and with a free number of another location"
            )),
            None => lines.push("  not ask       what needs a person (--person EMAIL, somebody without calling)".to_owned()),
        }
        match (self.numbers.first(), self.numbers.last()) {
            (Some(first), Some(last)) => lines.push(format!(
                "  create        {} numbers {first} .. {last}, out of service, and delete them again",
                self.numbers.len()
            )),
            _ => lines.push("  not ask       how many numbers one request may add (--numbers FIRST..LAST, numbers that nobody has)".to_owned()),
        }
        match self.rates {
            Some(each) => lines.push(format!(
                "  send          20 reads a second for {} s to each of {} families of endpoints; nobody else should work there meanwhile",
                each.as_secs_f64(),
                super::rates::FAMILIES
            )),
            None => lines.push("  not ask       about rates (--rates, takes some minutes)".to_owned()),
        }
        lines.push(format!(
            "  leave behind  {:?}, if it was made: Webex deletes no location on request",
            self.second_name
        ));
        if let Some(person) = &self.person {
            lines.push(format!(
                "                {person} in the identity group of {location:?}, and without the work number that the directory had set"
            ));
        }
        lines.push(
            "It never changes a name or an address of a person, and deletes nothing that it did not make."
                .to_owned(),
        );
        lines.join("\n")
    }
}

/// Numbers as `--numbers` has them: single ones and ranges `FIRST..LAST`, separated by commas.
pub fn numbers(text: &str) -> Result<Vec<PhoneNumber>, String> {
    let mut found = Vec::new();
    for part in text.split(',').map(str::trim) {
        let (first, last) = part.split_once("..").unwrap_or((part, part));
        let (first, last) = (number(first)?, number(last)?);
        let span = value(&first)?..=value(&last)?;
        if first.as_str().len() != last.as_str().len() || span.is_empty() {
            return Err(format!("{part}: a range goes from a lower to a higher number of the same length"));
        }
        for value in span {
            if found.len() == NUMBERS_CAP {
                return Err(format!("more than {NUMBERS_CAP} numbers"));
            }
            found.push(number(&format!("+{value}"))?);
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

fn number(text: &str) -> Result<PhoneNumber, String> {
    PhoneNumber::parse(text.trim()).map_err(|error| format!("{error}; write +34910000000..+34910000199"))
}

fn value(number: &PhoneNumber) -> Result<u64, String> {
    let digits = number.as_str().trim_start_matches('+');
    digits.parse().map_err(|_| format!("{number} has too many digits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_singly_and_in_ranges() {
        let texts = |text| {
            numbers(text).map(|all| all.iter().map(|number| number.as_str().to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(
            texts("+34910000009..+34910000011").unwrap(),
            ["+34910000009", "+34910000010", "+34910000011"]
        );
        assert_eq!(
            texts("+34910000002, +34910000001,+34910000001").unwrap(),
            ["+34910000001", "+34910000002"]
        );
        for bad in [
            "",
            "34910000001",
            "+34910000002..+34910000001",
            "+3491000000..+34910000001",
            "+34910000000..+34919999999",
        ] {
            assert!(numbers(bad).is_err(), "{bad}");
        }
    }
}
