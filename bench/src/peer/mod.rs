//! Other servers of live messages, where they are installed or can be: for scale, not as a goal.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::Result;
use crate::folder::Folder;
use crate::load::crowd::Dialect;
use crate::process::Process;

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its language.
    pub(crate) dialect: Dialect,
    start: fn(&Path) -> Result<Process>,
}

/// All of them.
pub(crate) const ALL: [Peer; 4] = [
    Peer { name: "nats-server", dialect: Dialect::Nats, start: nats },
    Peer { name: "mosquitto", dialect: Dialect::Mqtt, start: mosquitto },
    Peer { name: "`ws` on Node", dialect: Dialect::Rooms, start: |folder| node(folder, "ws", include_str!("ws.js")) },
    Peer {
        name: "Socket.IO on Node",
        dialect: Dialect::SocketIo,
        start: |folder| node(folder, "socket.io", include_str!("socketio.js")),
    },
];

/// A peer that runs; its folder goes with it.
pub(crate) struct Running {
    /// Stops before its folder goes: fields are dropped in this order.
    pub(crate) process: Process,
    _folder: Folder,
}

impl Peer {
    /// Starts it with no more than its defaults and what the load needs; what is missing is the error.
    pub(crate) fn start(&self) -> Result<Running> {
        let folder = Folder::new()?;
        let process = (self.start)(folder.path())?;
        Ok(Running { process, _folder: folder })
    }
}

/// Installs an npm package into the folder and runs a program that uses it.
fn node(folder: &Path, package: &str, program: &str) -> Result<Process> {
    let mut npm = Command::new("npm");
    npm.args(["install", "--silent", "--no-audit", "--no-fund", package]).current_dir(folder);
    if !npm.stdin(Stdio::null()).stdout(Stdio::null()).status()?.success() {
        return Err("npm could not install it".into());
    }
    let file = folder.join("server.js");
    fs::write(&file, program)?;
    Process::stranger(Command::new("node").env("NODE_ENV", "production").arg(file))
}

fn nats(folder: &Path) -> Result<Process> {
    let (clients, door) = (free_port()?, free_port()?);
    let file = folder.join("nats.conf");
    let address = door.ip();
    fs::write(
        &file,
        format!(
            "listen: \"{clients}\"\nping_interval: \"10m\"\nmax_connections: 100000\n\
             websocket {{ listen: \"{address}:{}\", no_tls: true }}\n",
            door.port()
        ),
    )?;
    Process::stranger_at(Command::new("nats-server").arg("-c").arg(file), door)
}

fn mosquitto(folder: &Path) -> Result<Process> {
    let door = free_port()?;
    let file = folder.join("mosquitto.conf");
    fs::write(
        &file,
        format!(
            "listener {} {}\nprotocol websockets\nallow_anonymous true\nset_tcp_nodelay true\n\
             max_queued_messages 0\nmax_inflight_messages 0\n",
            door.port(),
            door.ip()
        ),
    )?;
    Process::stranger_at(Command::new("mosquitto").arg("-c").arg(file), door)
}

/// A port that nobody has at the moment.
fn free_port() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
