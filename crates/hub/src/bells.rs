//! What is rung when something has happened in a room: a bell for each task that may walk along its seats, and one for
//! those who follow it from elsewhere.

use tokio::sync::Notify;

/// The bells of one room. A ring that nobody waits for is heard by the next who does.
pub(crate) struct Bells {
    walkers: Box<[Notify]>,
    ears: Notify,
}

impl Bells {
    pub(crate) fn new(walkers: usize) -> Self {
        Self { walkers: (0..walkers.max(1)).map(|_| Notify::new()).collect(), ears: Notify::new() }
    }

    /// How many walkers there may be.
    pub(crate) fn len(&self) -> usize {
        self.walkers.len()
    }

    pub(crate) fn ring(&self, index: usize) {
        self.walkers[index].notify_one();
    }

    pub(crate) fn ring_all(&self) {
        self.walkers.iter().for_each(Notify::notify_one);
        self.ears.notify_one();
    }

    /// Resolves when this walker's was rung since it last did.
    pub(crate) async fn rung(&self, index: usize) {
        self.walkers[index].notified().await;
    }

    /// Likewise for those who follow.
    pub(crate) async fn rung_for_ears(&self) {
        self.ears.notified().await;
    }
}
