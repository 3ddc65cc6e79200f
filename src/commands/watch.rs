//! Watches a run, or a survey: draws its bars and keeps the files fresh.

use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::files;
use crate::domain::Phase;
use crate::runner::Event;
use crate::store::{PhaseProgress, Store};

/// The files are rewritten at batch ends, but not more often than this.
const EXPORT_EVERY: Duration = Duration::from_secs(30);

/// Nor for more than one part in so many of the time: those of a million rows take a while.
const EXPORT_SHARE: u32 = 20;

/// The rows of a phase that are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ahead {
    /// Those that a run works on.
    Ready,
    /// Those that a plan is about.
    Open,
    /// Those that are verified.
    Done,
}

impl Ahead {
    fn count(self, rows: &PhaseProgress) -> u32 {
        let ready = rows.ready.saturating_add(rows.running);
        match self {
            Ahead::Ready => ready,
            Ahead::Open => ready.saturating_add(rows.pending),
            Ahead::Done => rows.success,
        }
    }

    /// What is told of those that do not end well.
    const fn otherwise(self) -> &'static str {
        match self {
            Ahead::Ready => "pending",
            Ahead::Open => "blocked",
            Ahead::Done => "not in place",
        }
    }
}

/// A thread of its own: neither terminal nor disk delays the run.
pub(super) struct Watcher {
    events: mpsc::Sender<Event>,
    thread: std::io::Result<std::thread::JoinHandle<()>>,
}

impl Watcher {
    /// Of a run, whose rows are told in these files.
    pub(super) fn start(store: &Store, output: &Path, bars: &MultiProgress) -> Watcher {
        Watcher::follow(View {
            output: Some(output.to_owned()),
            export_at: Instant::now().checked_add(EXPORT_EVERY),
            ..View::new(store, bars, Ahead::Ready)
        })
    }

    /// Of a survey, which changes no file.
    pub(super) fn start_without_files(store: &Store, bars: &MultiProgress, ahead: Ahead) -> Watcher {
        Watcher::follow(View::new(store, bars, ahead))
    }

    fn follow(view: View) -> Watcher {
        let (events, told) = mpsc::channel();
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
    /// Where the files are, if there are any to keep fresh.
    output: Option<std::path::PathBuf>,
    bars: MultiProgress,
    bar: Option<ProgressBar>,
    ahead: Ahead,
    pending: u64,
    /// When the files may be rewritten; `None` for no more.
    export_at: Option<Instant>,
}

impl View {
    fn new(store: &Store, bars: &MultiProgress, ahead: Ahead) -> View {
        let (store, bars) = (store.clone(), bars.clone());
        View { store, output: None, bars, bar: None, ahead, pending: 0, export_at: None }
    }

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
        let open = rows.map_or(0, |rows| u64::from(self.ahead.count(rows)));
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
            bar.set_message(format!("{} {}", self.pending, self.ahead.otherwise()));
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
        let Some(output) = &self.output else { return };
        let begun = Instant::now();
        files::refresh(&self.store, output);
        let pause = EXPORT_EVERY.max(begun.elapsed().saturating_mul(EXPORT_SHARE));
        self.export_at = Instant::now().checked_add(pause);
    }
}
