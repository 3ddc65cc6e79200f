use proptest::prelude::*;

use super::*;

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text).unwrap()
}

/// A country's code and a national number of at least seven digits.
fn parts() -> impl Strategy<Value = (&'static str, String)> {
    (proptest::sample::select(CODES), "[1-9][0-9]{6,9}").prop_map(|((code, _), national)| (code, national))
}

proptest! {
    #[test]
    fn every_spelling_of_a_number_is_that_number((code, national) in parts()) {
        let wanted = number(&format!("+{code}{national}"));
        let (front, back) = national.split_at(3);
        let spellings = [
            format!("+{code}{national}"), format!("+{code}-{national}"), format!(" +{code} ({front}) {back} "),
            format!("+{code}.{front}-{back}"), format!("{code}{national}"), national.clone(), format!("{front}-{back}"),
        ];
        for home in [None, Some(CallingCode(code))] {
            for text in &spellings {
                prop_assert!(wanted.is_spelled(text, home), "{} {}", wanted, text);
            }
        }
        prop_assert_eq!(PhoneNumber::spelled(&spellings[2]), Some(wanted.clone()));
        prop_assert_eq!(without_hyphen(&spellings[1]), Some(wanted.clone()));
        // In another country only the whole number is it.
        let other = CODES.iter().map(|(other, _)| CallingCode(other)).find(|other| other.0 != code);
        prop_assert!(wanted.is_spelled(&spellings[1], other) && !wanted.is_spelled(&national, other));
    }

    #[test]
    fn another_number_is_not_in_whatever_spelling((code, national) in parts(), (other_code, other) in parts()) {
        prop_assume!((code, &national) != (other_code, &other));
        let wanted = number(&format!("+{code}{national}"));
        let texts = [format!("+{other_code}{other}"), format!("+{other_code}-{other}")];
        for text in texts {
            prop_assert!(!wanted.is_spelled(&text, None) && !wanted.is_spelled(&text, Some(CallingCode(code))));
        }
        if national != other {
            let whole = [code, &national].concat();
            prop_assert!(!wanted.is_spelled(&other, Some(CallingCode(code))) || whole == other);
        }
    }

    #[test]
    fn a_part_of_a_number_is_not_the_number((code, national) in parts(), cut in 1_usize..9) {
        let wanted = number(&format!("+{code}{national}"));
        let (_, suffix) = national.split_at(cut.min(national.len()));
        prop_assert!(!wanted.is_spelled(suffix, None), "{} {}", wanted, suffix);
        prop_assert!(!wanted.is_spelled(&["+", suffix].concat(), None));
    }

    #[test]
    fn digits_that_are_dialled_are_those_digits_and_no_number(
        extension in "[0-9]{2,10}",
        other in "[0-9]{2,10}",
        (code, national) in parts(),
    ) {
        prop_assert!(dials_the_same(&extension, &extension, None));
        prop_assert_eq!(dials_the_same(&other, &extension, None), other == extension);
        let number = format!("+{code}-{national}");
        prop_assert!(!dials_the_same(&number, &extension, Some(CallingCode(code))));
    }
}

#[test]
fn examples_of_the_back_end() {
    let spain = CallingCode::of_country("ES");
    let cases = [
        ("+19195559876", "+1-9195559876", None, true),
        ("+19195559876", "9195559876", CallingCode::of_country("CA"), true),
        ("+19195559876", "919-555-9876", None, true),
        ("+34911234567", "911234567", spain, true),
        ("+34911234567", "34911234567", spain, true),
        ("+34911234567", "1234567", spain, false),
        ("+34911234567", "4911234567", None, false),
        ("+34911234567", "", None, false),
        ("+34911234567", "911234567", CallingCode::of_country("FR"), false),
        ("+33911234567", "911234567", spain, false),
        // What a Chinese place shows is a Chinese number, not one of the United States without its plus sign.
        ("+13800138000", "13800138000", CallingCode::of_country("CN"), false),
        ("+8613800138000", "13800138000", CallingCode::of_country("CN"), true),
        // Four digits behind the code are an extension when they come alone.
        ("+2901234", "1234", CallingCode::of_country("SH"), false),
        // A code of no country has no national form.
        ("+800123456789", "123456789", None, false),
        ("+800123456789", "800123456789", None, true),
    ];
    for (wanted, shown, home, same) in cases {
        assert_eq!(number(wanted).is_spelled(shown, home), same, "{wanted} {shown} {home:?}");
    }
}

#[test]
fn only_the_form_of_the_back_end_is_respelled() {
    for text in
        ["+34 911234567", "+3-911234567", "+34-911-234567", "34-911234567", "+34-Sales", "+34-", "911-234567"]
    {
        assert_eq!(without_hyphen(text), None, "{text}");
    }
}

#[test]
fn no_code_begins_another_and_no_country_has_two() {
    for (at, (code, countries)) in CODES.iter().enumerate() {
        for (other, others) in &CODES[..at] {
            assert!(!code.starts_with(other) && !other.starts_with(code), "{code} {other}");
            for country in countries.split(' ') {
                assert!(others.split(' ').all(|known| known != country), "{country}");
            }
        }
    }
}

#[test]
fn every_country_of_the_standard_has_a_code_but_those_without_a_network_of_their_own() {
    let without: Vec<&str> = rust_iso3166::ALL
        .iter()
        .map(|country| country.alpha2)
        .filter(|alpha2| CallingCode::of_country(alpha2).is_none())
        .collect();
    assert_eq!(without, ["BV", "HM", "UM"]);
}
