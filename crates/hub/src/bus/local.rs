//! The bus of a single node: a call.

use std::sync::Weak;

use super::{Hint, Listener};

/// Hands every hint to its one listener, on the caller's thread.
pub(crate) struct Local {
    /// Weak, because the listener owns the bus.
    listener: Weak<dyn Listener>,
}

impl Local {
    pub(crate) fn new(listener: Weak<dyn Listener>) -> Self {
        Self { listener }
    }

    pub(crate) fn tell(&self, hint: Hint) {
        if let Some(listener) = self.listener.upgrade() {
            listener.hear(hint);
        }
    }

    pub(super) fn listener(&self) -> Weak<dyn Listener> {
        self.listener.clone()
    }
}
