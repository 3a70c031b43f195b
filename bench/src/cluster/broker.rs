//! A NATS server of a measurement's own, and what it counts.

use std::net::SocketAddr;
use std::process::Command;

use super::free_port;
use crate::Result;
use crate::load::request;
use crate::load::visitor::Visitor;
use crate::process::{Process, Worker};

/// A running server. Dropping it kills it.
pub(crate) struct Broker {
    process: Process,
    monitor: SocketAddr,
}

/// What has come to the server since its start, and what it has handed on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Traffic {
    pub(crate) messages: f64,
    pub(crate) bytes_in: f64,
    pub(crate) bytes_out: f64,
}

impl Broker {
    /// Starts `nats-server` as it comes.
    pub(crate) fn start() -> Result<Self> {
        let (clients, monitor) = (free_port()?, free_port()?);
        let mut command = Command::new("nats-server");
        command.args(["--addr", "127.0.0.1", "--port", &clients.port().to_string()]);
        command.args(["--http_port", &monitor.port().to_string()]);
        let process = Process::stranger_at(&mut command, clients).map_err(|fault| format!("nats-server: {fault}"))?;
        Ok(Self { process, monitor })
    }

    /// Where clients come to it.
    pub(crate) fn url(&self) -> String {
        format!("nats://{}", self.process.address())
    }

    /// What it has counted until now.
    pub(crate) fn traffic(&self) -> Result<Traffic> {
        let told = Visitor::open(self.monitor)?.json(&request::get("/varz", &[]), 200)?;
        let number = |key: &str| told[key].as_f64().ok_or_else(|| format!("NATS does not tell {key}"));
        Ok(Traffic { messages: number("in_msgs")?, bytes_in: number("in_bytes")?, bytes_out: number("out_bytes")? })
    }
}

impl Worker for Broker {
    fn computed(&self) -> Result<f64> {
        self.process.computed()
    }
}
