//! What is rung when something has happened in a room: a bell for each task that may walk along its seats.

use tokio::sync::Notify;

/// The bells of one room. A ring that nobody waits for is heard by the next who does.
pub(crate) struct Bells(Box<[Notify]>);

impl Bells {
    pub(crate) fn new(count: usize) -> Self {
        Self((0..count.max(1)).map(|_| Notify::new()).collect())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn ring(&self, index: usize) {
        self.0[index].notify_one();
    }

    pub(crate) fn ring_all(&self) {
        self.0.iter().for_each(Notify::notify_one);
    }

    /// Resolves when this one was rung since it last did.
    pub(crate) async fn rung(&self, index: usize) {
        self.0[index].notified().await;
    }
}
