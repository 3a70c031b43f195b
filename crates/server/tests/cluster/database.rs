//! A database of a test's own on the PostgreSQL of the test run.

use std::sync::atomic::{AtomicU32, Ordering};

use tokio_postgres::NoTls;

/// A new database. It goes when its test ends.
pub(crate) struct Database {
    superuser: String,
    name: String,
}

#[expect(
    clippy::disallowed_methods,
    reason = "the test run says where PostgreSQL is, and no server is configured here"
)]
fn superuser() -> String {
    std::env::var("PARLOUR_TEST_POSTGRES").expect(
        "PARLOUR_TEST_POSTGRES is missing: it is the URL of a superuser of PostgreSQL; `cargo xtask test` sets it",
    )
}

async fn run(url: &str, statement: &str) {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    let driver = tokio::spawn(connection);
    client.batch_execute(statement).await.unwrap();
    drop(client);
    driver.await.unwrap().unwrap();
}

impl Database {
    pub(crate) async fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("cluster_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let superuser = superuser();
        run(&superuser, &format!("CREATE DATABASE {name}")).await;
        Self { superuser, name }
    }

    /// Where PostgreSQL listens.
    pub(crate) fn port(&self) -> u16 {
        let (_, place) = self.superuser.rsplit_once('@').unwrap();
        place.split(['/', ':']).nth(1).unwrap().parse().unwrap()
    }

    /// Its URL, by way of a port.
    pub(crate) fn url(&self, port: u16) -> String {
        let (login, _) = self.superuser.rsplit_once('@').unwrap();
        format!("{login}@127.0.0.1:{port}/{}", self.name)
    }
}

/// What another program does in the database, until it is dropped.
pub(crate) struct Session {
    client: tokio_postgres::Client,
    _driver: tokio::task::JoinHandle<Result<(), tokio_postgres::Error>>,
}

impl Database {
    /// Another program.
    pub(crate) async fn session(&self) -> Session {
        let (login, _) = self.superuser.rsplit_once('/').unwrap();
        let (client, connection) = tokio_postgres::connect(&format!("{login}/{}", self.name), NoTls).await.unwrap();
        Session { client, _driver: tokio::spawn(connection) }
    }
}

impl Session {
    pub(crate) async fn run(&self, statements: &str) {
        self.client.batch_execute(statements).await.unwrap();
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (superuser, drop) = (self.superuser.clone(), format!("DROP DATABASE {} WITH (FORCE)", self.name));
        // The test's own runtime may be ending.
        let dropping = std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap()
                .block_on(run(&superuser, &drop));
        });
        let _ = dropping.join();
    }
}
