//! The writer thread: commits in groups, in order, and tells nothing before the commit.

use std::sync::mpsc;

use futures_util::FutureExt;
use wxbulk::store::{Ack, Connection, StoreError, Writer};

use super::Job;

/// Keeps the writer busy until the sender is dropped, so that what is queued meanwhile is one group.
fn hold(writer: &Writer) -> (mpsc::Sender<()>, Ack<()>) {
    let (gate, closed) = mpsc::channel::<()>();
    let (entered, inside) = mpsc::channel();
    let ack = writer.submit(move |_| {
        entered.send(()).ok();
        closed.recv().ok();
        Ok(())
    });
    inside.recv().unwrap();
    (gate, ack)
}

/// Writes a mark that readers can count.
fn mark(connection: &Connection, name: &str) -> Result<(), StoreError> {
    connection
        .execute("INSERT INTO reason_codes (state, reason, hint) VALUES ('pending', ?1, 'mark')", [name])?;
    Ok(())
}

const MARKS: &str = "SELECT count(*) FROM reason_codes WHERE hint = 'mark'";

#[tokio::test]
async fn nothing_is_told_before_the_commit_that_a_group_shares() {
    let job = Job::with_rows(1);
    let writer = job.store.start_writer().unwrap();
    let (first_gate, held) = hold(&writer);
    let mut one = writer.submit(|connection| mark(connection, "one"));
    let (entered, inside) = mpsc::channel();
    let (gate, closed) = mpsc::channel::<()>();
    let two = writer.submit(move |connection| {
        entered.send(()).ok();
        closed.recv().ok();
        mark(connection, "two")
    });
    drop(first_gate);
    inside.recv().unwrap();
    assert!((&mut one).now_or_never().is_none(), "the first was told while its group was open");
    assert_eq!(job.count(MARKS), 0);
    drop(gate);
    one.await.unwrap();
    two.await.unwrap();
    held.await.unwrap();
    assert_eq!(job.count(MARKS), 2);
}

#[tokio::test]
async fn a_job_that_fails_takes_nothing_with_it() {
    let job = Job::with_rows(1);
    let writer = job.store.start_writer().unwrap();
    let (gate, _held) = hold(&writer);
    let before = writer.submit(|connection| mark(connection, "before"));
    let failing = writer.submit(|connection| {
        mark(connection, "of the failing job")?;
        Err::<(), _>(StoreError::Invariant("as wanted".to_owned()))
    });
    let after = writer.submit(|connection| mark(connection, "after"));
    drop(gate);
    before.await.unwrap();
    assert!(failing.await.unwrap_err().to_string().contains("as wanted"));
    after.await.unwrap();
    assert_eq!(job.count(MARKS), 2);
}

#[tokio::test]
async fn a_job_that_panics_takes_nothing_with_it() {
    let job = Job::with_rows(1);
    let writer = job.store.start_writer().unwrap();
    let (gate, _held) = hold(&writer);
    let panicking = writer.submit(|connection| {
        mark(connection, "of the panicking job")?;
        std::panic::resume_unwind(Box::new("as wanted"))
    });
    let panicked: Ack<()> = panicking;
    let after = writer.submit(|connection| mark(connection, "after"));
    drop(gate);
    assert!(matches!(panicked.await, Err(StoreError::Invariant(_))));
    after.await.unwrap();
    assert_eq!(job.count(MARKS), 1);
}

#[tokio::test]
async fn jobs_are_done_in_the_order_in_which_they_were_queued() {
    let job = Job::with_rows(1);
    let writer = job.store.start_writer().unwrap();
    let (told, order) = mpsc::channel();
    // More than one group holds.
    let acks: Vec<Ack<()>> = (0..1_000)
        .map(|number| {
            let told = told.clone();
            writer.submit(move |_| {
                told.send(number).ok();
                Ok(())
            })
        })
        .collect();
    for ack in acks {
        ack.await.unwrap();
    }
    drop(told);
    assert_eq!(order.iter().collect::<Vec<i32>>(), (0..1_000).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_writer_that_is_dropped_finishes_what_was_queued() {
    let job = Job::with_rows(1);
    let writer = job.store.start_writer().unwrap();
    let acks: Vec<Ack<()>> = (0..20)
        .map(|number| writer.submit(move |connection| mark(connection, &number.to_string())))
        .collect();
    drop(writer);
    assert_eq!(job.count(MARKS), 20);
    for ack in acks {
        ack.await.unwrap();
    }
}
