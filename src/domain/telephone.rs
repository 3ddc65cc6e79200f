//! Telephone numbers as Webex spells them: one number has several spellings.

use super::PhoneNumber;

/// Fewer digits are no whole national number: such a text is an extension.
const SHORTEST_NATIONAL: usize = 7;

/// The code by which a country is dialled (ITU-T E.164), such as `34`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallingCode(&'static str);

impl CallingCode {
    /// The code of a country by its two letters (ISO 3166-1).
    pub fn of_country(alpha2: &str) -> Option<CallingCode> {
        let known = CODES.iter().find(|(_, countries)| countries.split(' ').any(|one| one == alpha2));
        known.map(|(code, _)| CallingCode(code))
    }

    /// The code that the digits of a number begin with; no code begins another one.
    fn of_digits(digits: &str) -> Option<CallingCode> {
        CODES.iter().find(|(code, _)| digits.starts_with(code)).map(|(code, _)| CallingCode(code))
    }
}

impl PhoneNumber {
    /// Whether a text of Webex spells this number: with separators, or, at a place in a country, without the plus sign or
    /// the country's code. `home` is the code of that country; where it is not known, that of the number is taken for it.
    pub fn is_spelled(&self, text: &str, home: Option<CallingCode>) -> bool {
        let text = without_separators(text);
        if text.starts_with('+') {
            return text == self.as_str();
        }
        let digits = self.as_str().trim_start_matches('+');
        let code = CallingCode::of_digits(digits).filter(|code| home.is_none_or(|home| home == *code));
        let Some(CallingCode(code)) = code else { return home.is_none() && text == digits };
        let national = digits.strip_prefix(code).unwrap_or(digits);
        text.len() >= SHORTEST_NATIONAL && (text == national || text == digits)
    }

    /// The number that a text with its country's code spells.
    pub fn spelled(text: &str) -> Option<PhoneNumber> {
        PhoneNumber::parse(&without_separators(text)).ok()
    }
}

/// Whether two texts that somebody may dial are one: numbers in any spelling, or the same digits.
pub fn dials_the_same(shown: &str, wanted: &str, home: Option<CallingCode>) -> bool {
    match PhoneNumber::parse(wanted) {
        Ok(number) => number.is_spelled(shown, home),
        Err(_) => without_separators(shown) == without_separators(wanted),
    }
}

/// The form of the calling back end, a hyphen behind the country's code and no other separator, as E.164.
pub fn without_hyphen(text: &str) -> Option<PhoneNumber> {
    let (code, national) = text.strip_prefix('+')?.split_once('-')?;
    if CODES.iter().any(|(known, _)| *known == code) && national.bytes().all(|byte| byte.is_ascii_digit()) {
        return PhoneNumber::spelled(text);
    }
    None
}

fn without_separators(text: &str) -> String {
    text.trim().replace([' ', '-', '.', '(', ')'], "")
}

/// Codes with the countries and territories that have them.
const CODES: &[(&str, &str)] = &[
    ("1", "US CA AG AI AS BB BM BS DM DO GD GU JM KN KY LC MP MS PR SX TC TT VC VG VI"),
    ("7", "RU KZ"),
    ("20", "EG"),
    ("211", "SS"),
    ("212", "MA EH"),
    ("213", "DZ"),
    ("216", "TN"),
    ("218", "LY"),
    ("220", "GM"),
    ("221", "SN"),
    ("222", "MR"),
    ("223", "ML"),
    ("224", "GN"),
    ("225", "CI"),
    ("226", "BF"),
    ("227", "NE"),
    ("228", "TG"),
    ("229", "BJ"),
    ("230", "MU"),
    ("231", "LR"),
    ("232", "SL"),
    ("233", "GH"),
    ("234", "NG"),
    ("235", "TD"),
    ("236", "CF"),
    ("237", "CM"),
    ("238", "CV"),
    ("239", "ST"),
    ("240", "GQ"),
    ("241", "GA"),
    ("242", "CG"),
    ("243", "CD"),
    ("244", "AO"),
    ("245", "GW"),
    ("246", "IO"),
    ("248", "SC"),
    ("249", "SD"),
    ("250", "RW"),
    ("251", "ET"),
    ("252", "SO"),
    ("253", "DJ"),
    ("254", "KE"),
    ("255", "TZ"),
    ("256", "UG"),
    ("257", "BI"),
    ("258", "MZ"),
    ("260", "ZM"),
    ("261", "MG"),
    ("262", "RE YT TF"),
    ("263", "ZW"),
    ("264", "NA"),
    ("265", "MW"),
    ("266", "LS"),
    ("267", "BW"),
    ("268", "SZ"),
    ("269", "KM"),
    ("27", "ZA"),
    ("290", "SH"),
    ("291", "ER"),
    ("297", "AW"),
    ("298", "FO"),
    ("299", "GL"),
    ("30", "GR"),
    ("31", "NL"),
    ("32", "BE"),
    ("33", "FR"),
    ("34", "ES"),
    ("350", "GI"),
    ("351", "PT"),
    ("352", "LU"),
    ("353", "IE"),
    ("354", "IS"),
    ("355", "AL"),
    ("356", "MT"),
    ("357", "CY"),
    ("358", "FI AX"),
    ("359", "BG"),
    ("36", "HU"),
    ("370", "LT"),
    ("371", "LV"),
    ("372", "EE"),
    ("373", "MD"),
    ("374", "AM"),
    ("375", "BY"),
    ("376", "AD"),
    ("377", "MC"),
    ("378", "SM"),
    ("380", "UA"),
    ("381", "RS"),
    ("382", "ME"),
    ("383", "XK"),
    ("385", "HR"),
    ("386", "SI"),
    ("387", "BA"),
    ("389", "MK"),
    ("39", "IT VA"),
    ("40", "RO"),
    ("41", "CH"),
    ("420", "CZ"),
    ("421", "SK"),
    ("423", "LI"),
    ("43", "AT"),
    ("44", "GB GG IM JE"),
    ("45", "DK"),
    ("46", "SE"),
    ("47", "NO SJ"),
    ("48", "PL"),
    ("49", "DE"),
    ("500", "FK GS"),
    ("501", "BZ"),
    ("502", "GT"),
    ("503", "SV"),
    ("504", "HN"),
    ("505", "NI"),
    ("506", "CR"),
    ("507", "PA"),
    ("508", "PM"),
    ("509", "HT"),
    ("51", "PE"),
    ("52", "MX"),
    ("53", "CU"),
    ("54", "AR"),
    ("55", "BR"),
    ("56", "CL"),
    ("57", "CO"),
    ("58", "VE"),
    ("590", "GP BL MF"),
    ("591", "BO"),
    ("592", "GY"),
    ("593", "EC"),
    ("594", "GF"),
    ("595", "PY"),
    ("596", "MQ"),
    ("597", "SR"),
    ("598", "UY"),
    ("599", "BQ CW"),
    ("60", "MY"),
    ("61", "AU CC CX"),
    ("62", "ID"),
    ("63", "PH"),
    ("64", "NZ PN"),
    ("65", "SG"),
    ("66", "TH"),
    ("670", "TL"),
    ("672", "NF AQ"),
    ("673", "BN"),
    ("674", "NR"),
    ("675", "PG"),
    ("676", "TO"),
    ("677", "SB"),
    ("678", "VU"),
    ("679", "FJ"),
    ("680", "PW"),
    ("681", "WF"),
    ("682", "CK"),
    ("683", "NU"),
    ("685", "WS"),
    ("686", "KI"),
    ("687", "NC"),
    ("688", "TV"),
    ("689", "PF"),
    ("690", "TK"),
    ("691", "FM"),
    ("692", "MH"),
    ("81", "JP"),
    ("82", "KR"),
    ("84", "VN"),
    ("850", "KP"),
    ("852", "HK"),
    ("853", "MO"),
    ("855", "KH"),
    ("856", "LA"),
    ("86", "CN"),
    ("880", "BD"),
    ("886", "TW"),
    ("90", "TR"),
    ("91", "IN"),
    ("92", "PK"),
    ("93", "AF"),
    ("94", "LK"),
    ("95", "MM"),
    ("960", "MV"),
    ("961", "LB"),
    ("962", "JO"),
    ("963", "SY"),
    ("964", "IQ"),
    ("965", "KW"),
    ("966", "SA"),
    ("967", "YE"),
    ("968", "OM"),
    ("970", "PS"),
    ("971", "AE"),
    ("972", "IL"),
    ("973", "BH"),
    ("974", "QA"),
    ("975", "BT"),
    ("976", "MN"),
    ("977", "NP"),
    ("98", "IR"),
    ("992", "TJ"),
    ("993", "TM"),
    ("994", "AZ"),
    ("995", "GE"),
    ("996", "KG"),
    ("998", "UZ"),
];

#[cfg(test)]
mod tests;
