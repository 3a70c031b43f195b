//! The bus of a cluster without a broker: the store's doorbell, which every node hears all of.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use parlour_hub::{BoxFuture, Carrier, Inbox, Topic};
use parlour_store::Store;
use parlour_store::doorbell::{Doorbell, Ears, Heard, MOST_BYTES, Rung};
use tokio::task::AbortHandle;

/// How long what is still to be told gathers at most before it is.
const GATHERED: Duration = Duration::from_millis(100);

/// The store's doorbell; without one, where nobody can listen, nodes hear of one another only what they look up.
pub(super) struct ByStore {
    doorbell: Option<Doorbell>,
    ears: Mutex<Option<Ears>>,
    hearing: Mutex<Option<AbortHandle>>,
}

impl ByStore {
    pub(super) fn new(store: &Store, channel: &str) -> Self {
        let (doorbell, ears) = store.doorbell(channel).unzip();
        if doorbell.is_none() {
            tracing::warn!("behind a pooler nobody can listen to the database; without NATS nodes look it up");
        }
        Self { doorbell, ears: Mutex::new(ears), hearing: Mutex::default() }
    }
}

impl Carrier for ByStore {
    fn begin(&self, inbox: Inbox) {
        let Some(mut ears) = self.ears.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        let hearing = tokio::spawn(async move {
            while let Some(heard) = ears.next().await {
                match heard {
                    Heard::Connected => inbox.set_connected(true),
                    Heard::Hint(letter) => inbox.take(letter.as_bytes()),
                    Heard::Away => inbox.set_connected(false),
                }
            }
        });
        *self.hearing.lock().unwrap_or_else(PoisonError::into_inner) = Some(hearing.abort_handle());
    }

    fn send(&self, _: Topic, letter: Bytes) -> bool {
        let Some(doorbell) = &self.doorbell else { return false };
        String::from_utf8(letter.into()).is_ok_and(|letter| doorbell.ring(letter) == Rung::Queued)
    }

    fn tune_in(&self, _: Topic) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }

    fn tune_out(&self, _: Topic) {}

    fn most_bytes(&self) -> usize {
        MOST_BYTES
    }

    fn flush(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            if self.doorbell.is_some() {
                tokio::time::sleep(GATHERED).await;
            }
        })
    }
}

impl Drop for ByStore {
    fn drop(&mut self) {
        if let Some(hearing) = self.hearing.lock().unwrap_or_else(PoisonError::into_inner).take() {
            hearing.abort();
        }
    }
}
