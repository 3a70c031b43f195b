//! Whether the server takes work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the server takes work. The server sets it; a load balancer asks for it.
#[derive(Clone, Debug, Default)]
pub struct Readiness(Arc<AtomicBool>);

impl Readiness {
    /// Says from now on whether work is taken.
    pub fn set(&self, ready: bool) {
        self.0.store(ready, Ordering::Release);
    }

    pub(crate) fn get(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
