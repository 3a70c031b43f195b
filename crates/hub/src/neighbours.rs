//! What a node does about the others: it beats, judges who lives, says whom it has, and agrees on what is heeded.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parlour_model::RoomName;
use tokio::select;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tracing::{info, warn};

use crate::Hub;
use crate::bus::{Control, Hint, NodeId, Presence, Remote, TUNING};
use crate::cluster::Cluster;
use crate::history::BoxFuture;
use crate::lock::lock;
use crate::node::Inner;
use crate::nodes::{BEAT, HELD_UP, Seen};
use crate::room::Room;

/// How often it is judged who lives, and how many of these are between two beats.
const JUDGE_EVERY: Duration = Duration::from_millis(500);
const JUDGED_A_BEAT: u64 = 4;

/// How long a beat in the store may take.
const LEASE: Duration = Duration::from_secs(4);

/// How long comings and goings gather before they are told to the others.
const GATHER: Duration = Duration::from_millis(10);

/// How often it is told anew who is where, and how long one rests between so many rooms.
const EVERYBODY_EVERY: Duration = Duration::from_secs(30);
const ROOMS_AT_ONCE: usize = 64;
const REST: Duration = Duration::from_millis(20);

/// How long a writer waits for the others to heed what it has written.
const AGREEING: Duration = Duration::from_millis(250);

/// Begins what goes on beside the rooms.
pub(crate) fn begin(hub: &Arc<Inner>, remote: &Remote) {
    let weak = || Arc::downgrade(hub);
    hub.runtime.spawn(watch_nodes(weak()));
    hub.runtime.spawn(hold_lease(weak()));
    hub.runtime.spawn(tell_changes(weak()));
    if let Some(cluster) = &hub.cluster {
        hub.runtime.spawn(tell_everybody(weak(), remote.connects(), Arc::clone(&cluster.woken)));
    }
}

/// What another node needs of this one, or has told it.
impl Inner {
    pub(crate) fn hear_control(&self, node: NodeId, control: Control) {
        let (Some(cluster), Some(remote)) = (&self.cluster, self.bus.remote()) else { return };
        match control {
            Control::Written(seq) => {
                let heeded = cluster.heeded.load(Ordering::Relaxed);
                if heeded >= seq {
                    // That it was said before may have been lost.
                    remote.send(&Hint::Control(Control::Heeded(heeded)));
                } else {
                    cluster.control.notify_one();
                }
            }
            Control::Heeded(seq) => {
                lock(&cluster.nodes).heed(node, seq);
                cluster.answered.notify_waiters();
            }
            Control::Look => cluster.control.notify_one(),
        }
    }

    pub(crate) fn hear_presence(&self, node: NodeId, presence: Presence) {
        let (Some(cluster), Some(remote)) = (&self.cluster, self.bus.remote()) else { return };
        let now = Instant::now();
        match presence {
            Presence::Beat { beat, heeded } => {
                let is_new = {
                    let mut nodes = lock(&cluster.nodes);
                    let is_new = nodes.beat(node, Seen::Bus(beat), now);
                    nodes.heed(node, heeded);
                    is_new
                };
                cluster.answered.notify_waiters();
                if is_new {
                    info!(%node, "another node is heard");
                    // It need not wait until this one beats again to know of it.
                    self.beat(cluster, remote);
                }
            }
            Presence::Leaving => {
                if lock(&cluster.nodes).leave(node, now) {
                    info!(%node, "another node stops");
                    self.lose_node(node);
                }
            }
            other => {
                if lock(&cluster.nodes).hear(node, now) {
                    self.hear_of_room(cluster, remote, node, other);
                }
            }
        }
    }

    fn hear_of_room(&self, cluster: &Cluster, remote: &Remote, node: NodeId, presence: Presence) {
        match presence {
            Presence::Changed { room: name, since, version, changes } => {
                let Some(room) = self.rooms.find(&name) else { return };
                let (asks, later) = room.hear_changes(node, (since, version), &changes, self.clock.now());
                self.tell_later(&room, later);
                if asks {
                    remote.say(Presence::WhoIsHere { room: name, of: Some(node) });
                }
            }
            Presence::Everybody { room, version, part, parts, people } => {
                let Some(room) = self.rooms.find(&room) else { return };
                let later = room.hear_everybody(node, version, (part, parts), people, self.clock.now());
                self.tell_later(&room, later);
                cluster.answered.notify_waiters();
            }
            Presence::WhoIsHere { room, of } if of.is_none_or(|of| of == remote.node()) => {
                self.answer(cluster, remote, &room);
            }
            Presence::WhoIsHere { .. } | Presence::Beat { .. } | Presence::Leaving => {}
        }
    }

    fn answer(&self, cluster: &Cluster, remote: &Remote, name: &RoomName) {
        // Read first: a room that begins meanwhile tells of its people with later versions.
        let version = cluster.outbox.version();
        let nobody = || Presence::Everybody { room: name.clone(), version, part: 0, parts: 1, people: Vec::new() };
        for part in self.rooms.find(name).map_or_else(|| vec![nobody()], |room| room.everybody(remote.portion())) {
            remote.say(part);
        }
    }

    /// Finds out whom other nodes have in a room that becomes active here, and hears of it from then on.
    pub(crate) fn look_around<'a>(&'a self, room: &'a Arc<Room>) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let (Some(cluster), Some(remote)) = (&self.cluster, self.bus.remote()) else { return };
            room.keep(remote.tune_in(&room.name).await);
            if !remote.is_connected() {
                return;
            }
            remote.say(Presence::WhoIsHere { room: room.name.clone(), of: None });
            let all_know = || lock(&cluster.nodes).heard(Instant::now()).all(|node| room.knows(node));
            let _late = timeout(TUNING, cluster.until(all_know)).await;
        })
    }

    /// A node is gone: its people may come back elsewhere for as long as anybody else's.
    fn lose_node(&self, node: NodeId) {
        let until = Instant::now() + self.settings.leave_grace;
        for room in self.rooms.all() {
            for id in room.lose_node(node, until) {
                if let Some(hold) = self.rooms.hold_active(&room.name) {
                    self.wait_for(id, until, hold);
                }
            }
        }
    }

    /// Every active room. Whoever believed this node dead hears first that it is not.
    fn rooms_to_tell(&self) -> Vec<Arc<Room>> {
        if let (Some(cluster), Some(remote)) = (&self.cluster, self.bus.remote()) {
            self.beat(cluster, remote);
        }
        self.rooms.all()
    }

    /// Says that this node lives, unless it has said goodbye.
    fn beat(&self, cluster: &Cluster, remote: &Remote) {
        if cluster.is_leaving() {
            return;
        }
        // Microseconds grow as long as a node runs, however often it beats.
        let beat = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX).max(1);
        remote.say(Presence::Beat { beat, heeded: cluster.heeded.load(Ordering::Relaxed) });
    }
}

impl Cluster {
    /// Waits for something that others answer.
    async fn until(&self, holds: impl Fn() -> bool) {
        loop {
            let answered = self.answered.notified();
            if holds() {
                return;
            }
            answered.await;
        }
    }
}

impl Hub {
    /// Something was written into the log of what all processes must heed, up to `seq`: tells the other nodes, and waits
    /// until they heed it, or for a moment that is short enough for whoever wrote it.
    pub fn control_written(&self, seq: i64) -> BoxFuture<'static, ()> {
        let hub = Arc::clone(&self.0);
        Box::pin(async move {
            let (Some(cluster), Some(remote)) = (&hub.cluster, hub.bus.remote()) else { return };
            remote.send(&Hint::Control(Control::Written(seq)));
            if remote.is_connected() {
                let all_heed = || lock(&cluster.nodes).all_heed(seq, Instant::now());
                let _late = timeout(AGREEING, cluster.until(all_heed)).await;
            }
        })
    }

    /// [`Hub::control_written`] for whoever is kept by what the hub keeps.
    pub fn control_bell(&self) -> impl Fn(i64) -> BoxFuture<'static, ()> + Send + Sync + 'static {
        let hub = Arc::downgrade(&self.0);
        move |seq| match hub.upgrade() {
            Some(hub) => Self(hub).control_written(seq),
            None => Box::pin(std::future::ready(())),
        }
    }

    /// This node heeds all of that log up to `seq`: less than before, when the log went back.
    pub fn control_heeded(&self, seq: i64) {
        let (Some(cluster), Some(remote)) = (&self.0.cluster, self.0.bus.remote()) else { return };
        if cluster.heeded.swap(seq, Ordering::Relaxed) != seq {
            remote.send(&Hint::Control(Control::Heeded(seq)));
        }
    }

    /// Resolves when another node has written into that log since this last did; never, where there is none.
    pub async fn control_rung(&self) {
        match &self.0.cluster {
            Some(cluster) => cluster.control.notified().await,
            None => std::future::pending().await,
        }
    }

    /// Says goodbye to the other nodes: whoever was here until now may come back there unnoticed. To be called when all
    /// connections are gone.
    pub async fn leave(&self) {
        let (Some(cluster), Some(remote)) = (&self.0.cluster, self.0.bus.remote()) else { return };
        cluster.is_leaving.store(true, Ordering::Relaxed);
        cluster.outbox.take(remote.portion()).into_iter().for_each(|told| remote.say(told));
        remote.say(Presence::Leaving);
        remote.flush().await;
        let leaving = async {
            // A beat that comes after it would bring the lease back.
            let _last = cluster.beating.lock().await;
            cluster.leases.leave(remote.node()).await;
        };
        let _late = timeout(LEASE, leaving).await;
    }
}

/// Beats, and judges who lives.
async fn watch_nodes(hub: Weak<Inner>) {
    let mut ticks = interval(JUDGE_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut before = Instant::now();
    for tick in 0_u64.. {
        ticks.tick().await;
        let Some(hub) = hub.upgrade() else { return };
        let (Some(cluster), Some(remote)) = (&hub.cluster, hub.bus.remote()) else { return };
        let now = Instant::now();
        if now.duration_since(before) >= HELD_UP {
            // The others may have believed it dead.
            cluster.woken.notify_one();
        }
        before = now;
        if tick.is_multiple_of(JUDGED_A_BEAT) {
            hub.beat(cluster, remote);
        }
        let sees = remote.is_connected() || cluster.sees_leases(now);
        let dead = lock(&cluster.nodes).judge(sees, now);
        for node in dead {
            warn!(%node, "another node is silent, and counts as dead");
            hub.lose_node(node);
        }
    }
}

/// Beats in the store, and sees who else does.
async fn hold_lease(hub: Weak<Inner>) {
    let mut ticks = interval(BEAT);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(hub) = hub.upgrade() else { return };
        let (Some(cluster), Some(remote)) = (&hub.cluster, hub.bus.remote()) else { return };
        let _one = cluster.beating.lock().await;
        if cluster.is_leaving() {
            return;
        }
        if let Ok(Ok(beats)) = timeout(LEASE, cluster.leases.beat(remote.node())).await {
            cluster.read(beats, remote.node(), Instant::now());
        }
    }
}

/// Tells the others who came and went.
async fn tell_changes(hub: Weak<Inner>) {
    let Some(outbox) = hub.upgrade().and_then(|hub| Some(Arc::clone(&hub.cluster.as_ref()?.outbox))) else { return };
    loop {
        select! {
            () = outbox.rung() => sleep(GATHER).await,
            // So that it ends some time after the hub.
            () = sleep(EVERYBODY_EVERY) => {}
        }
        let Some(hub) = hub.upgrade() else { return };
        let Some(remote) = hub.bus.remote() else { return };
        outbox.take(remote.portion()).into_iter().for_each(|told| remote.say(told));
    }
}

/// Tells the others from time to time whom this node has, and at once when the bus is back; asks of whom nothing was heard
/// for long.
async fn tell_everybody(hub: Weak<Inner>, mut connects: watch::Receiver<u64>, woken: Arc<Notify>) {
    loop {
        select! {
            () = sleep(EVERYBODY_EVERY) => {}
            () = woken.notified() => {}
            changed = connects.changed() => if changed.is_err() { return },
        }
        let Some(rooms) = hub.upgrade().map(|hub| hub.rooms_to_tell()) else { return };
        for some in rooms.chunks(ROOMS_AT_ONCE) {
            let Some(hub) = hub.upgrade() else { return };
            let Some(remote) = hub.bus.remote().filter(|remote| remote.is_connected()) else { break };
            for room in some {
                room.everybody(remote.portion()).into_iter().for_each(|part| remote.say(part));
                for node in room.unconfirmed() {
                    remote.say(Presence::WhoIsHere { room: room.name.clone(), of: Some(node) });
                }
            }
            sleep(REST).await;
        }
    }
}
