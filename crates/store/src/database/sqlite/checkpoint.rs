//! Moving what was committed out of the log into the main file, beside the writer instead of in its way.
//!
//! SQLite would do it itself after some commit, which then takes a hundred times as long as the others. Here a thread
//! of its own moves the bulk. What is committed meanwhile is little; the writer moves that between two groups, since
//! only a log that has been moved as a whole is begun anew.

use std::ffi::c_int;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use rusqlite::Connection;
use rusqlite::wal::CheckpointMode;

use super::priority;
use super::settings::open_writer;
use crate::{Error, Result};

/// How many pages (16 MiB) the log has when it is time to move them. With SQLite's own number, 1,000, a thousand messages a
/// second had them moved four times a second, and each time some messages waited.
const PAGES: c_int = 4_000;

/// So few pages the writer moves itself.
const FEW: c_int = 100;

/// At so many pages (64 MiB) the writer moves them however long it takes: the thread could not keep up.
const MOST: c_int = 16_384;

/// The writer's side: how full the log is, and the thread that moves it.
pub(super) struct Checkpoints {
    progress: Arc<Progress>,
    bell: SyncSender<()>,
    thread: JoinHandle<()>,
}

#[derive(Default)]
struct Progress {
    /// Pages in the log after the last commit.
    log: AtomicI32,
    /// Pages of it that were moved.
    moved: AtomicI32,
    /// Whether the thread is at work.
    busy: AtomicBool,
}

impl Checkpoints {
    /// Takes over from SQLite for the database of `path`, which `writer` writes.
    pub(super) fn take_over(writer: &mut Connection, path: &Path) -> Result<Self> {
        let progress = Arc::new(Progress::default());
        let mover = open_writer(path)?;
        let seen = Arc::clone(&progress);
        // In the place where SQLite's own stood: there is one.
        writer.wal_hook(Some(move |_: &mut _, pages: c_int| {
            // Fewer than before: the log has begun anew.
            if pages < seen.log.swap(pages, Ordering::Relaxed) {
                seen.moved.store(0, Ordering::Relaxed);
            }
            Ok(())
        }))?;
        let (bell, rung) = sync_channel(1);
        let shared = Arc::clone(&progress);
        let thread = std::thread::Builder::new().name("sqlite-mover".to_owned());
        let thread = thread.spawn(move || serve(&mover, &shared, &rung)).map_err(Error::failed)?;
        Ok(Self { progress, bell, thread })
    }

    /// Ends the thread, when it has finished what it is at.
    pub(super) fn end(self) {
        drop(self.bell);
        // There is nothing to be done about a panic of its own.
        let _ = self.thread.join();
    }

    /// To be called between two groups.
    pub(super) fn look(&self, writer: &Connection) {
        let log = self.progress.log.load(Ordering::Relaxed);
        if log < PAGES {
            return;
        }
        if self.progress.busy.load(Ordering::Acquire) {
            return;
        }
        let left = log - self.progress.moved.load(Ordering::Relaxed);
        if log >= MOST {
            // Waits, for as long as a lock is waited for, until no reader is in the log any more.
            finish(writer, CheckpointMode::RESTART);
        } else if left <= FEW {
            finish(writer, CheckpointMode::PASSIVE);
        } else {
            self.progress.busy.store(true, Ordering::Relaxed);
            // It takes one at a time, and has none.
            let _ = self.bell.try_send(());
        }
    }
}

/// Moves the rest, so that the next commit begins the log anew.
fn finish(writer: &Connection, mode: CheckpointMode) {
    if let Err(error) = writer.wal_checkpoint_v2(None::<&str>, mode) {
        // A reader that is still in the log: after the next group it may be gone.
        tracing::debug!(%error, "the database's log could not be moved as a whole");
    }
}

fn serve(mover: &Connection, progress: &Progress, rung: &Receiver<()>) {
    priority::step_back();
    while rung.recv().is_ok() {
        match mover.wal_checkpoint_v2(None::<&str>, CheckpointMode::PASSIVE) {
            Ok((_, pages)) => progress.moved.store(pages, Ordering::Relaxed),
            // What cannot be moved stays in the log and is as durable there.
            Err(error) => tracing::warn!(%error, "the database's log could not be moved into its main file"),
        }
        progress.busy.store(false, Ordering::Release);
    }
}
