//! The server as a process: started, watched, killed.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::http::{PATIENCE, Request};
use crate::socket::Handshake;

/// The database in a data folder.
pub(crate) const DATABASE: &str = "parlour.db";

/// The key that seals the signing keys, in a data folder.
pub(crate) const MASTER_KEY: &str = "master.key";

/// What every test wants: no throttle in its way, and cheap hashes, however long they take: the threads that make them
/// give way to everything else on the machine.
const CALM: [&str; 3] = ["limits.enabled=false", "password.hash=small", "password.hash_deadline_seconds=50"];

/// A data folder that goes when its test ends.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("fault-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The database as another program sees it.
    pub(crate) fn database(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.file(DATABASE)).unwrap()
    }

    /// `parlour serve` on this folder, on any free port, with further settings (`key=value`).
    pub(crate) fn serve(&self, settings: &[&str]) -> Command {
        self.serve_at("127.0.0.1:0", settings)
    }

    pub(crate) fn serve_at(&self, listen: &str, settings: &[&str]) -> Command {
        let mut command = self.command(&["serve", "--listen", listen]);
        command.args(CALM.iter().chain(settings).flat_map(|setting| ["--set", setting]));
        command
    }

    /// A command of the operator on this folder, not yet run.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_parlour"));
        command.args(arguments).arg("--data").arg(&self.0);
        command
    }

    /// Starts a server and waits until it accepts.
    pub(crate) async fn start(&self, settings: &[&str]) -> Parlour {
        self.spawn(self.serve(settings)).accepting().await
    }

    pub(crate) fn spawn(&self, command: Command) -> Starting {
        Starting::spawn(command, self.file("stderr.log"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A port that is free, below those that the system gives to whoever asks for any, and nobody else's in these tests.
pub(crate) fn free_port() -> u16 {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    let next = || first + GIVEN.fetch_add(1, Ordering::Relaxed);
    std::iter::repeat_with(next).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap()
}

/// Runs a command to its end without holding up the test's other tasks.
pub(crate) async fn finished(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

/// Runs a line of shell.
pub(crate) fn shell(line: &str) {
    assert!(Command::new("sh").args(["-c", line]).status().unwrap().success(), "{line}");
}

/// A server that was started and may accept one day.
pub(crate) struct Starting {
    child: Child,
    log: PathBuf,
    accepts: oneshot::Receiver<SocketAddr>,
    ends: oneshot::Receiver<()>,
}

impl Starting {
    fn spawn(mut command: Command, log: PathBuf) -> Self {
        let to_log = File::options().create(true).append(true).open(&log).unwrap();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(to_log);
        let mut child = command.spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (accepts, on_accepts) = oneshot::channel();
        let (ends, on_ends) = oneshot::channel();
        std::thread::spawn(move || {
            let mut lines = stdout.lines().map_while(Result::ok);
            if let Some(address) = lines.find_map(|line| address_in(&line)) {
                let _ = accepts.send(address);
            } else {
                drop(accepts);
            }
            // A process that ends closes its output, however it ends.
            lines.for_each(drop);
            let _ = ends.send(());
        });
        Self { child, log, accepts: on_accepts, ends: on_ends }
    }

    /// Waits until it accepts.
    pub(crate) async fn accepting(mut self) -> Parlour {
        match timeout(PATIENCE, &mut self.accepts).await {
            Ok(Ok(address)) => Parlour { process: self, address },
            outcome => panic!("the server does not start: {outcome:?}\n{}", self.log()),
        }
    }

    /// Waits until it has refused to start, and gives back what it said to that.
    pub(crate) async fn refusal(mut self) -> String {
        assert!((&mut self.accepts).await.is_err(), "it started");
        let status = self.ended().await;
        assert!(!status.success() && status.code().is_some(), "{status}");
        self.log()
    }

    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    async fn ended(&mut self) -> ExitStatus {
        timeout(PATIENCE, &mut self.ends).await.expect("it does not end").unwrap();
        self.child.wait().unwrap()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        self.kill();
    }
}

fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("http://")?;
    rest.split(['/', ' ']).next()?.parse().ok()
}

/// A server that accepts. Dropping it kills it.
pub(crate) struct Parlour {
    process: Starting,
    pub(crate) address: SocketAddr,
}

impl Parlour {
    pub(crate) fn get(&self, path: &str) -> Request {
        Request::new(self.address, "GET", path)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Request {
        Request::new(self.address, "POST", path).json(body)
    }

    pub(crate) fn socket(&self, path: &str) -> Handshake {
        Handshake::new(self.address, "GET", path)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.child.id()
    }

    /// What it has logged so far, and whoever ran on this folder before.
    pub(crate) fn log(&self) -> String {
        self.process.log()
    }

    /// SIGKILL: it gets no say in the matter.
    pub(crate) fn kill(mut self) {
        self.process.kill();
    }

    /// SIGTERM: it may finish what it has begun.
    pub(crate) fn ask_to_stop(&self) {
        shell(&format!("kill -TERM {}", self.pid()));
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(mut self) -> ExitStatus {
        self.process.ended().await
    }

    /// Waits until `condition` holds, for what happens in another process and rings no bell here.
    pub(crate) async fn until(&self, what: &str, mut condition: impl FnMut() -> bool) {
        let polling = async {
            while !condition() {
                // sleep: polls what another process does.
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        assert!(timeout(PATIENCE, polling).await.is_ok(), "{what} was awaited in vain\n{}", self.log());
    }
}
