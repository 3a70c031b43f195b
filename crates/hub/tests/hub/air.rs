//! Several nodes in one process: what is between them may lose, repeat, delay and reorder, as a seed has it.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use parlour_hub::{BoxFuture, Carrier, HistoryError, Hub, HubSettings, Inbox, Leases, NodeId, Others, Topic};
use parlour_model::RoomName;

use crate::support::{Dice, Log, ManualClock, World, pass};

/// So many of a hundred letters.
#[derive(Clone, Copy, Default)]
pub(crate) struct Faults {
    pub(crate) lost: u64,
    pub(crate) repeated: u64,
    pub(crate) delayed: u64,
}

/// What is between the nodes.
pub(crate) struct Air(Mutex<Sky>);

struct Sky {
    stations: Vec<Station>,
    dice: Dice,
    faults: Faults,
}

#[derive(Default)]
struct Station {
    inbox: Option<Inbox>,
    topics: HashSet<Topic>,
    is_cut: bool,
}

/// One node's way to the others.
struct Radio {
    air: Arc<Air>,
    station: usize,
}

impl Air {
    fn new(seed: u64) -> Self {
        Self(Mutex::new(Sky { stations: Vec::new(), dice: Dice(seed), faults: Faults::default() }))
    }

    fn radio(self: &Arc<Self>) -> Radio {
        let stations = &mut self.0.lock().unwrap().stations;
        stations.push(Station::default());
        Radio { air: Arc::clone(self), station: stations.len() - 1 }
    }

    pub(crate) fn set_faults(&self, faults: Faults) {
        self.0.lock().unwrap().faults = faults;
    }

    /// Cuts a station off, or no longer.
    pub(crate) fn cut(&self, station: usize, is_cut: bool) {
        let inbox = {
            let station = &mut self.0.lock().unwrap().stations[station];
            station.is_cut = is_cut;
            station.inbox.clone()
        };
        inbox.expect("it has begun").set_connected(!is_cut);
    }

    fn inbox_of(&self, station: usize) -> Option<Inbox> {
        let station = &self.0.lock().unwrap().stations[station];
        station.inbox.clone().filter(|_| !station.is_cut)
    }

    /// To whom a letter comes, after which time.
    fn ways(&self, from: usize, topic: Topic) -> Option<Vec<(usize, u64)>> {
        let Sky { stations, dice, faults } = &mut *self.0.lock().unwrap();
        if stations[from].is_cut {
            return None;
        }
        let mut ways = Vec::new();
        for (to, station) in stations.iter().enumerate().filter(|(to, _)| *to != from) {
            if station.is_cut || !station.topics.contains(&topic) || dice.below(100) < faults.lost {
                continue;
            }
            for _ in 0..=u64::from(dice.below(100) < faults.repeated) {
                let most = if dice.below(100) < faults.delayed { 400 } else { 2 };
                ways.push((to, dice.below(most)));
            }
        }
        Some(ways)
    }
}

impl Carrier for Radio {
    fn begin(&self, inbox: Inbox) {
        {
            let station = &mut self.air.0.lock().unwrap().stations[self.station];
            station.inbox = Some(inbox.clone());
            station.topics.insert(Topic::All);
        }
        inbox.set_connected(true);
    }

    fn send(&self, topic: Topic, letter: Bytes) -> bool {
        let Some(ways) = self.air.ways(self.station, topic) else { return false };
        for (to, after) in ways {
            let (air, letter) = (Arc::clone(&self.air), letter.clone());
            tokio::spawn(async move {
                pass(Duration::from_millis(after)).await;
                if let Some(inbox) = air.inbox_of(to) {
                    inbox.take(&letter);
                }
            });
        }
        true
    }

    fn tune_in(&self, topic: Topic) -> BoxFuture<'static, ()> {
        self.air.0.lock().unwrap().stations[self.station].topics.insert(topic);
        Box::pin(std::future::ready(()))
    }

    fn tune_out(&self, topic: Topic) {
        self.air.0.lock().unwrap().stations[self.station].topics.remove(&topic);
    }

    fn most_bytes(&self) -> usize {
        8_000
    }

    fn flush(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// Where the leases are, and which nodes cannot get there.
#[derive(Default)]
pub(crate) struct Register {
    beats: Mutex<HashMap<NodeId, u64>>,
    pub(crate) is_away: AtomicBool,
}

/// One node's way there.
#[derive(Clone)]
pub(crate) struct Lease {
    register: Arc<Register>,
    is_cut: Arc<AtomicBool>,
}

impl Register {
    /// How many nodes hold one.
    pub(crate) fn holders(&self) -> usize {
        self.beats.lock().unwrap().len()
    }

    pub(crate) fn lease(self: &Arc<Self>) -> Lease {
        Lease { register: Arc::clone(self), is_cut: Arc::default() }
    }
}

impl Leases for Lease {
    fn beat(&self, node: NodeId) -> BoxFuture<'_, Result<Vec<(NodeId, u64)>, HistoryError>> {
        let away = self.is_cut.load(Ordering::Relaxed) || self.register.is_away.load(Ordering::Relaxed);
        Box::pin(async move {
            if away {
                return Err(HistoryError);
            }
            let mut beats = self.register.beats.lock().unwrap();
            *beats.entry(node).or_default() += 1;
            Ok(beats.iter().map(|(node, beat)| (*node, *beat)).collect())
        })
    }

    fn leave(&self, node: NodeId) -> BoxFuture<'_, ()> {
        self.register.beats.lock().unwrap().remove(&node);
        Box::pin(std::future::ready(()))
    }
}

/// Some nodes over one log.
pub(crate) struct Town {
    pub(crate) air: Arc<Air>,
    pub(crate) register: Arc<Register>,
    pub(crate) nodes: Vec<World>,
    cut_leases: Vec<Arc<AtomicBool>>,
    log: Arc<Log>,
    clock: Arc<ManualClock>,
}

impl Town {
    /// With so many nodes, which know one another.
    pub(crate) async fn new(seed: u64, count: usize) -> Self {
        let (air, register) = (Arc::new(Air::new(seed)), Arc::default());
        let (log, clock) = (Arc::default(), Arc::default());
        let mut town = Self { air, register, nodes: Vec::new(), cut_leases: Vec::new(), log, clock };
        for _ in 0..count {
            town.found();
        }
        pass(Duration::from_secs(3)).await;
        town
    }

    /// Starts another node.
    pub(crate) fn found(&mut self) {
        // Nobody in these tests answers pings while they wait for minutes.
        let long = Duration::from_hours(1);
        let settings = HubSettings {
            connections_per_source: 10_000,
            ping_every: long,
            idle_timeout: long,
            ..HubSettings::default()
        };
        let lease = self.register.lease();
        self.cut_leases.push(Arc::clone(&lease.is_cut));
        let node = NodeId(0x1000 + self.nodes.len() as u64);
        let others = Others { node, carrier: Arc::new(self.air.radio()), leases: Arc::new(lease) };
        let hub = Hub::start_among(settings, self.log.clone(), self.clock.clone(), others);
        let room = RoomName::parse("den").unwrap();
        self.nodes.push(World { hub, log: self.log.clone(), clock: self.clock.clone(), room });
    }

    /// A node hears and says no more, and holds no lease, as if it were dead; or it does again.
    pub(crate) fn silence(&self, node: usize, is_silent: bool) {
        self.cut_lease(node, is_silent);
        self.air.cut(node, is_silent);
    }

    pub(crate) fn cut_lease(&self, node: usize, is_cut: bool) {
        self.cut_leases[node].store(is_cut, Ordering::Relaxed);
    }
}
