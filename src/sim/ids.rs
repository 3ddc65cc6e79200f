//! Webex ids: base64 without padding of `ciscospark://us/TYPE/UNIQUE`, the same in every run.

use fastrand::Rng;
use serde_json::Value;

use super::habits::IdForm;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const PREFIX: &str = "ciscospark://us/";

/// An opaque id of `kind` (`PEOPLE`, `LOCATION`, ..) around its unique part.
pub(crate) fn encode_id(kind: &str, unique: &str) -> String {
    encode(format!("{PREFIX}{kind}/{unique}").as_bytes())
}

/// Gives every id of an answer the form of its kind.
pub(crate) fn reform(forms: &[IdForm], value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some(reformed) = reformed(forms, text) {
                *text = reformed;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| reform(forms, item)),
        Value::Object(fields) => fields.values_mut().for_each(|field| reform(forms, field)),
        _ => {}
    }
}

fn reformed(forms: &[IdForm], id: &str) -> Option<String> {
    // All ids begin with the same letters: most texts need not be decoded.
    let decoded = String::from_utf8(id.starts_with("Y2lzY29z").then(|| decode(id))??).ok()?;
    let (kind, unique) = decoded.strip_prefix(PREFIX)?.split_once('/')?;
    let form = forms.iter().find(|form| form.kind == kind)?;
    let mut id = encode(format!("ciscospark://{}/{kind}/{unique}", form.cluster).as_bytes());
    while form.padded && !id.len().is_multiple_of(4) {
        id.push('=');
    }
    Some(id)
}

/// The unique part of an id, whether it came encoded, padded or bare.
pub(crate) fn unique_part(id: &str) -> String {
    let decoded = decode(id.trim_end_matches('=')).and_then(|bytes| String::from_utf8(bytes).ok());
    match decoded {
        Some(text) if text.starts_with("ciscospark://") => {
            text.rsplit('/').next().unwrap_or_default().to_owned()
        }
        _ => id.to_owned(),
    }
}

/// A UUID that depends on nothing but `seed`.
pub(crate) fn uuid(seed: &str) -> String {
    let hash = seed.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let bits = Rng::with_seed(hash).u128(..);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        bits >> 96,
        (bits >> 80) & 0xffff,
        (bits >> 64) & 0xffff,
        (bits >> 48) & 0xffff,
        bits & 0xffff_ffff_ffff
    )
}

fn symbol(index: u8) -> char {
    ALPHABET.get(usize::from(index & 63)).copied().map_or('A', char::from)
}

fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 4 / 3 + 4);
    for chunk in bytes.chunks(3) {
        let mut octets = chunk.iter().copied();
        let (first, second, third) = (octets.next().unwrap_or(0), octets.next(), octets.next());
        text.push(symbol(first >> 2));
        text.push(symbol((first << 4) | (second.unwrap_or(0) >> 4)));
        if let Some(second) = second {
            text.push(symbol((second << 2) | (third.unwrap_or(0) >> 6)));
        }
        if let Some(third) = third {
            text.push(symbol(third));
        }
    }
    text
}

fn sextet(symbol: u8) -> Option<u32> {
    match symbol {
        b'A'..=b'Z' => Some(u32::from(symbol - b'A')),
        b'a'..=b'z' => Some(u32::from(symbol - b'a') + 26),
        b'0'..=b'9' => Some(u32::from(symbol - b'0') + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    for chunk in text.as_bytes().chunks(4) {
        let mut bits = 0_u32;
        for position in 0..4 {
            let value = chunk.get(position).map_or(Some(0), |symbol| sextet(*symbol))?;
            bits = (bits << 6) | value;
        }
        let octets = bits.to_be_bytes();
        bytes.extend(octets.iter().skip(1).take(chunk.len().saturating_sub(1)));
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_published_form() {
        let id = encode_id("LOCATION", "9ca3afd7-1926-4d4e-9d07-99d2c0e88aa0");
        assert_eq!(id, "Y2lzY29zcGFyazovL3VzL0xPQ0FUSU9OLzljYTNhZmQ3LTE5MjYtNGQ0ZS05ZDA3LTk5ZDJjMGU4OGFhMA");
        assert_eq!(unique_part(&id), "9ca3afd7-1926-4d4e-9d07-99d2c0e88aa0");
        assert_eq!(unique_part(&format!("{id}==")), "9ca3afd7-1926-4d4e-9d07-99d2c0e88aa0");
        assert_eq!(
            unique_part("9ca3afd7-1926-4d4e-9d07-99d2c0e88aa0"),
            "9ca3afd7-1926-4d4e-9d07-99d2c0e88aa0"
        );
    }

    #[test]
    fn a_kind_may_have_a_form_of_its_own() {
        let (place, person) =
            (encode_id("PLACE", "5101b07b-4f8f-4ef7"), encode_id("PEOPLE", "5101b07b-4f8f-4ef7"));
        let mut answer = serde_json::json!({"id": place, "members": [person], "name": "Lobby"});
        reform(&[IdForm::of_cluster("PLACE")], &mut answer);
        let shown = answer.get("id").and_then(Value::as_str).unwrap_or_default();
        let decoded = String::from_utf8(decode(shown.trim_end_matches('=')).expect("an id")).expect("an id");
        assert_eq!(decoded, "ciscospark://urn:TEAM:us-west-2_r/PLACE/5101b07b-4f8f-4ef7");
        assert!(shown.len().is_multiple_of(4) && shown.ends_with('='), "{shown}");
        assert_eq!(unique_part(shown), "5101b07b-4f8f-4ef7");
        assert_eq!(answer.get("members"), Some(&serde_json::json!([person])));
    }

    #[test]
    fn uuids_differ_by_seed_only() {
        assert_eq!(uuid("a"), uuid("a"));
        assert_ne!(uuid("a"), uuid("b"));
        assert_eq!(uuid("a").len(), 36);
    }
}
