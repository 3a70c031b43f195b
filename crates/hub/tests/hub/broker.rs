//! The hub's story over a real NATS server: heard at once, missed when it is away, found again when it is back.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use parlour_hub::{Hub, HubSettings, Nats, NatsSettings, NodeId, Others, PutOut};
use parlour_model::{AccountId, RoomName, Timestamp};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::actor::Actor;
use crate::air::Register;
use crate::support::{BROKEN, Log, ManualClock, World, guest, member};

/// Longer than anything here takes, however slow the machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A NATS server of a test's own. Dropping it kills it.
pub(crate) struct Broker {
    server: Child,
    pub(crate) port: u16,
}

#[expect(clippy::disallowed_methods, reason = "the test run says where NATS is, and no server is configured here")]
fn program() -> String {
    std::env::var("PARLOUR_TEST_NATS")
        .expect("PARLOUR_TEST_NATS is missing: it names the program nats-server; `cargo xtask test` sets it")
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

impl Broker {
    async fn start(port: u16) -> Self {
        Self::start_with(port, &["--user", "ada", "--pass", "p@ss"]).await
    }

    pub(crate) async fn start_with(port: u16, more: &[&str]) -> Self {
        let mut command = Command::new(program());
        command.args(["--addr", "127.0.0.1", "--port", &port.to_string()]).args(more);
        let server = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        until("NATS accepts", async || match TcpStream::connect(("127.0.0.1", port)).await {
            Ok(_) => true,
            Err(error) => error.kind() != ErrorKind::ConnectionRefused,
        })
        .await;
        Self { server, port }
    }

    fn node(&self, node: u64, (log, register): Shared<'_>) -> World {
        let urls = vec![format!("nats://ada:p%40ss@127.0.0.1:{}", self.port)];
        let settings = NatsSettings { urls, credentials: None, ca: None, prefix: "test".to_owned() };
        node_with(settings, node, (log, register))
    }
}

pub(crate) type Shared<'a> = (&'a Arc<Log>, &'a Arc<Register>);

pub(crate) fn node_with(settings: NatsSettings, node: u64, (log, register): Shared<'_>) -> World {
    let others = Others {
        node: NodeId(node),
        carrier: Arc::new(Nats::new(settings).unwrap()),
        leases: Arc::new(register.lease()),
    };
    let clock = Arc::new(ManualClock::default());
    let hub = Hub::start_among(HubSettings::default(), log.clone(), clock.clone(), others);
    World { hub, log: log.clone(), clock, room: RoomName::parse("den").unwrap() }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let holding = async {
        while !holds().await {
            // sleep: polls what another process does.
            sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(timeout(PATIENCE, holding).await.is_ok(), "{what} was awaited in vain");
}

/// Waits until the last that somebody heard is this.
pub(crate) async fn hears(actor: &mut Actor, last: &str) {
    until(last, async || actor.read().await.unwrap().last().is_some_and(|text| text == last)).await;
}

pub(crate) fn is_connected(node: &World) -> bool {
    node.hub.bus_counts().unwrap().is_connected
}

pub(crate) async fn know_one_another(one: &World, two: &World) {
    for node in [one, two] {
        until("the nodes hear one another", async || {
            let counts = node.hub.bus_counts().unwrap();
            counts.nodes == 2 && counts.received > 0
        })
        .await;
    }
}

#[tokio::test]
async fn two_nodes_hear_one_another_lose_nats_and_find_it_again() {
    let broker = Broker::start(free_port()).await;
    let shared = (&Arc::default(), &Arc::default());
    let (one, two) = (broker.node(1, shared), broker.node(2, shared));
    know_one_another(&one, &two).await;
    one.say(&["anybody here?"]);
    let mut ada = one.join(member(1, "ada")).await;
    let mut bob = two.join(member(2, "bob")).await;
    hears(&mut bob, "joined bob").await;
    assert_eq!(bob.heard[0], "online ada");
    hears(&mut ada, "joined bob").await;
    one.say(&["hello"]);
    hears(&mut bob, "2 hello").await;
    one.hub.expel(&one.room, AccountId(1), PutOut::Removed);
    hears(&mut bob, "left ada").await;
    assert_eq!(one.hub.bus_counts().unwrap().repaired, 0, "by the bus, and not from the history");

    let port = broker.port;
    drop(broker);
    until("it is noticed", async || !is_connected(&one) && !is_connected(&two)).await;
    one.say(&["is it quiet?"]);
    hears(&mut bob, "3 is it quiet?").await;
    assert!(two.hub.bus_counts().unwrap().repaired > 0);

    let _broker = Broker::start(port).await;
    until("they are back", async || is_connected(&one) && is_connected(&two)).await;
    let sent = one.hub.bus_counts().unwrap().sent;
    one.say(&["here we are"]);
    hears(&mut bob, "4 here we are").await;
    assert!(one.hub.bus_counts().unwrap().sent > sent);
    two.hub.leave().await;
    until("it has said goodbye", async || one.hub.bus_counts().unwrap().nodes == 1).await;
}

#[tokio::test]
async fn a_letter_that_makes_a_node_panic_is_the_only_one_that_is_not_heard() {
    let broker = Broker::start(free_port()).await;
    let shared = (&Arc::default(), &Arc::default());
    let (one, two) = (broker.node(1, shared), broker.node(2, shared));
    know_one_another(&one, &two).await;
    one.say(&["anybody here?"]);
    let mut bob = two.join(member(2, "bob")).await;
    two.clock.set(BROKEN);
    one.hub.expel(&one.room, AccountId(1), PutOut::Removed);
    until("it has panicked", async || two.hub.bus_counts().unwrap().failed > 0).await;
    two.clock.set(Timestamp(0));
    one.say(&["here we are"]);
    hears(&mut bob, "2 here we are").await;
    assert_eq!(two.hub.bus_counts().unwrap().repaired, 0, "by the bus, and not from the history");
}

#[tokio::test]
async fn a_node_starts_while_nats_is_away() {
    let port = free_port();
    let away = Broker { server: Command::new("true").spawn().unwrap(), port };
    let shared = (&Arc::default(), &Arc::default());
    let node = away.node(1, shared);
    let mut ada = node.join(guest(None)).await;
    node.say(&["alone"]);
    hears(&mut ada, "1 alone").await;
    let broker = Broker::start(port).await;
    let other = broker.node(2, shared);
    until("it is found", async || node.hub.bus_counts().unwrap().nodes == 2 && is_connected(&node)).await;
    other.say(&["and not any more"]);
    hears(&mut ada, "2 and not any more").await;
}

#[test]
fn settings_that_cannot_be_read_are_refused_without_a_secret() {
    let settings = |url: &str, credentials: Option<&str>| NatsSettings {
        urls: vec![url.to_owned()],
        credentials: credentials.map(Into::into),
        ca: None,
        prefix: "test".to_owned(),
    };
    for bad in [settings("nats://ada:secret@:::", None), settings("nats://ada:secret@host", Some("/no/such/file"))] {
        let sentence = Nats::new(bad).err().expect("it is refused");
        assert!(!sentence.contains("secret"), "{sentence}");
    }
}
