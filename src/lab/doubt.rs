//! The doubts as facts: what is asked, and what each answer means for what wxbulk does without knowing it.

/// One open doubt about what Webex does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    SettingsWithoutLocation,
    ExtensionTaken,
    NumberElsewhere,
    Overage,
    SettingsAfterLicence,
    LicenceAgain,
    AddressWithPstn,
    NameTaken,
    NotesLength,
    ValidateLimit,
    NumbersLimit,
    Rates,
}

/// What is known of a doubt before it is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts {
    pub(super) id: &'static str,
    pub(super) question: &'static str,
    pub(super) yes: &'static str,
    pub(super) no: &'static str,
    pub(super) refused: &'static str,
    /// What wxbulk does as long as nobody knows.
    pub(super) default: &'static str,
}

const SETTINGS_WITHOUT_LOCATION: Facts = Facts {
    id: "settings_without_location",
    question: "Are calling settings shown of somebody who holds a calling licence without a location?",
    yes: "Settings of such people can be read; wxbulk could write them without giving a line first.",
    no: "The calling back end does not know such people. It is the person and not the token: give the licence anew, with a location.",
    refused: "Not the refusal that is known for such people. See that it is not taken for one of the token.",
    default: "A refusal ends the row pending; its settings are not written.",
};

const SETTINGS_AFTER_LICENCE: Facts = Facts {
    id: "settings_after_licence",
    question: "Are all calling settings of a person shown at once after the licence was given?",
    yes: "Settings may follow the licence without a wait.",
    no: "Settings that follow the licence at once are refused. Set SETTLE_SECONDS to no less than the time in `seen`; rows that were refused go on after a requeue.",
    refused: "Not the refusal of a back end that lags. See that it is not taken for one of the token.",
    default: "Settings are asked for directly after the licence; a refusal makes the row wait.",
};

const ADDRESS_WITH_PSTN: Facts = Facts {
    id: "address_with_pstn",
    question: "Does PUT /locations/{id} change the address of a location that has PSTN?",
    yes: "An address could be changed as before PSTN is set; to leave it to the operator is safe all the same.",
    no: "The answer is success and nothing changes: the status proves nothing, and the address goes by the emergency address.",
    refused: "An address goes by the emergency address once PSTN is set.",
    default: "A differing address of a location with PSTN is not trusted to this request.",
};

const LICENCE_AGAIN: Facts = Facts {
    id: "licence_again",
    question: "Does adding a licence that is held already, with another extension, change the extension?",
    yes: "EXTENSION_CHANGE=license_patch works and can be used.",
    no: "EXTENSION_CHANGE=license_patch changes nothing and says so; extensions change in Control Hub.",
    refused: "EXTENSION_CHANGE=license_patch is refused; extensions change in Control Hub.",
    default: "EXTENSION_CHANGE is off: another extension is left to the operator.",
};

const OVERAGE: Facts = Facts {
    id: "overage",
    question: "Is a calling licence given that has no free unit?",
    yes: "That rows wait without a free unit is a rule of wxbulk and not of Webex: whoever sends past it gets more than was bought.",
    no: "The answer is success without the licence: what wxbulk reads in the answer is what counts.",
    refused: "Webex counts units as wxbulk does.",
    default: "Without a free unit no licence is asked for.",
};

const EXTENSION_TAKEN: Facts = Facts {
    id: "extension_taken",
    question: "Is a licence given with an extension that somebody else in the location has?",
    yes: "Webex does not keep extensions apart: the check before the first write is all that does.",
    no: "The licence is given without the extension: only the look afterwards proves a line.",
    refused: "The row is pending with this status and code; nothing was given.",
    default: "Extensions are checked before the first write, and looked at after it.",
};

const NUMBER_ELSEWHERE: Facts = Facts {
    id: "number_elsewhere",
    question: "Is a licence given with a free number of another location?",
    yes: "Webex does not keep the numbers of locations apart: the look at the inventory before is all that does.",
    no: "The licence is given without the number: only the look afterwards proves a line.",
    refused: "The row is pending with this status and code; nothing was given.",
    default: "A number of another location is not asked for.",
};

const NAME_TAKEN: Facts = Facts {
    id: "name_taken",
    question: "Does POST /locations make a second location of a name that is taken?",
    yes: "Nothing but the look before each create keeps a site from being made twice.",
    no: "The answer is the location that is there: to create twice is harmless.",
    refused: "A second one is refused; wxbulk looks after the refusal and goes on with the one that is there.",
    default: "A complete look comes before each create, and after each lost answer.",
};

const NOTES_LENGTH: Facts = Facts {
    id: "notes_length",
    question: "Is there a limit to the length of a location's notes?",
    yes: "Keep notes shorter than that, the line with the external id included.",
    no: "No limit that a job would meet.",
    refused: "Notes of a location that exists cannot be changed: the tag of an external id can be set at its creation only.",
    default: "Notes are sent as they are.",
};

const VALIDATE_LIMIT: Facts = Facts {
    id: "validate_extensions_limit",
    question: "Is there a limit to the extensions that one validateExtensions takes?",
    yes: "wxbulk sends 100 at a time: safe if `seen` says 100 or more.",
    no: "wxbulk sends 100 at a time and could send more.",
    refused: "Extensions cannot be checked before they are given in this organisation.",
    default: "At most 100 at a time.",
};

const NUMBERS_LIMIT: Facts = Facts {
    id: "numbers_limit",
    question: "Is there a limit to the numbers that one POST adds to a location?",
    yes: "wxbulk sends 100 at a time: safe if `seen` says 100 or more.",
    no: "wxbulk sends 100 at a time and could send more.",
    refused: "Numbers of this kind cannot be added to this location at all.",
    default: "At most 100 at a time.",
};

const RATES: Facts = Facts {
    id: "rates",
    question: "Are requests refused for pace (429) at 20 a second?",
    yes: "wxbulk finds the pace by itself; `seen` says what a night may take, and whether Retry-After can be read.",
    no: "20 requests a second are let through; wxbulk goes faster until it is refused.",
    refused: "",
    default: "The pace is learnt in each run.",
};

impl Doubt {
    pub(super) const fn facts(self) -> Facts {
        match self {
            Doubt::SettingsWithoutLocation => SETTINGS_WITHOUT_LOCATION,
            Doubt::SettingsAfterLicence => SETTINGS_AFTER_LICENCE,
            Doubt::AddressWithPstn => ADDRESS_WITH_PSTN,
            Doubt::LicenceAgain => LICENCE_AGAIN,
            Doubt::Overage => OVERAGE,
            Doubt::ExtensionTaken => EXTENSION_TAKEN,
            Doubt::NumberElsewhere => NUMBER_ELSEWHERE,
            Doubt::NameTaken => NAME_TAKEN,
            Doubt::NotesLength => NOTES_LENGTH,
            Doubt::ValidateLimit => VALIDATE_LIMIT,
            Doubt::NumbersLimit => NUMBERS_LIMIT,
            Doubt::Rates => RATES,
        }
    }
}
