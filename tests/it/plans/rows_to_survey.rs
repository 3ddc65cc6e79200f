//! A survey sees rows as a claim would give them, and moves none.

use super::*;
use wxbulk::domain::RowState;
use wxbulk::sim::{Fault, Operation as Request};
use wxbulk::store::{ClaimedRow, Lock, Selection, claim, rows_to_survey};

const OPEN: [RowState; 2] = [RowState::Ready, RowState::Pending];

fn to_survey(bench: &Bench, states: &[RowState], phase: Phase) -> Vec<ClaimedRow> {
    let everywhere = Selection::default();
    bench
        .store()
        .read(|connection| rows_to_survey(connection, states, phase, &everywhere, None, 100))
        .unwrap()
}

fn ids(rows: &[ClaimedRow]) -> Vec<u32> {
    rows.iter().map(|row| row.row_id.get()).collect()
}

/// A claim of everything that is ready in a phase, which is given up at once.
fn claimed(bench: &Bench, phase: Phase) -> Vec<ClaimedRow> {
    let store = bench.store();
    let lock = Lock::take(&store).unwrap();
    let (run, _) = store.begin_run(&lock, &serde_json::json!({})).unwrap();
    let take = |connection: &Connection| claim(connection, run, phase, 100, &Selection::default());
    store.write(take).unwrap().unwrap().rows
}

#[tokio::test]
async fn a_row_that_was_never_tried_is_as_a_claim_gives_it() {
    let bench = Bench::new(&two_sites()).await;
    bench.wxbulk(&["ingest", "site.csv"]).await.expect(0);
    let before = dump(&bench.database());
    let seen = to_survey(&bench, &OPEN, Phase::Locations);
    assert_eq!(ids(&seen), [1, 2]);
    let users = to_survey(&bench, &OPEN, Phase::Users);
    assert_eq!(ids(&users), [3, 5, 7, 9, 11]);
    assert_eq!(users[0].location.as_ref().unwrap().row_id.get(), 1);
    assert_eq!(users[0].partner.as_ref().unwrap().row_id.get(), 4);
    assert_eq!(before, dump(&bench.database()), "a survey moves no row");
    assert_eq!(format!("{seen:?}"), format!("{:?}", claimed(&bench, Phase::Locations)));
    // That claim is what a killed run leaves behind: its rows count as ready.
    assert_eq!(bench.count("SELECT count(*) FROM rows WHERE state = 'running'"), 2);
    assert_eq!(ids(&to_survey(&bench, &[RowState::Ready], Phase::Locations)), [1, 2]);
    assert!(to_survey(&bench, &[RowState::Pending], Phase::Locations).is_empty());
}

#[tokio::test]
async fn a_pending_row_has_its_doubts_and_a_row_that_is_done_is_seen_too() {
    let bench = Bench::new(&two_sites()).await.env("MAX_RETRIES", "0");
    bench.sim.add_fault(Fault::on(Request::LicensesUsersPatch).key("leo@example.com").status(403));
    bench.wxbulk(&["run", "site.csv"]).await.expect(3);
    bench.sim.clear_faults();
    let lost = "UPDATE calls SET applied = NULL WHERE row_id = 7 AND mutating = 1";
    Connection::open(bench.output().join("wxbulk.db")).unwrap().execute_batch(lost).unwrap();

    let before = dump(&bench.database());
    let seen = to_survey(&bench, &OPEN, Phase::Users);
    assert_eq!(ids(&seen), [7]);
    assert_eq!((seen[0].attempt, seen[0].unsettled.len()), (2, 1));
    assert_eq!(ids(&to_survey(&bench, &[RowState::Success], Phase::Users)), [3, 5, 9, 11]);
    assert_eq!(ids(&to_survey(&bench, &[RowState::Success], Phase::Assignments)), [4, 6, 10, 12]);
    assert_eq!(before, dump(&bench.database()), "a survey moves no row");
    bench.wxbulk(&["requeue", "--row", "7", "--yes"]).await.expect(0);
    let as_ready = format!("{:?}", to_survey(&bench, &OPEN, Phase::Users));
    assert_eq!(as_ready, format!("{:?}", claimed(&bench, Phase::Users)));
}

#[tokio::test]
async fn pages_go_on_behind_the_last_row_and_stay_within_the_selection() {
    let bench = Bench::new(&two_sites()).await;
    bench.wxbulk(&["ingest", "site.csv"]).await.expect(0);
    let page = |keys: &[String], after, limit| {
        let selection = Selection::locations(keys);
        let read = |connection: &Connection| {
            rows_to_survey(connection, &OPEN, Phase::Assignments, &selection, after, limit)
        };
        ids(&bench.store().read(read).unwrap())
    };
    assert_eq!(page(&[], None, 2), [4, 6]);
    assert_eq!(page(&[], Some(row_id(6)), 2), [8, 10]);
    assert_eq!(page(&[], Some(row_id(10)), 2), [12]);
    assert_eq!(page(&[], Some(row_id(12)), 2), [0_u32; 0]);
    assert_eq!(page(&["MAD-01".to_owned()], None, 9), [4, 6]);
    assert_eq!(page(&["Nowhere".to_owned()], None, 9), [0_u32; 0]);
}
