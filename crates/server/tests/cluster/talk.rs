//! Somebody who talks without a pause, and goes to another node when the one they are on does not listen any more.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::room::{Message, Seat};

/// Says one thing after the other in a room, each until it was heard.
pub(crate) struct Talker {
    stop: watch::Sender<bool>,
    heard: Arc<Mutex<Vec<Message>>>,
    talking: JoinHandle<()>,
}

impl Talker {
    /// Begins at the first of these nodes.
    pub(crate) fn begin(name: &'static str, token: String, room: &'static str, nodes: Vec<SocketAddr>) -> Self {
        let (stop, stopped) = watch::channel(false);
        let heard = Arc::<Mutex<Vec<Message>>>::default();
        let talking = tokio::spawn(talk(name, token, room, nodes, stopped, Arc::clone(&heard)));
        Self { stop, heard, talking }
    }

    /// How much was heard to be said.
    pub(crate) fn count(&self) -> usize {
        self.heard.lock().unwrap().len()
    }

    /// Waits until so much more was.
    pub(crate) async fn says(&self, more: usize) {
        let wanted = self.count() + more;
        let polling = async {
            while self.count() < wanted {
                // sleep: polls what another task does over the network.
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(crate::http::PATIENCE, polling).await.expect("nothing more is heard");
    }

    /// Stops, and gives back what was acknowledged.
    pub(crate) async fn end(self) -> Vec<Message> {
        self.stop.send_replace(true);
        self.talking.await.unwrap();
        std::mem::take(&mut *self.heard.lock().unwrap())
    }
}

async fn talk(
    name: &str,
    token: String,
    room: &str,
    nodes: Vec<SocketAddr>,
    stopped: watch::Receiver<bool>,
    heard: Arc<Mutex<Vec<Message>>>,
) {
    let mut count = 0;
    for node in nodes.iter().cycle() {
        let Ok(mut seat) = Seat::take(*node, room, &token, None).await else {
            if *stopped.borrow() {
                return;
            }
            // sleep: a client that finds nobody waits a little before it tries elsewhere.
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            continue;
        };
        // What was not heard is said again, under the key that it had.
        while let Ok(message) = seat.post(&format!("{name} says {count}"), &format!("{name}-{count}")).await {
            heard.lock().unwrap().push(message);
            count += 1;
            if *stopped.borrow() {
                return;
            }
        }
    }
}

/// All that was acknowledged is in the room as it was, in one order without gaps, and nothing was said twice.
pub(crate) async fn stands(node: SocketAddr, room: &str, token: &str, acknowledged: &[Message]) {
    let said = crate::room::history(node, room, token, "the end").await;
    for message in acknowledged {
        let at = usize::try_from(message.id - 1).unwrap();
        assert_eq!(said.get(at), Some(message), "it is not where it was");
    }
}
