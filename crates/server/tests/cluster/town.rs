//! Some nodes on one database and one bus, with a way to each that can be cut.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::broker::Broker;
use crate::database::Database;
use crate::own_postgres::OwnPostgres;
use crate::people;
use crate::process::{Folder, Parlour, free_port};
use crate::proxy::Proxy;

/// A cluster.
pub(crate) struct Town {
    pub(crate) nodes: Vec<Node>,
    pub(crate) broker: Broker,
    place: Place,
    /// The key that all nodes share.
    keys: Folder,
}

/// Where the database is.
enum Place {
    /// On the server of the test run.
    Shared(Database),
    /// Reached by this URL, past any proxy, which may lead to several servers; and the port of one of them.
    At(String, u16),
}

/// One node and its ways.
pub(crate) struct Node {
    folder: Folder,
    listen: String,
    settings: Vec<String>,
    pub(crate) to_database: Proxy,
    pub(crate) to_bus: Proxy,
    parlour: Option<Parlour>,
}

impl Town {
    /// So many nodes, which know one another.
    pub(crate) async fn new(count: usize) -> Self {
        Self::with(count, true, Place::Shared(Database::new().await)).await
    }

    /// So many nodes on the database of a URL.
    pub(crate) async fn at(count: usize, url: String, one: &OwnPostgres) -> Self {
        Self::with(count, true, Place::At(url, one.port)).await
    }

    /// The same, who have nothing but the database.
    pub(crate) async fn without_nats(count: usize) -> Self {
        Self::with(count, false, Place::Shared(Database::new().await)).await
    }

    async fn with(count: usize, has_bus: bool, place: Place) -> Self {
        let broker = Broker::start().await;
        let mut town = Self { nodes: Vec::new(), broker, place, keys: Folder::new() };
        for _ in 0..count {
            town.found(has_bus).await;
        }
        for node in &town.nodes {
            node.sees(count).await;
        }
        town
    }

    async fn found(&mut self, has_bus: bool) {
        let to_database = Proxy::to(self.place.port()).await;
        let to_bus = Proxy::to(self.broker.port).await;
        let mut settings = vec![
            format!("database.url={}", self.place.url(&to_database)),
            format!("server.master_key={}", self.keys.file("master.key").display()),
            format!("server.metrics_listen=127.0.0.1:{}", free_port()),
            "server.drain_seconds=2".to_owned(),
            "database.statement_timeout_seconds=2".to_owned(),
        ];
        if has_bus {
            settings.push(format!("bus.url=nats://127.0.0.1:{}", to_bus.port));
        }
        let (folder, listen) = (Folder::new(), format!("127.0.0.1:{}", free_port()));
        let mut node = Node { folder, listen, settings, to_database, to_bus, parlour: None };
        node.start().await;
        self.nodes.push(node);
    }

    /// The database on the server of the test run.
    pub(crate) fn database(&self) -> &Database {
        let Place::Shared(database) = &self.place else { panic!("it has another one") };
        database
    }

    /// Somebody with an account, and a token that is good on every node.
    pub(crate) async fn member(&self, name: &str) -> String {
        people::member(self.nodes[0].address(), name).await
    }
}

impl Place {
    fn port(&self) -> u16 {
        match self {
            Self::Shared(database) => database.port(),
            Self::At(_, port) => *port,
        }
    }

    fn url(&self, by: &Proxy) -> String {
        match self {
            Self::Shared(database) => database.url(by.port),
            Self::At(url, _) => url.clone(),
        }
    }
}

impl Node {
    pub(crate) async fn start(&mut self) {
        let settings: Vec<_> = self.settings.iter().map(String::as_str).collect();
        let command = self.folder.serve_at(&self.listen, &settings);
        self.parlour = Some(self.folder.spawn(command).accepting().await);
    }

    pub(crate) fn parlour(&self) -> &Parlour {
        self.parlour.as_ref().expect("it runs")
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.parlour().address
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.parlour.take().expect("it runs").kill();
    }

    /// SIGTERM, and waits for the end.
    pub(crate) async fn stop(&mut self) {
        let parlour = self.parlour.take().expect("it runs");
        parlour.ask_to_stop();
        let status = parlour.ended().await;
        assert!(status.success(), "{status}");
    }

    /// One of its metrics.
    pub(crate) async fn metric(&self, name: &str) -> i64 {
        let listen = self.settings.iter().find_map(|setting| setting.strip_prefix("server.metrics_listen="));
        // The private listener is in no description.
        let mut scraping = TcpStream::connect(listen.unwrap()).await.unwrap();
        scraping.write_all(b"GET /metrics HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut page = String::new();
        scraping.read_to_string(&mut page).await.unwrap();
        let line = page.lines().find_map(|line| line.strip_prefix(&format!("parlour_{name} ")));
        line.unwrap_or_else(|| panic!("no metric {name}")).parse().unwrap()
    }

    /// Waits until a metric is so.
    pub(crate) async fn until(&self, name: &str, holds: impl Fn(i64) -> bool) {
        let polling = async {
            while !holds(self.metric(name).await) {
                // sleep: polls what another process does.
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        let waited = tokio::time::timeout(crate::http::PATIENCE, polling).await;
        assert!(waited.is_ok(), "{name} was awaited in vain\n{}", self.parlour().log());
    }

    /// Waits until it hears so many nodes, itself among them, by the bus.
    pub(crate) async fn sees(&self, count: usize) {
        self.until("nodes", |nodes| nodes == i64::try_from(count).unwrap()).await;
        self.until("bus_connected", |connected| connected == 1).await;
        if count > 1 {
            self.until("bus_hints_received", |received| received > 0).await;
        }
    }

    /// What `/readyz` says, with its status.
    pub(crate) async fn ready(&self) -> (u16, Value) {
        let answer = self.parlour().get("/readyz").send().await;
        (answer.status, answer.json())
    }

    /// Whether a token is good here.
    pub(crate) async fn knows(&self, token: &str) -> bool {
        let answer = self.parlour().get("/api/users/me/").bearer(token).send().await;
        assert!(matches!(answer.status, 200 | 401), "{answer:?}");
        answer.status == 200
    }
}
