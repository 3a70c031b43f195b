//! Which database the servers of the tests have: a SQLite file each, or each a new database of a real PostgreSQL.
//!
//! `PARLOUR_TEST_ON=postgres` says so, and `PARLOUR_TEST_POSTGRES` names a server whose superuser may fill and empty it.
//! With `PARLOUR_TEST_ON=two-nodes` two nodes are on that database, and requests and sockets go to them in turn. They hear of one another
//! through the NATS that `PARLOUR_TEST_BUS` names, or without it through PostgreSQL.

use std::sync::atomic::{AtomicU32, Ordering};

use parlour_model::Timestamp;
use parlour_store::{PostgresSettings, Store};
use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls};

/// A database on PostgreSQL that goes with its server.
pub(crate) struct Postgres {
    name: String,
    pub(crate) url: String,
    bus: Option<String>,
    /// How many nodes are on it.
    pub(crate) nodes: usize,
}

/// Copied for every server.
static TEMPLATE: OnceCell<String> = OnceCell::const_new();

impl Postgres {
    /// A new one, when the tests are to run on PostgreSQL.
    pub(crate) async fn wanted() -> Option<Self> {
        let (superuser, nodes) = (superuser()?, if on() == TWO_NODES { 2 } else { 1 });
        let template = TEMPLATE.get_or_init(|| template(&superuser)).await;
        let name = unique();
        let create = format!("CREATE DATABASE {name} TEMPLATE {template}");
        connect(&superuser).await.batch_execute(&create).await.unwrap();
        let bus = variable("PARLOUR_TEST_BUS").filter(|_| nodes > 1);
        Some(Self { url: url(&superuser, &name), name, bus, nodes })
    }

    /// What is to be configured.
    pub(crate) fn settings(&self) -> impl Iterator<Item = (&str, &str)> {
        let bus = self.bus.iter().map(|bus| ("bus.url", bus.as_str()));
        [("database.url", self.url.as_str()), ("bus.prefix", self.name.as_str())].into_iter().chain(bus)
    }

    /// Every row of every table, as text.
    pub(crate) async fn rows(&self) -> Vec<(String, String)> {
        let client = connect(&self.url).await;
        let tables = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'";
        let mut all = Vec::new();
        for table in client.query(tables, &[]).await.unwrap() {
            let table: String = table.get(0);
            let rows = client.query(&format!("SELECT kept::text FROM {table} AS kept"), &[]).await.unwrap();
            all.extend(rows.iter().map(|row| (table.clone(), row.get(0))));
        }
        all
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let Some(superuser) = superuser() else { return };
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        // The test's own runtime may be ending.
        let _ =
            std::thread::spawn(move || apart(async { connect(&superuser).await.batch_execute(&drop).await })).join();
    }
}

/// A database that is as a first start leaves it, to be copied: that is much quicker than migrating each. It stays behind
/// on the server of the test run.
async fn template(superuser: &str) -> String {
    let name = format!("{}_template", unique());
    let client = connect(superuser).await;
    client.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
    let settings = PostgresSettings::new(url(superuser, &name));
    Store::open_postgres(&settings, Timestamp(0)).await.unwrap().close().await;
    // Nobody may be connected to what is copied, and the server hears of a closed connection a moment later.
    let ended = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = $1";
    client.query(ended, &[&name]).await.unwrap();
    name
}

fn url(superuser: &str, name: &str) -> String {
    let (server, _) = superuser.rsplit_once('/').expect("a URL that ends in a database's name");
    format!("{server}/{name}")
}

fn unique() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("contract_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

fn apart<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

const TWO_NODES: &str = "two-nodes";

fn on() -> String {
    variable("PARLOUR_TEST_ON").unwrap_or_default()
}

fn superuser() -> Option<String> {
    let wants = ["postgres", TWO_NODES].contains(&on().as_str());
    wants.then(|| variable("PARLOUR_TEST_POSTGRES").expect("PARLOUR_TEST_POSTGRES, a superuser's URL"))
}

#[expect(clippy::disallowed_methods, reason = "a test's surroundings are not the server's configuration")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
