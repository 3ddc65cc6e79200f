//! A person's calling settings: flat columns, the objects of Webex that hold them, and the values that rows state. One
//! catalogue serves validation, payloads and the written schema.

use std::collections::{BTreeMap, BTreeSet};

use super::{Email, Extension, Permission, PhoneNumber};

mod catalogue;
mod feature;

pub use catalogue::SETTINGS;
pub use feature::{Family, Feature, FeatureSpec, Fill};

/// The type of a setting's cell and its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingKind {
    /// `true` or `false`.
    Bool,
    /// One of these words, in Webex's spelling.
    Choice {
        /// The words.
        choices: &'static [&'static str],
        /// A further word that stands for `null`.
        none: Option<&'static str>,
    },
    /// A whole number.
    Integer {
        /// The smallest.
        least: u32,
        /// The largest.
        most: u32,
    },
    /// A text of at most this many characters.
    Text(usize),
    /// An E.164 number, or two to ten digits as they are dialled.
    Destination,
    /// An E.164 number.
    Phone,
    /// An extension.
    Extension,
    /// An e-mail address.
    Email,
    /// An IANA time zone.
    TimeZone,
    /// A moment in UTC.
    Moment,
    /// Permissions by type of call.
    Permissions,
    /// At most so many people, by their addresses.
    People {
        /// How many.
        most: usize,
    },
    /// One person, by address.
    Person,
}

/// One flat column of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// The column's name behind its prefix.
    pub name: &'static str,
    /// The object that holds it.
    pub feature: Feature,
    /// Where in the object: a JSON pointer (RFC 6901).
    pub field: &'static str,
    /// Its type.
    pub kind: SettingKind,
    /// One line for the written schema.
    pub about: &'static str,
}

impl Setting {
    /// Whether Webex may say yes to a value and not keep it: numbers that it does not accept there (webex.md 1.5).
    pub const fn may_be_dropped(&self) -> bool {
        matches!(self.feature, Feature::CallerId | Feature::EmergencyCallback)
            || matches!(self.kind, SettingKind::Destination | SettingKind::Phone)
    }

    /// The setting with this name (without prefix).
    pub fn find(name: &str) -> Option<&'static Setting> {
        SETTINGS.iter().find(|setting| setting.name == name)
    }
}

text_enum! {
    /// The prefix under which a row carries settings; it says the phase in which they are applied.
    UserSettingsPrefix {
        /// On user rows, applied in phase 2.
        Calling = "calling_settings_",
        /// On assignment rows, applied in phase 3.
        Final = "final_settings_",
    }
}

/// A setting's value as the row states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingValue {
    /// On or off.
    Bool(bool),
    /// A number.
    Integer(u32),
    /// A text as Webex takes it.
    Text(String),
    /// None of the choices: `null`.
    Nothing,
    /// Permissions by type of call.
    Permissions(Vec<Permission>),
    /// These people; Webex takes their ids.
    People(Vec<Email>),
    /// This person; Webex takes the id.
    Person(Email),
}

impl SettingValue {
    /// Reads the normalised text of a cell.
    pub fn parse(kind: SettingKind, text: &str) -> Option<SettingValue> {
        match kind {
            SettingKind::Bool => match text {
                "true" => Some(SettingValue::Bool(true)),
                "false" => Some(SettingValue::Bool(false)),
                _ => None,
            },
            SettingKind::Choice { none: Some(none), .. } if text == none => Some(SettingValue::Nothing),
            SettingKind::Choice { choices, .. } => {
                choices.contains(&text).then(|| SettingValue::Text(text.to_owned()))
            }
            SettingKind::Integer { least, most } => {
                let number = text.parse().ok().filter(|number| (least..=most).contains(number));
                number.map(SettingValue::Integer)
            }
            SettingKind::Text(_) | SettingKind::Destination | SettingKind::TimeZone | SettingKind::Moment => {
                Some(SettingValue::Text(text.to_owned()))
            }
            SettingKind::Phone => PhoneNumber::parse(text).ok().map(|_| SettingValue::Text(text.to_owned())),
            SettingKind::Extension => {
                Extension::parse(text).ok().map(|_| SettingValue::Text(text.to_owned()))
            }
            SettingKind::Email => Email::parse(text).ok().map(|_| SettingValue::Text(text.to_owned())),
            SettingKind::Permissions => {
                let permissions = text.split('|').map(Permission::parse).collect::<Option<Vec<_>>>();
                permissions.map(SettingValue::Permissions)
            }
            SettingKind::People { most } => {
                let people = text.split('|').map(Email::parse).collect::<Result<Vec<_>, _>>().ok();
                people.filter(|people| people.len() <= most).map(SettingValue::People)
            }
            SettingKind::Person => Email::parse(text).ok().map(SettingValue::Person),
        }
    }

    fn people(&self) -> &[Email] {
        match self {
            SettingValue::People(people) => people,
            SettingValue::Person(person) => std::slice::from_ref(person),
            SettingValue::Bool(_)
            | SettingValue::Integer(_)
            | SettingValue::Text(_)
            | SettingValue::Nothing
            | SettingValue::Permissions(_) => &[],
        }
    }
}

/// A setting with the value that a row states for it.
pub type StatedSetting = (&'static Setting, SettingValue);

/// The settings that a row states, by the object that holds them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings(BTreeMap<Feature, Vec<StatedSetting>>);

impl Settings {
    /// Adds one stated setting.
    pub fn state(&mut self, setting: &'static Setting, value: SettingValue) {
        self.0.entry(setting.feature).or_default().push((setting, value));
    }

    /// Whether the row states none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each object with the values the row states for it, in the order in which they are written.
    pub fn by_feature(&self) -> impl Iterator<Item = (Feature, &[StatedSetting])> {
        self.0.iter().map(|(feature, values)| (*feature, values.as_slice()))
    }

    /// The settings but for those that others state too.
    pub fn without(&self, others: &Settings) -> Settings {
        let stated = |(setting, _): &StatedSetting| {
            let theirs = others.0.get(&setting.feature).into_iter().flatten();
            theirs.into_iter().any(|(known, _)| known.name == setting.name)
        };
        let mut left = self.0.clone();
        left.values_mut().for_each(|values| values.retain(|value| !stated(value)));
        left.retain(|_, values| !values.is_empty());
        Settings(left)
    }

    /// Every person whom the values name, once.
    pub fn people(&self) -> BTreeSet<&Email> {
        self.0.values().flatten().flat_map(|(_, value)| value.people()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_no_two_columns_share_a_field() {
        for (at, setting) in SETTINGS.iter().enumerate() {
            for other in &SETTINGS[..at] {
                assert_ne!(setting.name, other.name);
                assert_ne!(
                    (setting.feature, setting.field),
                    (other.feature, other.field),
                    "{}",
                    setting.name
                );
            }
        }
    }

    #[test]
    fn every_feature_has_a_column_and_every_flag_says_so_in_its_name() {
        for feature in Feature::ALL {
            assert!(SETTINGS.iter().any(|setting| setting.feature == *feature), "{feature}");
        }
        for setting in SETTINGS {
            assert_eq!(
                setting.kind == SettingKind::Bool,
                setting.name.ends_with("_enabled"),
                "{}",
                setting.name
            );
        }
    }

    #[test]
    fn what_needs_professional_says_so() {
        for setting in SETTINGS {
            let says = setting.about.contains("needs a Professional licence");
            assert_eq!(says, setting.feature.spec().professional, "{}", setting.name);
        }
    }

    #[test]
    fn paths_of_both_families() {
        let path = |feature: Feature| feature.path(feature.spec().family, "ID").join("/");
        assert_eq!(path(Feature::BargeIn), "people/ID/features/bargeIn");
        assert_eq!(path(Feature::LanguageAndTimeZone), "telephony/config/people/ID");
        assert_eq!(path(Feature::HotDeskingGuest), "telephony/config/people/ID/features/hotDesking/guest");
    }
}
