//! Ids that came from Webex: one thing has several spellings.

use std::fmt;

use super::{RowId, ValueError};

/// An id that came from Webex and is safe to put into a path.
///
/// It is kept as Webex wrote it. The same thing may be written as base64 with or without padding, with another cluster
/// inside (`us`, `urn:TEAM:us-west-2_r`), or as the bare UUID that the base64 ends with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RemoteId(String);

/// What every id holds when it is decoded.
const SCHEME: &str = "ciscospark://";

impl RemoteId {
    /// Takes an id as Webex writes it; anything else is an error.
    pub fn parse(text: &str) -> Result<RemoteId, ValueError> {
        let safe = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'=' | b'-' | b':');
        if (1..=256).contains(&text.len()) && text.bytes().all(safe) {
            return Ok(RemoteId(text.to_owned()));
        }
        Err(ValueError::new("Webex id", text))
    }

    /// Stands for the id that Webex will give to what a row makes.
    pub fn to_come(row: RowId) -> RemoteId {
        RemoteId(format!("to-come-{row}"))
    }

    /// The text as Webex wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether both ids name one thing.
    pub fn same_as(&self, other: &RemoteId) -> bool {
        self.0 == other.0 || self.canonical() == other.canonical()
    }

    /// The form that is equal for equal things: the UUID that the id ends with, of a licence also the organisation and
    /// type before it, in lower case; of an id without a UUID its text without padding.
    pub fn canonical(&self) -> String {
        let text = self.0.trim_end_matches('=');
        let decoded = decode(text).filter(|decoded| decoded.starts_with(SCHEME));
        let unique = decoded.as_deref().and_then(|decoded| decoded.rsplit('/').next()).unwrap_or(text);
        if ends_with_uuid(unique) { unique.to_ascii_lowercase() } else { text.to_owned() }
    }
}

impl fmt::Display for RemoteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether this is a UUID, alone or behind what a `_` or `:` ends.
fn ends_with_uuid(text: &str) -> bool {
    let uuid = text.rsplit(['_', ':']).next().unwrap_or(text);
    uuid.len() == 36
        && uuid.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// The text that is written as base64, of either alphabet and without padding (RFC 4648).
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let (mut bits, mut held) = (0_u32, 0_u32);
    for symbol in text.bytes() {
        bits = (bits << 6) | sextet(symbol)?;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held).ok()?);
            bits &= (1 << held) - 1;
        }
    }
    String::from_utf8(bytes).ok()
}

fn sextet(symbol: u8) -> Option<u32> {
    Some(match symbol {
        b'A'..=b'Z' => u32::from(symbol - b'A'),
        b'a'..=b'z' => u32::from(symbol - b'a') + 26,
        b'0'..=b'9' => u32::from(symbol - b'0') + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    fn base64(text: &str) -> String {
        let mut encoded = String::new();
        for chunk in text.as_bytes().chunks(3) {
            let bits =
                (0..3).fold(0_usize, |bits, at| (bits << 8) | usize::from(*chunk.get(at).unwrap_or(&0)));
            let symbols = (0..4).map(|at| char::from(ALPHABET[(bits >> (18 - 6 * at)) & 63]));
            encoded.extend(symbols.take(chunk.len() + 1));
        }
        encoded
    }

    fn id(text: &str) -> RemoteId {
        RemoteId::parse(text).unwrap()
    }

    /// Every way in which an id with this unique part is seen.
    fn spellings(kind: &str, unique: &str) -> Vec<RemoteId> {
        let clusters = ["us", "eu", "urn:TEAM:us-west-2_r"];
        let bases = clusters.iter().map(|cluster| base64(&format!("ciscospark://{cluster}/{kind}/{unique}")));
        let padded = bases.flat_map(|base| [format!("{base}=="), format!("{base}="), base]);
        padded.chain([unique.to_owned(), unique.to_ascii_uppercase()]).map(|text| id(&text)).collect()
    }

    proptest! {
        #[test]
        fn all_spellings_of_one_thing_are_the_same_and_those_of_two_are_not(
            kind in "PEOPLE|LOCATION|PLACE|HUNT_GROUP",
            one in "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}",
            other in "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}",
        ) {
            let all = spellings(&kind, &one);
            for a in &all {
                prop_assert_eq!(a.canonical(), one.clone());
                prop_assert!(all.iter().all(|b| a.same_as(b)));
                prop_assert!(one == other || spellings(&kind, &other).iter().all(|b| !a.same_as(b)));
            }
        }

        #[test]
        fn any_text_has_a_canonical_form_that_is_its_own(text in "[A-Za-z0-9_=:-]{1,100}") {
            let canonical = id(&text).canonical();
            if !canonical.is_empty() {
                prop_assert_eq!(id(&canonical).canonical(), canonical);
            }
        }
    }

    #[test]
    fn licences_differ_by_their_type_too() {
        let org = "7f3a2c10-5b1e-4d53-9c2f-1f6f0c6a9e01";
        let unit = "0d4c8b5e-1111-4222-8333-944455556666";
        let all = spellings("LICENSE", &format!("{org}:CFPRO_{unit}"));
        assert!(all.iter().all(|one| one.same_as(&all[0])));
        for other in [format!("{org}:CFSTD_{unit}"), unit.to_owned(), org.to_owned()] {
            assert!(spellings("LICENSE", &other).iter().all(|other| !other.same_as(&all[0])), "{other}");
        }
    }

    #[test]
    fn an_id_without_a_uuid_is_compared_as_it_stands_but_for_its_padding() {
        assert!(id("Y2lz==").same_as(&id("Y2lz")));
        assert!(!id("Y2lz").same_as(&id("y2lz")));
        let named = |cluster: &str| id(&base64(&format!("ciscospark://{cluster}/AUTO_ATTENDANT/front desk")));
        assert!(!named("us").same_as(&named("eu")));
    }

    #[test]
    fn ids_never_carry_path_characters() {
        for bad in ["../people", "a/b", "a?b", "a%2fb", "", &"a".repeat(257)] {
            assert!(RemoteId::parse(bad).is_err(), "{bad}");
        }
    }
}
