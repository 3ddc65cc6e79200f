//! Watches a run: draws its bars and keeps the files fresh.

use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::files;
use crate::domain::Phase;
use crate::runner::Event;
use crate::store::Store;

/// The files are rewritten at batch ends, but not more often than this.
const EXPORT_EVERY: Duration = Duration::from_secs(30);

/// Nor for more than one part in so many of the time: those of a million rows take a while.
const EXPORT_SHARE: u32 = 20;

/// A thread of its own: neither terminal nor disk delays the run.
pub(super) struct Watcher {
    events: mpsc::Sender<Event>,
    thread: std::io::Result<std::thread::JoinHandle<()>>,
}

impl Watcher {
    pub(super) fn start(store: &Store, output: &Path, bars: &MultiProgress) -> Watcher {
        let (events, told) = mpsc::channel();
        let view = View {
            store: store.clone(),
            output: output.to_owned(),
            bars: bars.clone(),
            bar: None,
            pending: 0,
            export_at: Instant::now().checked_add(EXPORT_EVERY),
        };
        let thread =
            std::thread::Builder::new().name("wxbulk-watch".to_owned()).spawn(move || view.follow(&told));
        Watcher { events, thread }
    }

    pub(super) fn events(&self) -> mpsc::Sender<Event> {
        self.events.clone()
    }

    /// Ends when all that was told is shown.
    pub(super) fn finish(self) {
        drop(self.events);
        if let Ok(thread) = self.thread {
            // A failure to draw is no failure of the run.
            thread.join().ok();
        }
    }
}

struct View {
    store: Store,
    output: std::path::PathBuf,
    bars: MultiProgress,
    bar: Option<ProgressBar>,
    pending: u64,
    /// When the files may be rewritten; `None` for no more.
    export_at: Option<Instant>,
}

impl View {
    fn follow(mut self, told: &mpsc::Receiver<Event>) {
        while let Ok(event) = told.recv() {
            match event {
                Event::PhaseStarted(phase) => self.begin(phase),
                Event::RowEnded { success, .. } => self.advance(success),
                Event::BatchEnded if self.export_at.is_some_and(|at| Instant::now() >= at) => self.export(),
                Event::BatchEnded => {}
                Event::PhaseEnded(_) => {
                    self.close();
                    self.export();
                }
            }
        }
        self.close();
    }

    fn begin(&mut self, phase: Phase) {
        let progress = self.store.progress().unwrap_or_default();
        let rows = progress.iter().find(|rows| rows.phase == phase.number());
        let open = rows.map_or(0, |rows| u64::from(rows.ready.saturating_add(rows.running)));
        let style =
            ProgressStyle::with_template("{prefix:12} {wide_bar} {pos}/{len}  {per_sec}  ETA {eta}  {msg}");
        let bar = self.bars.add(ProgressBar::new(open)).with_prefix(phase.title());
        if let Ok(style) = style {
            bar.set_style(style);
        }
        self.pending = 0;
        self.bar = Some(bar);
    }

    fn advance(&mut self, success: bool) {
        let Some(bar) = &self.bar else { return };
        bar.inc(1);
        if !success {
            self.pending = self.pending.saturating_add(1);
            bar.set_message(format!("{} pending", self.pending));
        }
    }

    fn close(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
            self.bars.remove(&bar);
        }
    }

    /// The last export of the run, and its errors, are the command's.
    fn export(&mut self) {
        let begun = Instant::now();
        files::refresh(&self.store, &self.output);
        let pause = EXPORT_EVERY.max(begun.elapsed().saturating_mul(EXPORT_SHARE));
        self.export_at = Instant::now().checked_add(pause);
    }
}
