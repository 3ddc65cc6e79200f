//! The calling settings of people.

use super::*;

pub(super) const EVA: &str = "eva@example.com";

/// The settings under `/people/{id}/features`.
const CLASSIC: [&str; 22] = [
    "applications",
    "bargeIn",
    "callForwarding",
    "callRecording",
    "callWaiting",
    "callerId",
    "callingBehavior",
    "doNotDisturb",
    "executiveAssistant",
    "hoteling",
    "incomingPermission",
    "intercept",
    "monitoring",
    "outgoingPermission",
    "outgoingPermission/accessCodes",
    "outgoingPermission/autoTransferNumbers",
    "outgoingPermission/digitPatterns",
    "privacy",
    "pushToTalk",
    "reception",
    "schedules",
    "voicemail",
];

/// The settings under `/telephony/config/people/{id}`; the empty one is language and time zone.
const NEWER: [&str; 21] = [
    "",
    "/agent/callerId",
    "/applications/members",
    "/callCaptions",
    "/emergencyCallbackNumber",
    "/executive/assignedAssistants",
    "/features/callBridge",
    "/features/hotDesking/guest",
    "/features/personalAssistant",
    "/modeManagement/features",
    "/musicOnHold",
    "/outgoingPermission",
    "/outgoingPermission/accessCodes",
    "/outgoingPermission/autoTransferNumbers",
    "/outgoingPermission/digitPatterns",
    "/preferredAnswerEndpoint",
    "/selectiveAccept",
    "/selectiveForward",
    "/selectiveReject",
    "/settings/msTeams",
    "/settings/permissions",
];

pub(super) async fn with_eva() -> Bench {
    Bench::of(madrid().person(PersonSeed::new(EVA).calling("Madrid", "1000"))).await
}

impl Bench {
    pub(super) fn classic(&self, setting: &str) -> String {
        format!("/people/{}/features/{setting}", self.person(EVA))
    }

    pub(super) fn newer(&self, setting: &str) -> String {
        format!("/telephony/config/people/{}/{setting}", self.person(EVA))
    }

    pub(super) async fn put(&self, path: &str, body: Value) -> (u16, Value) {
        answer(self.send(Method::PUT, path, body).await).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        answer(self.send(Method::POST, path, body).await).await
    }
}

/// The status, and the code of a refusal.
async fn answer(response: Response) -> (u16, Value) {
    if response.status().is_success() {
        (response.status().as_u16(), Value::Null)
    } else {
        code(response).await
    }
}

#[tokio::test]
async fn every_setting_can_be_read() {
    let executive = PersonSeed::new(EVA)
        .calling("Madrid", "1000")
        .feature("executiveAssistant", json!({"type": "EXECUTIVE"}));
    let bench = Bench::of(madrid().person(executive)).await;
    let classic = CLASSIC.iter().map(|name| bench.classic(name));
    let root = format!("/telephony/config/people/{}", bench.person(EVA));
    let newer = NEWER.iter().map(|name| format!("{root}{name}"));
    for path in classic.chain(newer).chain([bench.newer("singleNumberReach")]) {
        assert!(bench.read(&path).await.is_object(), "{path}");
    }
    for name in ["alert", "screening", "callFiltering"] {
        assert!(bench.read(&bench.newer(&format!("executive/{name}"))).await.is_object(), "{name}");
    }
}

#[tokio::test]
async fn settings_without_an_admin_path_are_not_found() {
    let bench = with_eva().await;
    for name in
        ["simultaneousRing", "sequentialRing", "priorityAlert", "callNotify", "callBlock", "callPolicies"]
    {
        assert_eq!(bench.get(&bench.classic(name)).await.status(), 404, "{name}");
        assert_eq!(bench.put(&bench.newer(name), json!({"enabled": true})).await.0, 404, "{name}");
    }
    assert_eq!(bench.get(&bench.newer("doNotDisturb")).await.status(), 404, "there is no twin");
}

#[tokio::test]
async fn a_put_merges_and_voicemail_and_recording_are_replaced() {
    let bench = with_eva().await;
    let forwarding = bench.classic("callForwarding");
    let busy = json!({"callForwarding": {"busy": {"enabled": true, "destination": "1001"}}});
    assert_eq!(bench.put(&forwarding, busy).await.0, 204);
    let rings = json!({"callForwarding": {"noAnswer": {"numberOfRings": 7}}});
    assert_eq!(bench.put(&forwarding, rings).await.0, 204);
    let read = bench.read(&forwarding).await;
    assert_eq!(read["callForwarding"]["busy"]["destination"], "1001");
    assert_eq!(read["callForwarding"]["noAnswer"]["numberOfRings"], 7);

    let voicemail = bench.classic("voicemail");
    let off = json!({"enabled": false});
    let short = |extra: Value| json!({"notifications": off, "transferToNumber": off, "faxMessage": extra});
    assert_eq!(bench.put(&voicemail, short(json!({"enabled": true, "extension": "9"}))).await.0, 204);
    assert_eq!(bench.read(&voicemail).await["faxMessage"]["extension"], "9");
    assert_eq!(bench.put(&voicemail, short(Value::Null)).await.0, 204);
    assert_eq!(bench.read(&voicemail).await["faxMessage"], json!({"enabled": false}));

    let recording = bench.classic("callRecording");
    assert_eq!(bench.put(&recording, json!({"enabled": true, "record": "Always"})).await.0, 204);
    assert_eq!(bench.put(&recording, json!({"enabled": true})).await.0, 204);
    assert_eq!(bench.read(&recording).await["record"], "Never");
}

#[tokio::test]
async fn a_body_is_checked() {
    let bench = with_eva().await;
    for (setting, body, expected) in [
        ("doNotDisturb", json!({"enabled": true}), json!(25008)),
        ("doNotDisturb", json!({"webexGoOverrideEnabled": "yes"}), Value::Null),
        ("doNotDisturb", json!({"webexGoOverrideEnabled": null}), Value::Null),
        ("doNotDisturb", json!({"webexGoOverrideEnabled": true, "x": 1}), Value::Null),
        ("callWaiting", json!({}), json!(25008)),
        ("voicemail", json!({"notifications": {}}), json!(25008)),
        ("callForwarding", json!({"callForwarding": {"always": {"destination": "1"}}}), json!(25008)),
        ("callForwarding", json!({"callForwarding": {"noAnswer": {"numberOfRings": 1}}}), Value::Null),
        ("callForwarding", json!({"callForwarding": {"noAnswer": {"numberOfRings": 21}}}), Value::Null),
        ("callRecording", json!({"record": "Sometimes"}), Value::Null),
        ("callRecording", json!({"repeat": {"interval": 9}}), Value::Null),
        ("callRecording", json!({"notification": {"type": "None"}}), Value::Null),
        ("callerId", json!({"selected": "CUSTOM"}), json!(25008)),
        ("callerId", json!({"selected": "NOBODY"}), Value::Null),
        ("intercept", json!({"incoming": {"type": "ALLOW_LOCAL_ONLY"}}), Value::Null),
        ("incomingPermission", json!({"useCustomEnabled": true}), json!(25008)),
        ("monitoring", json!({"enableCallParkNotification": true}), json!(25008)),
    ] {
        let text = format!("{setting} {body}");
        assert_eq!(bench.put(&bench.classic(setting), body).await, (400, expected), "{text}");
    }
    assert!(bench.sim.org().person(EVA).unwrap().features.is_empty());
}

#[tokio::test]
async fn what_is_read_only_is_not_taken_back() {
    let bench = with_eva().await;
    for setting in [
        "voicemail",
        "callForwarding",
        "callerId",
        "intercept",
        "applications",
        "callingBehavior",
        "callRecording",
    ] {
        let path = bench.classic(setting);
        let mut shown = bench.read(&path).await;
        if setting == "callRecording" {
            shown["notification"]["type"] = Value::Null;
        }
        let response = bench.send(Method::PUT, &path, shown).await;
        let text = response.text().await.unwrap();
        assert!(text.contains("read-only"), "{setting}: {text}");
    }
    for setting in
        ["musicOnHold", "emergencyCallbackNumber", "singleNumberReach", "callCaptions", "settings/msTeams"]
    {
        let path = bench.newer(setting);
        let shown = bench.read(&path).await;
        assert_eq!(bench.put(&path, shown).await.0, 400, "{setting}");
    }
}

#[tokio::test]
async fn what_is_not_read_only_can_be_put_back() {
    let bench = with_eva().await;
    for setting in [
        "doNotDisturb",
        "callWaiting",
        "bargeIn",
        "incomingPermission",
        "hoteling",
        "privacy",
        "pushToTalk",
        "reception",
    ] {
        let path = bench.classic(setting);
        let shown = bench.read(&path).await;
        let expected = if setting == "privacy" { 200 } else { 204 };
        assert_eq!(bench.put(&path, shown.clone()).await.0, expected, "{setting}");
        assert_eq!(bench.read(&path).await, shown, "{setting}");
    }
    let names = json!({"selected": "DIRECT_LINE", "firstName": "Eva", "lastName": "Eva"});
    assert_eq!(bench.put(&bench.classic("callerId"), names).await.0, 204, "deprecated, not refused");
}

#[tokio::test]
async fn a_seed_may_give_some_fields() {
    let eva = PersonSeed::new(EVA)
        .calling("Madrid", "1000")
        .feature("doNotDisturb", json!({"ringSplashEnabled": true}))
        .feature("voicemail", json!({"sendBusyCalls": {"greetingUploaded": true}}));
    let bench = Bench::of(madrid().person(eva)).await;
    let all = json!({"enabled": false, "ringSplashEnabled": true, "webexGoOverrideEnabled": false});
    assert_eq!(bench.read(&bench.classic("doNotDisturb")).await, all);
    let voicemail = bench.read(&bench.classic("voicemail")).await;
    let greeting = json!({"greetingUploaded": true, "enabled": true, "greeting": "DEFAULT"});
    assert_eq!(voicemail["sendBusyCalls"], greeting);
    assert_eq!(voicemail["emailCopyOfMessage"]["emailId"], EVA);
    assert_eq!(
        bench.put(&bench.classic("doNotDisturb"), json!({"webexGoOverrideEnabled": true})).await.0,
        204
    );
    let stored = bench.sim.org().person(EVA).unwrap().features["doNotDisturb"].clone();
    let whole = json!({"enabled": false, "ringSplashEnabled": true, "webexGoOverrideEnabled": true});
    assert_eq!(stored, whole);
}

#[tokio::test]
async fn members_go_in_as_ids_and_come_out_as_people() {
    let org = madrid()
        .person(PersonSeed::new(EVA).calling("Madrid", "1000"))
        .person(PersonSeed::new("max@example.com").calling("Madrid", "1001"));
    let bench = Bench::of(org).await;
    let (ana, max) = (bench.person(ANA), bench.person("max@example.com"));
    let monitoring = bench.classic("monitoring");
    let body = |id: &str| json!({"enableCallParkNotification": true, "monitoredElements": [id]});
    assert_eq!(bench.put(&monitoring, body(&ana)).await, (400, json!(4470)));
    assert_eq!(bench.put(&monitoring, body(&max)).await.0, 204);
    let read = bench.read(&monitoring).await;
    assert_eq!(read["callParkNotificationEnabled"], true);
    assert_eq!(read["monitoredElements"][0]["member"]["email"], "max@example.com");
    assert_eq!(read["monitoredElements"][0]["member"]["location"], "Madrid");

    let reception = bench.classic("reception");
    let body = |ids: Value| json!({"receptionEnabled": true, "monitoredMembers": ids});
    assert_eq!(bench.put(&reception, body(json!([max, "nobody"]))).await, (400, json!(4470)));
    assert_eq!(bench.read(&reception).await["monitoredMembers"], json!([]), "none was added");
    assert_eq!(bench.put(&reception, body(json!([max]))).await.0, 204);
    let off = json!({"receptionEnabled": false, "monitoredMembers": [max]});
    assert_eq!(bench.put(&reception, off).await.0, 400);
    let many = json!({"members": vec![max.as_str(); 51]});
    assert_eq!(bench.put(&bench.classic("pushToTalk"), many).await.0, 400);
}

#[tokio::test]
async fn some_settings_need_professional() {
    let mut eva = PersonSeed::new(EVA).calling("Madrid", "1000");
    eva.calling.as_mut().unwrap().license = STANDARD.into();
    let bench = Bench::of(madrid().person(eva)).await;
    for path in [bench.classic("callRecording"), bench.classic("reception"), bench.newer("executive/alert")] {
        assert_eq!(code(bench.get(&path).await).await, (405, json!(25409)), "{path}");
        assert_eq!(bench.put(&path, json!({})).await, (405, json!(25409)), "{path}");
    }
    assert_eq!(bench.get(&bench.classic("voicemail")).await.status(), 200);
}

#[tokio::test]
async fn a_voicemail_pin_shows_in_the_journal_as_such_and_not_in_clear() {
    let bench = with_eva().await;
    let reset = bench.classic("voicemail/actions/resetPin/invoke");
    assert_eq!(bench.request(Method::POST, &reset).send().await.unwrap().status(), 204);
    let passcode = bench.newer("voicemail/passcode");
    assert_eq!(bench.put(&passcode, json!({"passcode": "12345"})).await.0, 400);
    assert_eq!(bench.put(&passcode, json!({"passcode": "739461"})).await.0, 204);
    let journal = bench.sim.journal();
    let pins: Vec<&Value> = journal
        .iter()
        .filter(|exchange| exchange.operation == Operation::VoicemailPin)
        .filter_map(|exchange| exchange.body.as_ref())
        .collect();
    assert_eq!(pins, [&json!({"passcode": "***"}), &json!({"passcode": "***"})]);
}
