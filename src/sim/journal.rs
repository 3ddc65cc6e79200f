//! The record of every request, in memory and as JSON lines.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use tokio::sync::Notify;

use super::operation::Operation;

/// One request and what became of it. The token is never in here.
#[derive(Clone, Debug, Serialize)]
pub struct Exchange {
    /// 1, 2, 3 .. in order of arrival.
    pub seq: u64,
    /// What was asked for.
    pub operation: Operation,
    /// The HTTP method.
    pub method: String,
    /// Path with query, as sent.
    pub path: String,
    /// What identifies the thing: a location's name, an email, an extension or a number, else an id.
    pub key: Option<String>,
    /// The setting's name, for settings.
    pub feature: Option<String>,
    /// How many requests of this operation there were, this one included.
    pub nth: u32,
    /// A write took effect.
    pub applied: bool,
    /// The status sent; `None` if no answer was sent (yet).
    pub replied: Option<u16>,
    /// The fault or limit that interfered.
    pub fault: Option<String>,
    /// Milliseconds between the start of the server and the arrival.
    pub at_ms: u64,
    /// The JSON body of the request.
    pub body: Option<Value>,
}

#[derive(Default)]
pub(crate) struct Journal {
    exchanges: Vec<Exchange>,
    file: Option<File>,
    news: Arc<Notify>,
}

impl Journal {
    /// Appends to the file, if one is wanted.
    pub(crate) fn open(path: Option<&Path>) -> io::Result<Self> {
        let open = |path| OpenOptions::new().create(true).append(true).open(path);
        Ok(Journal { file: path.map(open).transpose()?, ..Journal::default() })
    }

    /// Records an arrival; its number is given out here.
    pub(crate) fn begin(&mut self, mut exchange: Exchange) -> u64 {
        exchange.seq = u64::try_from(self.exchanges.len()).unwrap_or(u64::MAX).saturating_add(1);
        let seq = exchange.seq;
        self.exchanges.push(exchange);
        self.news.notify_waiters();
        seq
    }

    pub(crate) fn change(&mut self, seq: u64, change: impl FnOnce(&mut Exchange)) {
        let index = usize::try_from(seq.saturating_sub(1)).unwrap_or(usize::MAX);
        if let Some(exchange) = self.exchanges.get_mut(index) {
            change(exchange);
            self.news.notify_waiters();
        }
    }

    /// Writes the exchange's line; called once, when nothing more can happen to it.
    pub(crate) fn close(&mut self, seq: u64) {
        let index = usize::try_from(seq.saturating_sub(1)).unwrap_or(usize::MAX);
        if let (Some(exchange), Some(file)) = (self.exchanges.get(index), self.file.as_mut())
            && let Ok(mut line) = serde_json::to_vec(exchange)
        {
            line.push(b'\n');
            // A full disk must not stop the simulated Webex; the journal in memory stays whole.
            drop(file.write_all(&line));
        }
    }

    /// Told at every change.
    pub(crate) fn news(&self) -> Arc<Notify> {
        Arc::clone(&self.news)
    }

    pub(crate) fn exchanges(&self) -> &[Exchange] {
        &self.exchanges
    }

    pub(crate) fn all(&self) -> Vec<Exchange> {
        self.exchanges.clone()
    }
}
