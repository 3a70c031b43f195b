//! Whether the server takes work.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

const STARTING: u8 = 0;
const READY: u8 = 1;
const DRAINING: u8 = 2;

/// Whether the server takes work: not while it starts, and not once it stops. The server says so; a load balancer asks.
#[derive(Clone, Debug, Default)]
pub struct Readiness(Arc<AtomicU8>);

impl Readiness {
    /// From now on work is taken.
    pub fn begin(&self) {
        self.0.store(READY, Ordering::Release);
    }

    /// From now on none is.
    pub fn end(&self) {
        self.0.store(DRAINING, Ordering::Release);
    }

    /// Why no work is taken, in a word; `None` when it is.
    pub(crate) fn refusal(&self) -> Option<&'static str> {
        match self.0.load(Ordering::Acquire) {
            STARTING => Some("starting"),
            READY => None,
            _ => Some("draining"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_starts_takes_work_and_drains() {
        let readiness = Readiness::default();
        assert_eq!(readiness.refusal(), Some("starting"));
        readiness.begin();
        assert_eq!(readiness.refusal(), None);
        readiness.end();
        assert_eq!(readiness.refusal(), Some("draining"));
    }
}
