//! The other nodes, as this one tells them something.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use parlour_model::RoomName;
use tokio::sync::watch;
use tokio::time::timeout;

use super::carrier::{BusCounts, Carrier, Inbox, State, Topic};
use super::hint::{Hint, NodeId, Presence};
use super::letter;
use super::local::Local;
use super::portion::Portion;
use crate::history::BoxFuture;
use crate::lock::lock;

/// How often heads are looked at while hints come, and while none can.
const HEADS_CONNECTED: Duration = Duration::from_secs(1);
const HEADS_AWAY: Duration = Duration::from_millis(200);

/// How long a room that becomes active waits to be tuned in to, or for what others have to say of it. Without it, it only
/// hears a little later of what happens elsewhere.
pub(crate) const TUNING: Duration = Duration::from_millis(250);

/// The way to the other nodes, and what is known of it.
pub(crate) struct Remote {
    pub(super) local: Local,
    carrier: Arc<dyn Carrier>,
    state: Arc<State>,
    tuned: Arc<Tuning>,
}

/// How many active rooms have a topic: two may have the same.
struct Tuning {
    carrier: Arc<dyn Carrier>,
    counts: Mutex<HashMap<Topic, usize>>,
}

/// A room's ear at the bus. Dropped, what is told of the room is not heard any more.
pub(crate) struct Tuned {
    tuning: Arc<Tuning>,
    topic: Topic,
}

impl Remote {
    pub(crate) fn new(node: NodeId, local: Local, carrier: Arc<dyn Carrier>) -> Self {
        let tuned = Arc::new(Tuning { carrier: Arc::clone(&carrier), counts: Mutex::default() });
        Self { local, carrier, state: Arc::new(State::new(node)), tuned }
    }

    /// Begins to hear.
    pub(crate) fn begin(&self) {
        self.carrier.begin(Inbox::new(self.local.listener(), Arc::clone(&self.state)));
    }

    pub(crate) fn node(&self) -> NodeId {
        self.state.node
    }

    /// Tells the other nodes. Does not wait.
    pub(crate) fn send(&self, hint: &Hint) {
        let topic = hint.room().map_or(Topic::All, topic_of);
        let mut letter = letter::write(self.state.node, hint);
        if letter.len() > self.carrier.most_bytes()
            && let Some(shortened) = hint.shortened()
        {
            letter = letter::write(self.state.node, &shortened);
        }
        let is_sent = letter.len() <= self.carrier.most_bytes() && self.carrier.send(topic, letter);
        let count = if is_sent { &self.state.sent } else { &self.state.dropped };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// How much of a list goes into one letter.
    pub(crate) fn portion(&self) -> Portion {
        Portion::of_letters(self.carrier.most_bytes())
    }

    pub(crate) fn say(&self, presence: Presence) {
        self.send(&Hint::Presence(presence));
    }

    /// Hears what is told of a room from now on; waits a moment for that to be in force.
    pub(crate) async fn tune_in(&self, room: &RoomName) -> Tuned {
        let topic = topic_of(room);
        let (tuned, in_force) = self.tuned.tune_in(topic);
        if self.is_connected()
            && let Some(in_force) = in_force
        {
            let _late = timeout(TUNING, in_force).await;
        }
        tuned
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.state.is_connected.load(Ordering::Relaxed)
    }

    /// Changes whenever the bus is connected anew.
    pub(crate) fn connects(&self) -> watch::Receiver<u64> {
        self.state.connects.subscribe()
    }

    /// Sends what is still to be sent.
    pub(crate) async fn flush(&self) {
        self.carrier.flush().await;
    }

    /// As for [`super::Bus::heads_every`]; not the same for all nodes, so that they do not look at once.
    pub(super) fn heads_every(&self) -> Duration {
        let every = if self.is_connected() { HEADS_CONNECTED } else { HEADS_AWAY };
        every * 7 / 8 + every / 4 * u32::from(self.state.node.0.to_le_bytes()[0]) / 256
    }

    /// What it has done, with nothing of what others count.
    pub(crate) fn counts(&self) -> BusCounts {
        let count = |of: &std::sync::atomic::AtomicU64| of.load(Ordering::Relaxed);
        let State { sent, received, dropped, unreadable, failed, .. } = &*self.state;
        BusCounts {
            is_connected: self.is_connected(),
            sent: count(sent),
            received: count(received),
            dropped: count(dropped),
            unreadable: count(unreadable),
            failed: count(failed),
            ..BusCounts::default()
        }
    }
}

impl Tuning {
    fn tune_in(self: &Arc<Self>, topic: Topic) -> (Tuned, Option<BoxFuture<'static, ()>>) {
        let tuned = Tuned { tuning: Arc::clone(self), topic };
        let mut counts = lock(&self.counts);
        let count = counts.entry(topic).or_default();
        *count += 1;
        // Under the lock, so that coming and going are heard of in their order.
        let in_force = (*count == 1).then(|| self.carrier.tune_in(topic));
        (tuned, in_force)
    }
}

impl Drop for Tuned {
    fn drop(&mut self) {
        let mut counts = lock(&self.tuning.counts);
        let Some(count) = counts.get_mut(&self.topic) else { return };
        *count -= 1;
        if *count == 0 {
            counts.remove(&self.topic);
            self.tuning.carrier.tune_out(self.topic);
        }
    }
}

/// FNV-1a: every node and every version must come to the same. Two rooms of one topic only hear what is not for them.
fn topic_of(room: &RoomName) -> Topic {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    Topic::Room(room.key().bytes().fold(0xcbf2_9ce4_8422_2325, step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_has_one_topic_however_it_is_spelled_and_in_every_version() {
        let topic = |text| topic_of(&RoomName::parse(text).expect("a name"));
        assert_eq!(topic("Tea"), topic("tea"));
        assert_eq!(topic("a"), Topic::Room(0xaf63_dc4c_8601_ec8c), "as FNV-1a is published");
    }
}
