//! The way to the task of one connection, for whoever has something to tell it.

use std::sync::{Mutex, OnceLock};
use std::task::{Context, Waker};

use crate::farewell::Farewell;
use crate::lock::lock;

/// Reaches the task of one connection: to have it look, or to tell it that it must go.
#[derive(Default)]
pub(crate) struct Signal {
    farewell: OnceLock<Farewell>,
    task: Mutex<Option<Waker>>,
}

impl Signal {
    /// Tells it to go. The first reason stands.
    pub(crate) fn give(&self, farewell: Farewell) {
        if self.farewell.set(farewell).is_ok() {
            self.ring();
        }
    }

    /// Why the connection must go, if it must.
    pub(crate) fn farewell(&self) -> Option<Farewell> {
        self.farewell.get().copied()
    }

    /// Wakes the task that heeds it.
    pub(crate) fn ring(&self) {
        let task = lock(&self.task).take();
        if let Some(task) = task {
            task.wake();
        }
    }

    /// Nobody heeds it any more: a task that is over should not be kept in memory by it.
    pub(crate) fn forget(&self) {
        let task = lock(&self.task).take();
        drop(task);
    }

    /// Has this task woken by every ring from here on until it is; it heeds the signal before it looks. One task does.
    pub(crate) fn heed(&self, cx: &Context<'_>) {
        let mut task = lock(&self.task);
        if !task.as_ref().is_some_and(|task| task.will_wake(cx.waker())) {
            *task = Some(cx.waker().clone());
        }
    }
}
