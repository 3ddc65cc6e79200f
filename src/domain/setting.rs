//! The catalogue of a person's calling settings: one line a flat column, read by validation,
//! payloads and the written schema alike.

use std::collections::BTreeMap;

text_enum! {
    /// One object of settings in Webex, read by one GET and written by one PUT.
    Feature {
        /// `/people/{id}/features/callWaiting`
        CallWaiting = "callWaiting",
        /// `/people/{id}/features/doNotDisturb`
        DoNotDisturb = "doNotDisturb",
    }
}

impl Feature {
    /// The path segments behind `/v1` for a person.
    pub fn path(self, person: &str) -> Vec<String> {
        ["people", person, "features", self.as_str()].map(str::to_owned).to_vec()
    }

    /// Fields that a GET shows and a PUT must not carry.
    pub const fn read_only(self) -> &'static [&'static str] {
        match self {
            Feature::CallWaiting | Feature::DoNotDisturb => &[],
        }
    }
}

/// The type of a setting's cell and its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingKind {
    /// `true` or `false`.
    Bool,
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

/// Every setting that has a dependable admin path (contract 5), as far as this version carries it.
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "call_waiting_enabled",
        feature: Feature::CallWaiting,
        field: "/enabled",
        kind: SettingKind::Bool,
        about: "a second call is offered during a call",
    },
    Setting {
        name: "do_not_disturb_enabled",
        feature: Feature::DoNotDisturb,
        field: "/enabled",
        kind: SettingKind::Bool,
        about: "calls get the busy treatment",
    },
];

impl Setting {
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
        }
    }
}

/// The settings that a row states, by the object that holds them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings(BTreeMap<Feature, Vec<(&'static Setting, SettingValue)>>);

impl Settings {
    /// Adds one stated setting.
    pub fn state(&mut self, setting: &'static Setting, value: SettingValue) {
        self.0.entry(setting.feature).or_default().push((setting, value));
    }

    /// Whether the row states none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each object with the values the row states for it.
    pub fn by_feature(&self) -> impl Iterator<Item = (Feature, &[(&'static Setting, SettingValue)])> {
        self.0.iter().map(|(feature, values)| (*feature, values.as_slice()))
    }
}
