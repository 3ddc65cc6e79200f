//! Settings whose shapes need more than a table: lists, types of calls, and what a GET shows otherwise.

use super::settings::{EVA, with_eva};
use super::*;

/// Fields that only the published examples have, and live systems too.
#[tokio::test]
async fn what_the_schemas_forgot_is_there() {
    let bench = with_eva().await;
    let recording = bench.classic("callRecording");
    let shown = bench.read(&recording).await;
    assert_eq!(shown["callRecordingAccessSettings"]["shareRecordingsEnabled"], false);
    assert_eq!(bench.put(&recording, json!({"startStopAnnouncementEnabled": true})).await.0, 204);
    assert_eq!(bench.read(&recording).await["startStopAnnouncementEnabled"], true);
    let forward = bench.newer("selectiveForward");
    let both = json!({"sendToVoicemailEnabled": true, "destinationVoicemailEnabled": true});
    assert_eq!(bench.put(&forward, both).await.0, 204);
    assert_eq!(bench.read(&forward).await["sendToVoicemailEnabled"], true);
}

#[tokio::test]
async fn permissions_list_every_call_type() {
    let fixed = ["CASUAL", "NATIONAL"].map(str::to_owned).to_vec();
    let org = OrgSeed { fixed_call_types: fixed, ..madrid() };
    let bench = Bench::of(org.person(PersonSeed::new(EVA).calling("Madrid", "1000"))).await;
    let path = bench.classic("outgoingPermission");
    let body = |kind: &str| {
        let row = json!({"callType": kind, "action": "BLOCK", "transferEnabled": false});
        json!({"useCustomEnabled": true, "callingPermissions": [row]})
    };
    assert_eq!(bench.put(&path, body("CASUAL")).await, (400, json!(25024)));
    assert_eq!(bench.put(&path, body("NATIONAL")).await, (400, json!(25321)));
    assert_eq!(bench.put(&path, body("TOLL_FREE")).await.0, 204);
    assert_eq!(bench.put(&path, body("INTERNAL_CALL")).await.0, 204);
    let read = bench.read(&path).await;
    let rows = read["callingPermissions"].as_array().unwrap();
    assert_eq!(rows.len(), 11, "ten that are published, and CASUAL");
    let row = |kind: &str| rows.iter().find(|row| row["callType"] == kind).unwrap();
    assert_eq!(
        (&row("TOLL_FREE")["action"], &row("INTERNAL_CALL")["action"]),
        (&json!("BLOCK"), &json!("BLOCK"))
    );
    assert_eq!(row("NATIONAL")["isCallTypeRestrictionEnabled"], true);
    let back = json!({"callingPermissions": [row("TOLL_FREE")]});
    assert_eq!(bench.put(&path, back).await.0, 204);
    assert_eq!(bench.read(&bench.newer("outgoingPermission")).await, read, "one state, two prefixes");
}

#[tokio::test]
async fn lists_grow_by_post() {
    let bench = with_eva().await;
    let hours = json!({"name": "Shop", "type": "businessHours"});
    let of_location = format!("/telephony/config/locations/{}/schedules", bench.location("Madrid"));
    assert_eq!(bench.post(&of_location, hours.clone()).await.0, 201);
    let schedules = bench.classic("schedules");
    assert_eq!(bench.post(&schedules, hours).await, (400, json!(25030)), "the location has it");
    let holidays = json!({"name": "Shop", "type": "holidays", "events": []});
    assert_eq!(bench.post(&schedules, holidays.clone()).await.0, 201);
    assert_eq!(bench.post(&schedules, holidays).await, (400, json!(25030)));
    assert_eq!(bench.post(&schedules, json!({"name": "Shop"})).await, (400, json!(25008)));
    let levels: Vec<Value> = bench.read(&schedules).await["schedules"].as_array().unwrap().clone();
    assert_eq!(levels.iter().map(|item| &item["level"]).collect::<Vec<_>>(), ["PEOPLE", "GROUP"]);

    let number = json!({"phoneNumber": "+34600000001", "enabled": true, "name": "Mobile"});
    assert_eq!(bench.post(&bench.newer("singleNumberReach/numbers"), number.clone()).await.0, 201);
    assert_eq!(bench.post(&bench.newer("singleNumberReach/numbers"), number).await.0, 400);
    let reach = bench.read(&bench.newer("singleNumberReach")).await;
    assert_eq!((&reach["enabled"], &reach["numbers"][0]["name"]), (&json!(true), &json!("Mobile")));

    let codes = bench.newer("outgoingPermission/accessCodes");
    assert_eq!(bench.post(&codes, json!({"code": "4711", "description": "Desk"})).await.0, 201);
    let of_desk = json!({"code": "4711", "description": "Desk", "level": "CUSTOM"});
    assert_eq!(bench.read(&codes).await, json!({"useCustomAccessCodes": false, "accessCodes": [of_desk]}));
    let gone = json!({"deleteCodes": ["4711"], "useCustomAccessCodes": true});
    assert_eq!(bench.put(&codes, gone).await.0, 204);
    assert_eq!(bench.read(&codes).await, json!({"useCustomAccessCodes": true, "accessCodes": []}));
}

#[tokio::test]
async fn executives_need_their_type_first() {
    let org = madrid()
        .person(PersonSeed::new(EVA).calling("Madrid", "1000"))
        .person(PersonSeed::new("max@example.com").calling("Madrid", "1001"));
    let bench = Bench::of(org).await;
    let (eva, max) = (bench.person(EVA), bench.person("max@example.com"));
    let assigned = bench.newer("executive/assignedAssistants");
    assert_eq!(code(bench.get(&assigned).await).await, (400, json!(4410)));
    assert_eq!(bench.put(&bench.classic("executiveAssistant"), json!({"type": "EXECUTIVE"})).await.0, 204);
    let body = json!({"assistantIds": [max]});
    assert_eq!(bench.put(&assigned, body.clone()).await, (400, json!(4410)));
    let of_max = format!("/people/{max}/features/executiveAssistant");
    assert_eq!(bench.put(&of_max, json!({"type": "EXECUTIVE_ASSISTANT"})).await.0, 204);
    assert_eq!(bench.put(&assigned, body).await.0, 204);
    assert_eq!(bench.read(&assigned).await["assistants"][0]["id"], json!(max));
    let mine = bench.read(&format!("/telephony/config/people/{max}/executive/assistant")).await;
    assert_eq!(mine["executives"][0]["id"], json!(eva));
}

#[tokio::test]
async fn some_shapes_differ_between_get_and_put() {
    let org = madrid()
        .person(PersonSeed::new(EVA).calling("Madrid", "1000"))
        .person(PersonSeed::new("max@example.com").calling("Madrid", "1001").phone_number("+34910000005"));
    let bench = Bench::of(org).await;
    let teams = bench.newer("settings/msTeams");
    assert_eq!(bench.put(&teams, json!({"value": true})).await, (400, json!(25008)));
    assert_eq!(bench.put(&teams, json!({"settingName": "HIDE_WEBEX_APP", "value": true})).await.0, 204);
    assert_eq!(bench.read(&teams).await["settings"][0]["value"], true);

    let emergency = bench.newer("emergencyCallbackNumber");
    let chosen = json!({"selected": "LOCATION_MEMBER_NUMBER"});
    assert_eq!(bench.put(&emergency, chosen.clone()).await, (400, json!(25008)));
    let mut chosen = chosen;
    chosen["locationMemberId"] = json!(bench.person("max@example.com"));
    assert_eq!(bench.put(&emergency, chosen).await.0, 204);
    let read = bench.read(&emergency).await;
    assert_eq!(read["locationMemberInfo"]["effectiveValue"], "+34910000005");
    assert_eq!(read.get("locationMemberId"), None);

    let endpoint = bench.newer("preferredAnswerEndpoint");
    assert_eq!(bench.read(&endpoint).await["preferredAnswerEndpointId"], Value::Null);
    assert_eq!(bench.put(&endpoint, json!({"preferredAnswerEndpointId": "x"})).await.0, 400);
    let feature = json!({"userSettingsPermissions": {"voicemail": "NO_ACCESS"}});
    assert_eq!(bench.put(&bench.newer("settings/permissions"), feature).await.0, 204);
    assert_eq!(
        bench.put(&bench.newer("settings/permissions"), json!({"voicemail": "FULL_ACCESS"})).await.0,
        204
    );
    let access = bench.read(&bench.newer("settings/permissions")).await;
    assert_eq!(access["userSettingsPermissions"], json!({"voicemail": "FULL_ACCESS"}));
    let feature = json!({"userSettingsPermissions": {"voicemail": "MAYBE"}});
    assert_eq!(bench.put(&bench.newer("settings/permissions"), feature).await.0, 400);
}
