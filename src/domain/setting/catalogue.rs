//! The catalogue: one line a flat column, by the object that holds it. The pointer says where in the object, in the
//! shape that a PUT takes.

use super::{Feature, Setting, SettingKind};

const GREETINGS: &[&str] = &["DEFAULT", "CUSTOM"];
const PRESENCES: &[&str] = &[
    "NONE",
    "BUSINESS_TRIP",
    "GONE_FOR_THE_DAY",
    "LUNCH",
    "MEETING",
    "OUT_OF_OFFICE",
    "TEMPORARILY_OUT",
    "TRAINING",
    "UNAVAILABLE",
    "VACATION",
];
const BEHAVIORS: &[&str] = &[
    "NATIVE_WEBEX_TEAMS_CALLING",
    "CALL_WITH_APP_REGISTERED_FOR_CISCOTEL",
    "CALL_WITH_APP_REGISTERED_FOR_TEL",
    "CALL_WITH_APP_REGISTERED_FOR_WEBEXCALLTEL",
    "NATIVE_SIP_CALL_TO_UCM",
];
const RECORDINGS: &[&str] =
    &["Always", "Never", "Always with Pause/Resume", "On Demand with User Initiated Start"];
const EXTERNAL_TRANSFERS: &[&str] =
    &["ALLOW_ALL_EXTERNAL", "ALLOW_ONLY_TRANSFERRED_EXTERNAL", "BLOCK_ALL_EXTERNAL"];
const DIRECT_LINE_NAMES: &[&str] =
    &["CUSTOM_NAME", "FIRSTNAME_LASTNAME", "LASTNAME_FIRSTNAME", "DISPLAY_NAME"];
const EXECUTIVE_TYPES: &[&str] = &["UNASSIGNED", "EXECUTIVE", "EXECUTIVE_ASSISTANT"];

const fn choice(choices: &'static [&'static str]) -> SettingKind {
    SettingKind::Choice { choices, none: None }
}

/// A choice with a word that stands for none of the others, and for `null` in Webex.
const fn choice_or(none: &'static str, choices: &'static [&'static str]) -> SettingKind {
    SettingKind::Choice { choices, none: Some(none) }
}

const RINGS: SettingKind = SettingKind::Integer { least: 2, most: 20 };
/// At most this many in the lists of monitoring (webex.md 5); taken for the other lists too.
const PEOPLE: SettingKind = SettingKind::People { most: 50 };

macro_rules! catalogue {
    ($($feature:ident { $($name:literal $field:literal $kind:expr, $about:literal;)+ })+) => {
        /// Every setting that has a dependable admin path (webex.md 5).
        pub const SETTINGS: &[Setting] = &[$($(
            Setting { name: $name, feature: Feature::$feature, field: $field, kind: $kind, about: $about },
        )+)+];
    };
}

use SettingKind::{Bool, Destination, Email, Extension, Moment, Permissions, Person, Phone, Text, TimeZone};

catalogue! {
    DoNotDisturb {
        "do_not_disturb_enabled" "/enabled" Bool, "calls get the busy treatment";
        "do_not_disturb_ring_splash_enabled" "/ringSplashEnabled" Bool, "a short ring says that a call came in meanwhile";
        "do_not_disturb_webex_go_override_enabled" "/webexGoOverrideEnabled" Bool, "Webex Go rings all the same";
    }
    CallWaiting {
        "call_waiting_enabled" "/enabled" Bool, "a second call is offered during a call";
    }
    CallForwarding {
        "forward_always_enabled" "/callForwarding/always/enabled" Bool, "all calls are forwarded";
        "forward_always_to" "/callForwarding/always/destination" Destination, "where all calls go; needs forward_always_enabled";
        "forward_always_ring_reminder_enabled" "/callForwarding/always/ringReminderEnabled" Bool, "a short ring says that a call was forwarded";
        "forward_always_destination_voicemail_enabled" "/callForwarding/always/destinationVoicemailEnabled" Bool, "calls may end in the voicemail of an internal destination";
        "forward_busy_enabled" "/callForwarding/busy/enabled" Bool, "calls are forwarded when the line is busy";
        "forward_busy_to" "/callForwarding/busy/destination" Destination, "where they go; needs forward_busy_enabled";
        "forward_busy_destination_voicemail_enabled" "/callForwarding/busy/destinationVoicemailEnabled" Bool, "they may end in the voicemail of an internal destination";
        "forward_no_answer_enabled" "/callForwarding/noAnswer/enabled" Bool, "calls are forwarded when nobody answers";
        "forward_no_answer_to" "/callForwarding/noAnswer/destination" Destination, "where they go; needs forward_no_answer_enabled";
        "forward_no_answer_rings" "/callForwarding/noAnswer/numberOfRings" RINGS, "rings before that";
        "forward_no_answer_destination_voicemail_enabled" "/callForwarding/noAnswer/destinationVoicemailEnabled" Bool, "they may end in the voicemail of an internal destination";
        "forward_business_continuity_enabled" "/businessContinuity/enabled" Bool, "calls are forwarded when no device is connected";
        "forward_business_continuity_to" "/businessContinuity/destination" Destination, "where they go; needs forward_business_continuity_enabled";
        "forward_business_continuity_destination_voicemail_enabled" "/businessContinuity/destinationVoicemailEnabled" Bool, "they may end in the voicemail of an internal destination";
    }
    Voicemail {
        "voicemail_enabled" "/enabled" Bool, "the person has voicemail; its PIN is never set here";
        "voicemail_all_calls_enabled" "/sendAllCalls/enabled" Bool, "all calls go to voicemail";
        "voicemail_busy_calls_enabled" "/sendBusyCalls/enabled" Bool, "calls go to voicemail when the line is busy";
        "voicemail_busy_greeting" "/sendBusyCalls/greeting" choice(GREETINGS), "the greeting then; CUSTOM needs one that is uploaded";
        "voicemail_unanswered_calls_enabled" "/sendUnansweredCalls/enabled" Bool, "calls go to voicemail when nobody answers";
        "voicemail_unanswered_greeting" "/sendUnansweredCalls/greeting" choice(GREETINGS), "the greeting then; CUSTOM needs one that is uploaded";
        "voicemail_rings" "/sendUnansweredCalls/numberOfRings" RINGS, "rings before that";
        "voicemail_notification_enabled" "/notifications/enabled" Bool, "a new message is announced by e-mail";
        "voicemail_notification_to" "/notifications/destination" Email, "to this address; needs voicemail_notification_enabled";
        "voicemail_transfer_enabled" "/transferToNumber/enabled" Bool, "callers who press 0 are transferred";
        "voicemail_transfer_to" "/transferToNumber/destination" Destination, "to this number; needs voicemail_transfer_enabled";
        "voicemail_email_copy_enabled" "/emailCopyOfMessage/enabled" Bool, "a copy of each message is sent by e-mail";
        "voicemail_email_copy_to" "/emailCopyOfMessage/emailId" Email, "to this address; needs voicemail_email_copy_enabled";
        "voicemail_message_waiting_enabled" "/messageStorage/mwiEnabled" Bool, "the telephone shows that messages wait";
        "voicemail_storage" "/messageStorage/storageType" choice(&["INTERNAL", "EXTERNAL"]), "where messages are kept; EXTERNAL sends them to voicemail_storage_email";
        "voicemail_storage_email" "/messageStorage/externalEmail" Email, "the address of external storage";
        "voicemail_fax_enabled" "/faxMessage/enabled" Bool, "fax messages are taken";
        "voicemail_fax_number" "/faxMessage/phoneNumber" Phone, "the fax number; needs voicemail_fax_enabled";
        "voicemail_fax_extension" "/faxMessage/extension" Extension, "the fax extension";
    }
    CallerId {
        "caller_id" "/selected" choice(&["DIRECT_LINE", "LOCATION_NUMBER", "CUSTOM"]), "the number shown; CUSTOM shows caller_id_number";
        "caller_id_number" "/customNumber" Phone, "a number of the location, or of its country and PSTN provider";
        "caller_id_block_forwarded_enabled" "/blockInForwardCallsEnabled" Bool, "the identity is hidden on forwarded calls";
        "caller_id_external_name_policy" "/externalCallerIdNamePolicy" choice(&["DIRECT_LINE", "LOCATION", "OTHER"]), "the name shown outside; OTHER shows caller_id_external_name";
        "caller_id_external_name" "/customExternalCallerIdName" Text(128), "that name";
        "caller_id_additional_direct_line_enabled" "/additionalExternalCallerIdDirectLineEnabled" Bool, "the direct line can be chosen as another caller ID";
        "caller_id_additional_location_number_enabled" "/additionalExternalCallerIdLocationNumberEnabled" Bool, "the location's main number can be chosen as another caller ID";
        "caller_id_additional_number" "/additionalExternalCallerIdCustomNumber" Phone, "this number can be chosen as another caller ID";
        "caller_id_direct_line_name" "/directLineCallerIdName/selection" choice(DIRECT_LINE_NAMES), "the name shown with the direct line; CUSTOM_NAME shows caller_id_direct_line_custom_name";
        "caller_id_direct_line_custom_name" "/directLineCallerIdName/customName" Text(128), "that name";
    }
    CallRecording {
        "call_recording_enabled" "/enabled" Bool, "calls are recorded; the location needs a recording provider";
        "call_recording_mode" "/record" choice(RECORDINGS), "which calls";
        "call_recording_voicemail_enabled" "/recordVoicemailEnabled" Bool, "voicemail messages are recorded too";
        "call_recording_notification_enabled" "/notification/enabled" Bool, "pausing and resuming can be heard";
        "call_recording_notification_type" "/notification/type" choice_or("None", &["Beep", "Play Announcement"]), "by this";
        "call_recording_repeat_enabled" "/repeat/enabled" Bool, "a tone is repeated during the recording";
        "call_recording_repeat_seconds" "/repeat/interval" SettingKind::Integer { least: 10, most: 1800 }, "its interval";
        "call_recording_announce_internal_enabled" "/startStopAnnouncement/internalCallsEnabled" Bool, "start and stop are announced on internal calls";
        "call_recording_announce_pstn_enabled" "/startStopAnnouncement/pstnCallsEnabled" Bool, "start and stop are announced on PSTN calls";
    }
    BargeIn {
        "barge_in_enabled" "/enabled" Bool, "others may barge in by a feature access code";
        "barge_in_tone_enabled" "/toneEnabled" Bool, "a tone says so";
    }
    Intercept {
        "intercept_enabled" "/enabled" Bool, "calls are intercepted";
        "intercept_incoming" "/incoming/type" choice(&["INTERCEPT_ALL", "ALLOW_ALL"]), "which incoming calls";
        "intercept_incoming_voicemail_enabled" "/incoming/voicemailEnabled" Bool, "they go to voicemail";
        "intercept_greeting" "/incoming/announcements/greeting" choice(GREETINGS), "what the caller hears; CUSTOM needs one that is uploaded";
        "intercept_new_number_enabled" "/incoming/announcements/newNumber/enabled" Bool, "a new number is announced";
        "intercept_new_number" "/incoming/announcements/newNumber/destination" Destination, "that number";
        "intercept_zero_transfer_enabled" "/incoming/announcements/zeroTransfer/enabled" Bool, "callers who press 0 are transferred";
        "intercept_zero_transfer_to" "/incoming/announcements/zeroTransfer/destination" Destination, "to this number";
        "intercept_outgoing" "/outgoing/type" choice(&["INTERCEPT_ALL", "ALLOW_LOCAL_ONLY"]), "which outgoing calls";
        "intercept_outgoing_transfer_enabled" "/outgoing/transferEnabled" Bool, "they are transferred";
        "intercept_outgoing_transfer_to" "/outgoing/destination" Destination, "to this number";
    }
    IncomingPermission {
        "incoming_permissions_custom_enabled" "/useCustomEnabled" Bool, "the person's own incoming permissions count, not the location's";
        "incoming_permissions_external_transfer" "/externalTransfer" choice(EXTERNAL_TRANSFERS), "external calls";
        "incoming_permissions_internal_enabled" "/internalCallsEnabled" Bool, "internal calls are allowed";
        "incoming_permissions_collect_enabled" "/collectCallsEnabled" Bool, "collect calls are allowed";
    }
    TransferNumbers {
        "outgoing_transfer_numbers_custom_enabled" "/useCustomTransferNumbers" Bool, "the person's own transfer numbers count, not the location's";
        "outgoing_transfer_number_1" "/autoTransferNumber1" Phone, "for the action TRANSFER_NUMBER_1";
        "outgoing_transfer_number_2" "/autoTransferNumber2" Phone, "for the action TRANSFER_NUMBER_2";
        "outgoing_transfer_number_3" "/autoTransferNumber3" Phone, "for the action TRANSFER_NUMBER_3";
    }
    OutgoingPermission {
        "outgoing_permissions" "/callingPermissions" Permissions, "by type of call, such as INTERNATIONAL=BLOCK|NATIONAL=ALLOW+transfer; types not listed stay as they are";
        "outgoing_permissions_custom_enabled" "/useCustomEnabled" Bool, "the person's own outgoing permissions count, not the location's";
        "outgoing_permissions_custom_types_enabled" "/useCustomPermissions" Bool, "the person's own permissions by type of call count";
    }
    Monitoring {
        "monitoring_people" "/monitoredElements" PEOPLE, "whose lines are shown; replaces the people of the list, park extensions and workspaces in it stay";
        "monitoring_call_park_notification_enabled" "/enableCallParkNotification" Bool, "parked calls are announced";
    }
    Hoteling {
        "hoteling_enabled" "/enabled" Bool, "the person may be the guest of a host telephone";
    }
    Privacy {
        "privacy_extension_dialing_enabled" "/aaExtensionDialingEnabled" Bool, "auto attendants reach the person by extension";
        "privacy_name_dialing_enabled" "/aaNamingDialingEnabled" Bool, "auto attendants reach the person by name";
        "privacy_directory_enabled" "/enablePhoneStatusDirectoryPrivacy" Bool, "only privacy_people see whether the person is on the phone";
        "privacy_pickup_barge_in_enabled" "/enablePhoneStatusPickupBargeInPrivacy" Bool, "only privacy_people may pick up and barge in";
        "privacy_people" "/monitoringAgents" PEOPLE, "these people may; replaces the people of the list";
    }
    PushToTalk {
        "push_to_talk_auto_answer_enabled" "/allowAutoAnswer" Bool, "calls are answered by themselves";
        "push_to_talk_connection" "/connectionType" choice(&["ONE_WAY", "TWO_WAY"]), "who can speak";
        "push_to_talk_access" "/accessType" choice(&["ALLOW_MEMBERS", "BLOCK_MEMBERS"]), "whether push_to_talk_people may, or may not";
        "push_to_talk_people" "/members" PEOPLE, "these people; replaces the people of the list";
    }
    Reception {
        "receptionist_enabled" "/receptionEnabled" Bool, "the person has the receptionist client";
        "receptionist_people" "/monitoredMembers" PEOPLE, "whom it shows; needs receptionist_enabled; replaces the people of the list";
    }
    ExecutiveAssistant {
        "executive_assistant_type" "/type" choice(EXECUTIVE_TYPES), "executive, assistant, or neither";
    }
    Applications {
        "applications_ring_click_to_dial_enabled" "/ringDevicesForClickToDialCallsEnabled" Bool, "devices ring for click to dial";
        "applications_ring_group_page_enabled" "/ringDevicesForGroupPageEnabled" Bool, "devices ring for group pages";
        "applications_ring_call_park_enabled" "/ringDevicesForCallParkEnabled" Bool, "devices ring for parked calls";
        "applications_browser_enabled" "/browserClientEnabled" Bool, "calling in the browser";
        "applications_desktop_enabled" "/desktopClientEnabled" Bool, "calling in the desktop app";
        "applications_tablet_enabled" "/tabletClientEnabled" Bool, "calling in the tablet app";
        "applications_mobile_enabled" "/mobileClientEnabled" Bool, "calling in the mobile app";
    }
    CallingBehavior {
        "calling_behavior" "/behaviorType" choice_or("DEFAULT", BEHAVIORS), "how the app makes calls; DEFAULT is the organisation's";
    }
    MusicOnHold {
        "music_on_hold_enabled" "/mohEnabled" Bool, "callers on hold hear music";
        "music_on_hold_greeting" "/greeting" choice(GREETINGS), "which; CUSTOM needs one that is uploaded";
    }
    EmergencyCallback {
        "emergency_callback" "/selected" choice(&["DIRECT_LINE", "LOCATION_ECBN", "LOCATION_MEMBER_NUMBER"]), "the number that emergency services call back; the last is that of emergency_callback_person";
        "emergency_callback_person" "/locationMemberId" Person, "whose number it is";
        "emergency_callback_elin_enabled" "/elinEnabled" Bool, "an emergency location identification number is used";
        "emergency_callback_elin_webex_app_enabled" "/elinForWebexAppEnabled" Bool, "also for the Webex app";
    }
    LanguageAndTimeZone {
        "announcement_language" "/announcementLanguage" Text(64), "the language of announcements as Webex shows it for people, such as English";
        "time_zone" "/timeZone" TimeZone, "the person's time zone for calling";
    }
    PersonalAssistant {
        "personal_assistant_enabled" "/enabled" Bool, "the personal assistant answers";
        "personal_assistant_presence" "/presence" choice(PRESENCES), "why the person is away";
        "personal_assistant_until" "/untilDateTime" Moment, "until when";
        "personal_assistant_transfer_enabled" "/transferEnabled" Bool, "callers are transferred";
        "personal_assistant_transfer_to" "/transferNumber" Destination, "to this number";
        "personal_assistant_alerting" "/alerting" choice(&["ALERT_ME_FIRST", "PLAY_RING_REMINDER", "NONE"]), "whether the person's telephone rings";
        "personal_assistant_rings" "/alertMeFirstNumberOfRings" RINGS, "rings with ALERT_ME_FIRST";
    }
    CallBridge {
        "call_bridge_warning_tone_enabled" "/warningToneEnabled" Bool, "a tone says that somebody joins a shared line";
    }
    SingleNumberReach {
        "single_number_reach_click_to_dial_enabled" "/alertAllNumbersForClickToDialCallsEnabled" Bool, "all numbers ring for click to dial";
    }
    HotDeskingGuest {
        "hot_desking_guest_enabled" "/voicePortalHotDeskSignInEnabled" Bool, "the person may sign in to a hot desk by the voice portal";
    }
    CallCaptions {
        "call_captions_enabled" "/userClosedCaptionsEnabled" Bool, "calls have captions; needs a Professional licence";
        "call_captions_transcripts_enabled" "/userTranscriptsEnabled" Bool, "calls have transcripts; needs a Professional licence";
        "call_captions_location_enabled" "/useLocationSettingsEnabled" Bool, "the location's choice counts; needs a Professional licence";
    }
    MsTeams {
        "ms_teams_hide_webex_app_enabled" "/value" Bool, "the Webex app stays hidden for users of Microsoft Teams";
    }
}
