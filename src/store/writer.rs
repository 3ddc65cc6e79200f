//! The one thread that writes during a run. It commits whatever is queued and never waits for more.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::mpsc;
use std::task::{Context, Poll};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::StoreError;

/// The most jobs that share one commit.
const GROUP: usize = 256;

/// Queues writes for the writer thread; jobs are done in the order in which they are queued.
#[derive(Debug)]
pub struct Writer {
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// Resolves when the job's transaction is on disk.
#[derive(Debug)]
#[must_use = "nothing is known to be stored before its commit"]
pub struct Ack<T>(oneshot::Receiver<Result<T, StoreError>>);

impl<T> Future for Ack<T> {
    type Output = Result<T, StoreError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|told| {
            told.unwrap_or_else(|_| Err(StoreError::Storage("the writer has stopped".to_owned())))
        })
    }
}

impl Writer {
    pub(super) fn start(connection: Connection) -> Result<Writer, StoreError> {
        let (jobs, queue) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("wxbulk-writer".to_owned())
            .spawn(move || work(&connection, &queue))?;
        Ok(Writer { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Queues one write. It is wholly there or wholly gone; a failing one leaves the others of its group alone.
    pub fn submit<T, F>(&self, work: F) -> Ack<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let (ack, told) = oneshot::channel();
        if let Some(jobs) = &self.jobs {
            // A writer that has stopped drops the job, and with it the sender: the ack says so.
            drop(jobs.send(Box::new(Work { work: Some(work), result: None, ack: Some(ack) })));
        }
        Ack(told)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A panic in the writer was told through the acks already.
            drop(thread.join());
        }
    }
}

trait Job: Send {
    /// Does the work inside the open savepoint; false rolls it back.
    fn run(&mut self, connection: &Connection) -> bool;
    /// Tells the result, once the group is committed or has failed.
    fn tell(&mut self, failure: Option<&str>);
}

struct Work<T, F> {
    work: Option<F>,
    result: Option<Result<T, StoreError>>,
    ack: Option<oneshot::Sender<Result<T, StoreError>>>,
}

impl<T, F> Job for Work<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, StoreError> + Send,
{
    fn run(&mut self, connection: &Connection) -> bool {
        let Some(work) = self.work.take() else { return false };
        let result = catch_unwind(AssertUnwindSafe(|| work(connection)))
            .unwrap_or_else(|_| Err(StoreError::Invariant("a write panicked".to_owned())));
        let done = result.is_ok();
        self.result = Some(result);
        done
    }

    fn tell(&mut self, failure: Option<&str>) {
        let result = match (failure, self.result.take()) {
            (Some(failure), _) => Err(StoreError::Storage(failure.to_owned())),
            (None, Some(result)) => result,
            (None, None) => Err(StoreError::Invariant("a write was not done".to_owned())),
        };
        if let Some(ack) = self.ack.take() {
            // Nobody may be waiting any more.
            drop(ack.send(result));
        }
    }
}

fn work(connection: &Connection, queue: &mpsc::Receiver<Box<dyn Job>>) {
    let mut stopped: Option<String> = None;
    while let Ok(first) = queue.recv() {
        let mut group = vec![first];
        group.extend(queue.try_iter().take(GROUP));
        // After a failed commit nothing that follows can be trusted to be stored.
        let failure =
            stopped.clone().or_else(|| commit(connection, &mut group).err().map(|error| error.to_string()));
        group.iter_mut().for_each(|job| job.tell(failure.as_deref()));
        stopped = failure;
    }
}

fn commit(connection: &Connection, group: &mut [Box<dyn Job>]) -> rusqlite::Result<()> {
    execute(connection, "BEGIN IMMEDIATE")?;
    let outcome = fill(connection, group).and_then(|()| execute(connection, "COMMIT"));
    if outcome.is_err() && !connection.is_autocommit() {
        // The first failure is the one to report.
        drop(connection.execute_batch("ROLLBACK"));
    }
    outcome
}

fn fill(connection: &Connection, group: &mut [Box<dyn Job>]) -> rusqlite::Result<()> {
    for job in group {
        execute(connection, "SAVEPOINT job")?;
        if !job.run(connection) {
            execute(connection, "ROLLBACK TO job")?;
        }
        execute(connection, "RELEASE job")?;
    }
    Ok(())
}

/// Runs a statement that is parsed once and kept: these frame every write.
fn execute(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(|_| ())
}
