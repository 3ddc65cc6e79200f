//! The stored plan and the findings of a verification as text, JSON and CSV.

use serde_json::Value;

use super::*;
use crate::support::Ran;
use wxbulk::store::Binding;

/// The text with the moments at which it was made taken out.
fn steady(text: &str) -> String {
    let mut text = text.to_owned();
    for word in ["made ", "read "] {
        let Some(at) = text.find(&format!("{word}2")) else { continue };
        text.replace_range(at + word.len().."2026-01-01 00:00:00 +00:00".len() + at + word.len(), "[time]");
    }
    text
}

/// A job that was taken in and is bound to an organisation.
async fn taken_in() -> Bench {
    let bench = Bench::new(&two_sites()).await;
    bench.wxbulk(&["ingest", "site.csv"]).await.expect(0);
    let organisation = Binding {
        base_url: bench.sim.base_url(),
        org_id: "an-organisation".to_owned(),
        environment: "lab".to_owned(),
    };
    bench.store().bind(&organisation).unwrap();
    bench
}

const SHORT: &str = r#"[{"licence":"professional","users":2,"without_unit":1,"first":["eva@example.com"]}]"#;

async fn with_every_effect() -> Bench {
    let bench = taken_in().await;
    bench.keep_plan(&everywhere(), &every_effect(), true, SHORT);
    bench.store().write(|connection| store::keep_pace(connection, Some(6.0), 100, 7, None)).unwrap();
    bench
}

async fn stored_plan(bench: &Bench, options: &[&str], code: i32) -> Ran {
    bench.wxbulk(&[&["plan", "--stored"], options].concat()).await.expect(code)
}

#[tokio::test]
async fn a_plan_with_every_effect() {
    let bench = with_every_effect().await;
    let told = stored_plan(&bench, &["--rows"], 3).await;
    insta::assert_snapshot!("plan", steady(&format!("{}{}", told.stdout, told.stderr)));
    assert_eq!(bench.sim.journal().len(), 0, "a stored plan costs no request");
}

#[tokio::test]
async fn a_plan_lists_the_rows_of_one_effect() {
    let bench = with_every_effect().await;
    let told = stored_plan(&bench, &["--only", "enable"], 3).await;
    let rows: Vec<&str> = told.stdout.lines().filter(|line| line.contains(" row ")).collect();
    assert_eq!(rows[0], "+ row 3 ana@example.com: give Webex Calling - Professional with extension 1001");
    assert!(!rows.iter().any(|line| line.starts_with(['~', '=', '!'])), "{}", told.stdout);
    stored_plan(&bench, &["--only", "nothing"], 2).await;
}

#[tokio::test]
async fn a_plan_says_how_long_it_takes_at_a_given_pace_or_that_none_is_known() {
    let bench = taken_in().await;
    bench.keep_plan(&everywhere(), &every_effect(), true, "[]");
    let told = stored_plan(&bench, &[], 3).await;
    assert!(told.stdout.contains("24 reads, 8 writes; no pace is known yet"), "{}", told.stdout);
    let told = stored_plan(&bench, &["--rate", "0.1/s"], 3).await;
    assert!(told.stdout.contains("24 reads, 8 writes; 5 min at 0.1/s (given)"), "{}", told.stdout);
    for nonsense in ["0", "-1/s", "fast"] {
        stored_plan(&bench, &["--rate", nonsense], 2).await;
    }
}

#[tokio::test]
async fn a_plan_says_whether_the_token_lasts() {
    let bench = taken_in().await;
    for (seconds, words) in
        [(7_210, "the token lasts"), (100, "THE TOKEN ENDS BEFORE"), (-5, "the token has ended")]
    {
        let facts = SurveyFacts { token_seconds_left: Some(seconds), ..everywhere() };
        bench.keep_plan(&facts, &every_effect(), true, "[]");
        let told = stored_plan(&bench, &["--rate", "0.1/s"], 3).await;
        assert!(told.stdout.contains(words), "{words:?} is not in {}", told.stdout);
    }
}

#[tokio::test]
async fn a_plan_in_which_nobody_is_enabled_does_not_warn() {
    let bench = taken_in().await;
    let rows: Vec<RowPlan> = every_effect()
        .into_iter()
        .map(|row| RowPlan { effect: Effect::Same, writes: Vec::new(), failure: None, ..row })
        .collect();
    bench.keep_plan(&everywhere(), &rows, true, "[]");
    let told = stored_plan(&bench, &[], 0).await;
    assert!(!told.stdout.contains("work number"), "{}", told.stdout);
    assert!(told.stderr.contains("next: wxbulk run    (everything is in place already"), "{}", told.stderr);
}

#[tokio::test]
async fn a_plan_as_json_and_as_csv() {
    let bench = with_every_effect().await;
    let told = stored_plan(&bench, &["--json", "--rows"], 3).await;
    let plan: Value = serde_json::from_str(&told.stdout).unwrap();
    assert!(told.stdout.starts_with("{\n  \"schema\": \"wxbulk.plan/1\","), "{}", told.stdout);
    assert_eq!(
        (&plan["complete"], &plan["numbers_to_add"], &plan["writes"]),
        (&true.into(), &3.into(), &8.into())
    );
    assert_eq!(plan["phases"][0]["create"], 1);
    assert_eq!(plan["phases"][2]["blocked"], 3);
    assert_eq!(plan["licences_short"][0]["without_unit"], 1);
    assert_eq!(plan["without_pstn"][0]["location_key"], "La Palma");
    assert_eq!(plan["warnings"].as_array().unwrap().len(), 1);
    let rows = plan["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 12);
    assert_eq!(rows[1]["writes"][0]["differences"][0]["expected"], "Europe/Madrid");
    let plan: Value = serde_json::from_str(&stored_plan(&bench, &["--json"], 3).await.stdout).unwrap();
    assert_eq!(plan.get("rows"), None);

    let told = stored_plan(&bench, &["--csv", "--only", "assign"], 3).await;
    insta::assert_snapshot!("plan_csv", told.stdout);
    stored_plan(&bench, &["--csv", "--json"], 2).await;
}

#[tokio::test]
async fn an_incomplete_plan_is_told_as_such() {
    let bench = taken_in().await;
    bench.keep_plan(&everywhere(), &every_effect()[..4], false, "[]");
    let told = stored_plan(&bench, &[], 3).await;
    assert!(told.stdout.contains("INCOMPLETE, 4 of 12 rows"), "{}", told.stdout);
    assert!(told.stderr.contains("next: wxbulk plan"), "{}", told.stderr);
    // One that says it is complete, but says nothing of rows that came later, is none either.
    bench.keep_plan(&everywhere(), &every_effect()[..4], true, "[]");
    let told = stored_plan(&bench, &[], 3).await;
    assert!(told.stdout.contains("INCOMPLETE, 4 of 12 rows"), "{}", told.stdout);
}

#[tokio::test]
async fn the_command_that_a_plan_names_can_be_typed() {
    let bench = taken_in().await;
    let rows: Vec<RowPlan> = every_effect().into_iter().skip(1).collect();
    let palma = SurveyFacts {
        scope: "only La Palma".to_owned(),
        locations: vec!["La Palma".to_owned()],
        ..SurveyFacts::default()
    };
    let of_palma: Vec<RowPlan> =
        rows.iter().filter(|row| row.location_key.as_str() == "La Palma").cloned().collect();
    bench.keep_plan(&palma, &of_palma, true, "[]");
    let told = stored_plan(&bench, &[], 3).await;
    assert!(told.stderr.contains("next: wxbulk run --location 'La Palma' --limit 5\n"), "{}", told.stderr);
    let blocked: Vec<RowPlan> =
        of_palma.into_iter().map(|row| RowPlan { effect: Effect::Blocked, ..row }).collect();
    bench.keep_plan(&palma, &blocked, true, "[]");
    let told = stored_plan(&bench, &[], 3).await;
    assert!(told.stderr.contains("next: wxbulk plan --location 'La Palma'    (again"), "{}", told.stderr);
}

/// A job whose rows are all done.
async fn done() -> Bench {
    let bench = Bench::new(&two_sites()).await;
    bench.wxbulk(&["run", "site.csv"]).await.expect(0);
    bench
}

fn drifted() -> Vec<RowCheck> {
    checks_of(
        12,
        vec![
            checked(3, Verdict::Drifted, vec![difference("call_waiting_enabled", "false", "true")], None),
            checked(4, Verdict::Drifted, vec![difference("extension", "1100", "1001")], None),
            checked(5, Verdict::Missing, Vec::new(), Some("the calling licence was taken away")),
            checked(6, Verdict::Missing, vec![difference("extension", "", "1002")], None),
            checked(9, Verdict::Unknown, Vec::new(), Some("Webex answered 503 to the last attempt")),
        ],
    )
}

async fn stored_checks(bench: &Bench, options: &[&str], code: i32) -> Ran {
    bench.wxbulk(&[&["verify", "--stored"], options].concat()).await.expect(code)
}

#[tokio::test]
async fn what_has_drifted_is_told_field_by_field() {
    let bench = done().await;
    bench.keep_checks(&everywhere(), &drifted(), true);
    let told = stored_checks(&bench, &[], 3).await;
    insta::assert_snapshot!("verify", steady(&format!("{}{}", told.stdout, told.stderr)));
    let csv = stored_checks(&bench, &["--csv"], 3).await.stdout;
    let verified_at: String = bench
        .database()
        .query_row("SELECT DISTINCT substr(verified_at, 1, 10) FROM checks", [], |row| row.get(0))
        .unwrap();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 6, "{csv}");
    assert!(
        lines[1].starts_with("3,user,ana@example.com,MAD-01,call_waiting_enabled,true,false,drifted,"),
        "{csv}"
    );
    assert!(lines[1].contains(&verified_at), "{csv}");
}

#[tokio::test]
async fn findings_as_json() {
    let bench = done().await;
    bench.keep_checks(&everywhere(), &drifted(), true);
    let told = stored_checks(&bench, &["--json"], 3).await;
    assert!(told.stdout.starts_with("{\n  \"schema\": \"wxbulk.verify/1\","), "{}", told.stdout);
    let checks: Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!((&checks["rows_success"], &checks["rows_checked"]), (&12.into(), &12.into()));
    assert_eq!(checks["phases"][1]["unknown"], 1);
    let verdicts: Vec<&str> =
        checks["rows"].as_array().unwrap().iter().map(|row| row["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["drifted", "missing", "unknown", "drifted", "missing"]);
}

#[tokio::test]
async fn the_code_of_a_verification_says_whether_all_is_in_place() {
    let bench = done().await;
    stored_checks(&bench, &[], 2).await;
    let unknown = vec![checked(9, Verdict::Unknown, Vec::new(), Some("no answer"))];
    for (others, complete, code) in
        [(Vec::new(), true, 0), (unknown, true, 3), (drifted(), true, 3), (Vec::new(), false, 3)]
    {
        bench.keep_checks(&everywhere(), &checks_of(12, others), complete);
        stored_checks(&bench, &[], code).await;
    }
    bench.keep_checks(&everywhere(), &checks_of(12, Vec::new()), true);
    let told = stored_checks(&bench, &[], 0).await;
    assert!(told.stderr.contains("next: nothing, every row is as it states"), "{}", told.stderr);
}

#[tokio::test]
async fn more_findings_than_fit_are_counted() {
    let bench = Bench::new(&crate::support::site(30)).await;
    bench.wxbulk(&["run", "site.csv"]).await.expect(0);
    let drifted =
        (2..=31).map(|row| checked(row, Verdict::Missing, Vec::new(), Some("gone"))).collect::<Vec<_>>();
    bench.keep_checks(&everywhere(), &checks_of(61, drifted), true);
    let told = stored_checks(&bench, &[], 3).await;
    assert!(told.stdout.contains("and 10 more; --rows shows all"), "{}", told.stdout);
    let told = stored_checks(&bench, &["--rows"], 3).await;
    assert_eq!(told.stdout.matches("missing  row").count(), 30, "{}", told.stdout);
}

/// The keys of a document and of what is in it, as paths without numbers.
fn keys(value: &Value, path: &str, found: &mut std::collections::BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                found.insert(path.clone());
                keys(member, &path, found);
            }
        }
        Value::Array(members) => members.iter().for_each(|member| keys(member, path, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_key_of_the_documents_is_documented_and_no_other() {
    const JSON: &str = include_str!("../../../docs/json.md");
    let bench = done().await;
    bench.keep_checks(&everywhere(), &drifted(), true);
    bench.keep_plan(&everywhere(), &every_effect(), true, SHORT);
    // A row that could be completed, so that the plan names where to begin.
    bench.wxbulk(&["requeue", "--drifted", "--phase", "2", "--yes"]).await.expect(0);
    bench.keep_checks(&everywhere(), &[drifted().remove(3)], true);
    for (title, arguments) in [
        ("## wxbulk.plan/1", &["plan", "--stored", "--json", "--rows"][..]),
        ("## wxbulk.verify/1", &["verify", "--stored", "--json"]),
    ] {
        let told = bench.wxbulk(arguments).await.expect(3);
        let mut found = std::collections::BTreeSet::new();
        keys(&serde_json::from_str(&told.stdout).unwrap(), "", &mut found);
        let section = JSON.split(title).nth(1).unwrap().split("\n## ").next().unwrap();
        let documented: std::collections::BTreeSet<String> = section
            .lines()
            .filter_map(|line| line.strip_prefix("| `"))
            .filter_map(|line| line.split('`').next().map(str::to_owned))
            .collect();
        assert_eq!(found, documented, "{title}");
    }
}
