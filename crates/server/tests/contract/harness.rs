//! Starts the real server in this process, on a port and in a folder of its own, and knows the actors of the stories.

use std::any::Any;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use parlour_model::clock::{Clock, Timestamp};
use parlour_model::{Client, Profile};
use parlour_server::config::{Config, Given, load};
use parlour_server::opening::open_app;
use parlour_server::running::{Running, start};
use parlour_service::log_in::{Granted, Wants};
use parlour_service::sign_up::{NewName, SignUp};
use parlour_service::{App, Caller, Credential};
use parlour_store::Role;
use serde_json::{Value, json};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::database::Postgres;
use crate::http::Request;
use crate::mail::{self, Mail};
use crate::socket::Handshake;

/// The password of every actor; no contract refuses it.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// What a test wants unless it says otherwise: no throttle in its way, cheap hashes, and patience with a busy machine.
const CALM: [(&str, &str); 4] = [
    ("limits.enabled", "false"),
    ("password.hash", "small"),
    ("password.hash_deadline_seconds", "50"),
    ("password.hash_steps_back", "false"),
];

/// A clock that stands still until a test moves it. It begins at the real time, when the test's folder was made, so that
/// the operator's commands, which are processes with a clock of their own, live in the same days.
pub(crate) struct ManualClock(AtomicI64);

impl ManualClock {
    fn starting_with(folder: &Path) -> Arc<Self> {
        let made = std::fs::metadata(folder).unwrap().modified().unwrap();
        let made = made.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        Arc::new(Self(AtomicI64::new(i64::try_from(made.as_micros()).unwrap())))
    }

    pub(crate) fn advance(&self, span: Duration) {
        let span = i64::try_from(span.as_micros()).unwrap();
        self.0.fetch_add(span, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// A node that accepts; dropping `alive` stops it.
struct Started {
    address: SocketAddr,
    alive: Box<dyn Any + Send>,
}

/// A running server and everything a test may look at from outside.
///
/// It may be several nodes on one database, which are asked in turn. They share a folder, and so the master key and the outbox.
pub(crate) struct Server {
    nodes: Vec<Started>,
    turn: AtomicUsize,
    clock: Arc<ManualClock>,
    folder: Folder,
    /// Where everything is kept, when it is not in the folder.
    postgres: Option<Postgres>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    /// A calm server with further settings, `key = value` as after `--set`; a later value wins.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        Self::of(Postgres::wanted().await, settings).await
    }

    /// One node only, whatever the tests run on: for what each node counts for itself (throttles, places, slow rooms, who
    /// is in a room where nobody sits on that node), and for pages that know their own address.
    pub(crate) async fn alone(settings: &[(&str, &str)]) -> Self {
        let mut postgres = Postgres::wanted().await;
        if let Some(postgres) = &mut postgres {
            postgres.nodes = 1;
        }
        Self::of(postgres, settings).await
    }

    async fn of(postgres: Option<Postgres>, settings: &[(&str, &str)]) -> Self {
        let settings = [&CALM[..], settings].concat();
        let folder = Folder::new();
        let clock = ManualClock::starting_with(folder.path());
        let place = postgres.iter().flat_map(Postgres::settings);
        let settings: Vec<_> = place.chain(settings).collect();
        let mut nodes = vec![Self::start_with(folder.path(), &settings, Arc::clone(&clock)).await];
        let public = format!("http://{}", nodes[0].address);
        for _ in 1..postgres.as_ref().map_or(1, |postgres| postgres.nodes) {
            let settings = [&[("server.public_url", public.as_str())], &settings[..]].concat();
            nodes.push(Self::start_with(folder.path(), &settings, Arc::clone(&clock)).await);
        }
        acquainted(&nodes).await;
        Self { nodes, turn: AtomicUsize::new(0), clock, folder, postgres }
    }

    /// The one place that knows how a server is started in-process.
    async fn start_with(folder: &Path, settings: &[(&str, &str)], clock: Arc<ManualClock>) -> Started {
        let running = start(&config(folder, settings), clock).await.unwrap();
        Started { address: running.address, alive: Box::new(running) }
    }

    /// Stops it in order.
    pub(crate) async fn stop(self) {
        for node in self.nodes {
            node.alive.downcast::<Running>().unwrap().stop().await;
        }
    }

    /// Where to ask: with several nodes, the next one.
    pub(crate) fn address(&self) -> SocketAddr {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        self.nodes[turn % self.nodes.len()].address
    }

    /// Where people think that it is: the first node.
    pub(crate) fn public(&self) -> SocketAddr {
        self.nodes[0].address
    }

    pub(crate) fn clock(&self) -> &ManualClock {
        &self.clock
    }

    /// Moves the server's clock on.
    pub(crate) fn wait_minutes(&self, minutes: u64) {
        self.clock.advance(Duration::from_secs(60 * minutes));
    }

    /// Everything that is kept, file by file and row by row, each with the name of its place.
    pub(crate) async fn everything_kept(&self) -> Vec<(String, Vec<u8>)> {
        let files = std::fs::read_dir(self.folder.path()).unwrap().map(|file| file.unwrap().path());
        let files = files.filter(|path| path.is_file());
        let mut all: Vec<_> = files.map(|path| (path.display().to_string(), std::fs::read(path).unwrap())).collect();
        if let Some(postgres) = &self.postgres {
            all.extend(postgres.rows().await.into_iter().map(|(table, row)| (table, row.into_bytes())));
        }
        all
    }

    pub(crate) fn outbox(&self) -> PathBuf {
        self.folder.path().join("outbox")
    }

    /// Waits for the `count`-th mail to `address`.
    pub(crate) async fn mail(&self, address: &str, count: usize) -> Mail {
        let mut mails = mail::wait(&self.outbox(), address, count).await;
        mails.swap_remove(count - 1)
    }

    /// How many mails to `address` have gone out so far.
    pub(crate) fn mails(&self, address: &str) -> usize {
        mail::to(&self.outbox(), address).len()
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> Request {
        Request::new(self.address(), method, path)
    }

    pub(crate) fn get(&self, path: &str) -> Request {
        self.request("GET", path)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Request {
        self.request("POST", path).json(body)
    }

    pub(crate) fn delete(&self, path: &str) -> Request {
        self.request("DELETE", path)
    }

    pub(crate) fn socket(&self, path: &str) -> Handshake {
        Handshake::new(self.address(), "GET", path)
    }

    /// A command of the operator, run beside the server as a process of its own.
    pub(crate) async fn command(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_parlour"));
        command.args(arguments).arg("--data").arg(self.folder.path());
        command.args(self.postgres.iter().map(|postgres| format!("--set=database.url={}", postgres.url)));
        let run = tokio::task::spawn_blocking(move || command.output().unwrap());
        let output = run.await.unwrap();
        assert!(output.status.success(), "{output:?}");
        output
    }

    /// An account with a login that any contract accepts.
    pub(crate) async fn member(&self, username: &str) -> Member {
        let credentials = json!({"username": username, "secret": PASSWORD});
        self.post("/api/v1/users", &credentials).send().await.expect(201);
        self.log_in(username).await
    }

    /// One more session of an account that exists.
    pub(crate) async fn log_in(&self, username: &str) -> Member {
        let credentials = json!({"username": username, "secret": PASSWORD});
        let login = self.post("/api/v1/login", &credentials).send().await;
        let data = login.expect(200).json()["data"].take();
        Member {
            id: data["user"]["id"].as_i64().unwrap(),
            username: username.to_owned(),
            token: data["token"].as_str().unwrap().to_owned(),
        }
    }

    /// A member whom the operator has promoted, logged in since.
    pub(crate) async fn admin(&self, username: &str) -> Member {
        self.member(username).await;
        self.command(&["account", "promote", username]).await;
        self.log_in(username).await
    }

    /// Whether `token` still opens doors, asked at the contract that tells most plainly.
    pub(crate) async fn accepts(&self, token: &str) -> bool {
        let me = self.get("/api/users/me/").bearer(token).send().await;
        assert!(matches!(me.status, 200 | 401), "{me:?}");
        me.status == 200
    }
}

fn config(folder: &Path, settings: &[(&str, &str)]) -> Config {
    let mut flags = vec![
        ("server.data".to_owned(), folder.display().to_string()),
        ("server.listen".to_owned(), "127.0.0.1:0".to_owned()),
        ("server.drain_seconds".to_owned(), "0".to_owned()),
    ];
    flags.extend(settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
    load(&Given { flags, ..Given::default() }).unwrap().config
}

/// The use cases without a door, for what can be stopped in its middle only from inside.
pub(crate) struct Inside {
    pub(crate) app: App,
    _folder: Folder,
}

impl Inside {
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let settings = [&CALM[..], settings].concat();
        let folder = Folder::new();
        let clock = ManualClock::starting_with(folder.path());
        let app = open_app(&config(folder.path(), &settings), Role::Server, clock, "127.0.0.1:1").await.unwrap();
        Self { app, _folder: folder }
    }

    /// Somebody who has just signed up.
    pub(crate) async fn member(&self, username: &str) -> Caller {
        let sign_up = SignUp {
            name: NewName::Chosen(username.to_owned()),
            email: None,
            password: PASSWORD.to_owned(),
            profile: Profile::default(),
            wants: Some(Wants::LongToken),
        };
        let granted = self.app.sign_up(sign_up, &Client::console()).await.unwrap().granted;
        let Some(Granted::Token(token)) = granted else { panic!("no token") };
        self.app.authenticate(Credential::Token(&token)).await.unwrap()
    }
}

/// Waits until all nodes know of one another.
async fn acquainted(nodes: &[Started]) {
    let hubs = nodes.iter().map(|node| node.alive.downcast_ref::<Running>().unwrap().app().live.hub());
    for hub in hubs.filter(|_| nodes.len() > 1) {
        while hub.bus_counts().is_none_or(|bus| bus.nodes < nodes.len()) {
            // sleep: polls what tasks of the nodes do.
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// Somebody with an account and one session.
pub(crate) struct Member {
    pub(crate) id: i64,
    pub(crate) username: String,
    pub(crate) token: String,
}

/// A folder that goes when its test ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("contract-{}-{count}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Everything that the server (never the test's own client) has logged, at every level, since the first call.
pub(crate) fn record_log() -> &'static Log {
    static LOG: Log = Log(Mutex::new(Vec::new()));
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let servers = ["parlour", "hyper", "axum", "tower", "tower_http", "lettre"];
        let log = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_ansi(false).with_writer(|| &LOG);
        log.finish().with(Targets::new().with_targets(servers.map(|target| (target, LevelFilter::TRACE)))).init();
    });
    &LOG
}

/// A log kept in memory.
pub(crate) struct Log(Mutex<Vec<u8>>);

impl Log {
    pub(crate) fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Write for &Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
