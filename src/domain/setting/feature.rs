//! The objects of settings of a person in Webex: where each is, and how what a PUT takes differs from what a GET
//! shows (webex.md 5).

text_enum! {
    /// One object of settings in Webex, read by one GET and written by one PUT. A row's objects are written in this
    /// order: what others refer to comes first.
    Feature {
        /// Language of announcements and time zone.
        LanguageAndTimeZone = "languageAndTimeZone",
        /// Call waiting.
        CallWaiting = "callWaiting",
        /// Do not disturb.
        DoNotDisturb = "doNotDisturb",
        /// Voicemail.
        Voicemail = "voicemail",
        /// Call forwarding.
        CallForwarding = "callForwarding",
        /// Caller ID.
        CallerId = "callerId",
        /// Call recording.
        CallRecording = "callRecording",
        /// Barge in.
        BargeIn = "bargeIn",
        /// Call intercept.
        Intercept = "intercept",
        /// Who may call the person.
        IncomingPermission = "incomingPermission",
        /// Numbers to which outgoing calls are transferred.
        TransferNumbers = "autoTransferNumbers",
        /// Whom the person may call.
        OutgoingPermission = "outgoingPermission",
        /// Whose lines the person monitors.
        Monitoring = "monitoring",
        /// Hoteling.
        Hoteling = "hoteling",
        /// Privacy.
        Privacy = "privacy",
        /// Push to talk.
        PushToTalk = "pushToTalk",
        /// Receptionist client.
        Reception = "reception",
        /// Executive and assistant.
        ExecutiveAssistant = "executiveAssistant",
        /// Calling applications.
        Applications = "applications",
        /// Calling behaviour of the app.
        CallingBehavior = "callingBehavior",
        /// Music on hold.
        MusicOnHold = "musicOnHold",
        /// Emergency callback number.
        EmergencyCallback = "emergencyCallbackNumber",
        /// Personal assistant.
        PersonalAssistant = "personalAssistant",
        /// Call bridge.
        CallBridge = "callBridge",
        /// Single number reach.
        SingleNumberReach = "singleNumberReach",
        /// Hot desking by the voice portal.
        HotDeskingGuest = "hotDeskingGuest",
        /// Call captions.
        CallCaptions = "callCaptions",
        /// Microsoft Teams.
        MsTeams = "msTeams",
    }
}

/// The two places where Webex keeps settings of people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// `/people/{id}/features/..`
    People,
    /// `/telephony/config/people/{id}/..`
    Telephony,
}

/// What a required field holds when a GET did not show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    /// `false`
    False,
    /// `[]`
    EmptyList,
}

/// Where an object is and what is particular to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeatureSpec {
    /// Its place.
    pub family: Family,
    /// The path behind that place; empty for the place itself.
    pub path: &'static str,
    /// Another place that some organisations have it in, asked when the first answers 404.
    pub also: Option<Family>,
    /// Fields that a GET shows and a PUT must not carry, as JSON pointers.
    pub read_only: &'static [&'static str],
    /// Fields that a PUT must carry, as JSON pointers.
    pub required: &'static [(&'static str, Fill)],
    /// The list that a GET shows as members and a PUT takes as their ids, as a JSON pointer.
    pub members: Option<&'static str>,
    /// Whether a Standard licence does not have it.
    pub professional: bool,
}

impl FeatureSpec {
    const fn at(family: Family, path: &'static str) -> FeatureSpec {
        FeatureSpec {
            family,
            path,
            also: None,
            read_only: &[],
            required: &[],
            members: None,
            professional: false,
        }
    }

    const fn people(path: &'static str) -> FeatureSpec {
        FeatureSpec::at(Family::People, path)
    }

    const fn telephony(path: &'static str) -> FeatureSpec {
        FeatureSpec::at(Family::Telephony, path)
    }

    const fn or(self, family: Family) -> FeatureSpec {
        FeatureSpec { also: Some(family), ..self }
    }

    const fn read_only(self, read_only: &'static [&'static str]) -> FeatureSpec {
        FeatureSpec { read_only, ..self }
    }

    const fn requires(self, required: &'static [(&'static str, Fill)]) -> FeatureSpec {
        FeatureSpec { required, ..self }
    }

    const fn members(self, list: &'static str) -> FeatureSpec {
        FeatureSpec { members: Some(list), ..self }
    }

    const fn professional(self) -> FeatureSpec {
        FeatureSpec { professional: true, ..self }
    }
}

const VOICEMAIL_READ_ONLY: &[&str] = &[
    "/sendBusyCalls/greetingUploaded",
    "/sendUnansweredCalls/greetingUploaded",
    "/sendUnansweredCalls/systemMaxNumberOfRings",
    "/voiceMessageForwardingEnabled",
];

/// The deprecated names are a person's identity too: they are never sent.
const CALLER_ID_READ_ONLY: &[&str] = &[
    "/types",
    "/directNumber",
    "/extensionNumber",
    "/locationNumber",
    "/tollFreeLocationNumber",
    "/locationExternalCallerIdName",
    "/firstName",
    "/lastName",
];

const RECORDING_READ_ONLY: &[&str] = &[
    "/serviceProvider",
    "/externalGroup",
    "/externalIdentifier",
    "/startStopAnnouncementEnabled",
    "/callRecordingAccessSettings",
];

const APPLICATIONS_READ_ONLY: &[&str] =
    &["/browserClientId", "/desktopClientId", "/tabletClientId", "/mobileClientId", "/availableLineCount"];

const CAPTIONS_READ_ONLY: &[&str] = &["/locationClosedCaptionsEnabled", "/locationTranscriptsEnabled"];

const EMERGENCY_READ_ONLY: &[&str] =
    &["/directLineInfo", "/locationECBNInfo", "/locationMemberInfo", "/defaultInfo"];

const VOICEMAIL_REQUIRED: &[(&str, Fill)] =
    &[("/notifications/enabled", Fill::False), ("/transferToNumber/enabled", Fill::False)];

const MONITORING_REQUIRED: &[(&str, Fill)] =
    &[("/enableCallParkNotification", Fill::False), ("/monitoredElements", Fill::EmptyList)];

impl Feature {
    /// Where it is and what is particular to it.
    pub const fn spec(self) -> FeatureSpec {
        match self {
            Feature::LanguageAndTimeZone => FeatureSpec::telephony(""),
            Feature::DoNotDisturb => {
                FeatureSpec::people("doNotDisturb").requires(&[("/webexGoOverrideEnabled", Fill::False)])
            }
            Feature::CallWaiting => FeatureSpec::people("callWaiting"),
            Feature::Voicemail => {
                FeatureSpec::people("voicemail").read_only(VOICEMAIL_READ_ONLY).requires(VOICEMAIL_REQUIRED)
            }
            Feature::CallForwarding => FeatureSpec::people("callForwarding")
                .read_only(&["/callForwarding/noAnswer/systemMaxNumberOfRings"])
                .requires(&[("/callForwarding/always/enabled", Fill::False)]),
            Feature::CallerId => FeatureSpec::people("callerId").read_only(CALLER_ID_READ_ONLY),
            Feature::CallRecording => FeatureSpec::people("callRecording").read_only(RECORDING_READ_ONLY),
            Feature::BargeIn => FeatureSpec::people("bargeIn"),
            Feature::Intercept => {
                FeatureSpec::people("intercept").read_only(&["/incoming/announcements/filename"])
            }
            Feature::IncomingPermission => FeatureSpec::people("incomingPermission"),
            Feature::TransferNumbers => FeatureSpec::telephony("outgoingPermission/autoTransferNumbers")
                .or(Family::People)
                .requires(&[("/useCustomTransferNumbers", Fill::False)]),
            Feature::OutgoingPermission => FeatureSpec::people("outgoingPermission")
                .or(Family::Telephony)
                .requires(&[("/callingPermissions", Fill::EmptyList)]),
            Feature::Monitoring => {
                FeatureSpec::people("monitoring").requires(MONITORING_REQUIRED).members("/monitoredElements")
            }
            Feature::Hoteling => FeatureSpec::people("hoteling"),
            Feature::Privacy => FeatureSpec::people("privacy").members("/monitoringAgents"),
            Feature::PushToTalk => FeatureSpec::people("pushToTalk").members("/members"),
            Feature::Reception => FeatureSpec::people("reception")
                .requires(&[("/receptionEnabled", Fill::False)])
                .members("/monitoredMembers"),
            Feature::ExecutiveAssistant => FeatureSpec::people("executiveAssistant"),
            Feature::Applications => FeatureSpec::people("applications").read_only(APPLICATIONS_READ_ONLY),
            Feature::CallingBehavior => {
                FeatureSpec::people("callingBehavior").read_only(&["/effectiveBehaviorType"])
            }
            Feature::MusicOnHold => FeatureSpec::telephony("musicOnHold").read_only(&["/mohLocationEnabled"]),
            Feature::EmergencyCallback => {
                FeatureSpec::telephony("emergencyCallbackNumber").read_only(EMERGENCY_READ_ONLY)
            }
            Feature::PersonalAssistant => FeatureSpec::telephony("features/personalAssistant"),
            Feature::CallBridge => FeatureSpec::telephony("features/callBridge"),
            Feature::SingleNumberReach => {
                FeatureSpec::telephony("singleNumberReach").read_only(&["/enabled", "/numbers"])
            }
            Feature::HotDeskingGuest => FeatureSpec::telephony("features/hotDesking/guest"),
            Feature::CallCaptions => {
                FeatureSpec::telephony("callCaptions").read_only(CAPTIONS_READ_ONLY).professional()
            }
            Feature::MsTeams => FeatureSpec::telephony("settings/msTeams"),
        }
    }

    /// The path segments behind `/v1` for a person, in one of the families.
    pub fn path(self, family: Family, person: &str) -> Vec<String> {
        let head: &[&str] = match family {
            Family::People => &["people", person, "features"],
            Family::Telephony => &["telephony", "config", "people", person],
        };
        let tail = self.spec().path.split('/').filter(|segment| !segment.is_empty());
        head.iter().copied().chain(tail).map(str::to_owned).collect()
    }
}
