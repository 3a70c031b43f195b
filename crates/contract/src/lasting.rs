//! An answer that goes on for as long as somebody reads it.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Stands among the extensions of an answer whose body lasts: whoever accepts connections would else take one that
/// has been answered, and then is quiet, for one that nobody uses.
#[derive(Clone, Default)]
pub struct Lasting(Arc<Mutex<Option<Box<dyn Any + Send>>>>);

impl Lasting {
    /// Keeps something until the answer is over.
    pub fn keep(&self, what: impl Any + Send) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(what));
    }

    /// The answer is over.
    pub(crate) fn end(&self) {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(kept);
    }
}

impl fmt::Debug for Lasting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lasting")
    }
}
