//! Several nodes of the server, with a PostgreSQL and a NATS of the measurement's own.

mod broker;
mod postgres;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::{Duration, Instant};

pub(crate) use broker::Broker;
pub(crate) use postgres::Postgres;

use crate::Result;
use crate::cores::Cores;
use crate::folder::Folder;
use crate::load::request;
use crate::load::visitor::Visitor;
use crate::plan::Plan;
use crate::process::{Process, pause};
use crate::stage::CHAT_SETTINGS;

/// How long nodes may take to hear of one another.
const PATIENCE: Duration = Duration::from_secs(20);

/// What clusters stand on.
pub(crate) struct Ground {
    pub(crate) postgres: Postgres,
    pub(crate) broker: Broker,
}

/// Some nodes that are one server. Dropping it kills them.
pub(crate) struct Cluster {
    /// Stop before their folders go: fields are dropped in this order.
    pub(crate) nodes: Vec<Process>,
    _folders: Vec<Folder>,
}

/// A cluster that is wanted.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    /// Its database, and what its hints begin with.
    pub(crate) name: &'a str,
    /// A node for each: the cores that it may use.
    pub(crate) cores: &'a [Cores],
    /// Whether the nodes hear one another through NATS; otherwise through the database.
    pub(crate) has_bus: bool,
}

impl Ground {
    /// Starts PostgreSQL and NATS, which may use all cores.
    pub(crate) fn lay() -> Result<Self> {
        Ok(Self { postgres: Postgres::start()?, broker: Broker::start()? })
    }
}

impl Cluster {
    /// Starts all nodes on a new database, one after the other, and waits until they see one another.
    pub(crate) fn start(plan: &Plan, ground: &Ground, wanted: Wanted<'_>) -> Result<Self> {
        let database = ground.postgres.make_database(wanted.name)?;
        let bus = ground.broker.url();
        let folders: Vec<Folder> = wanted.cores.iter().map(|_| Folder::new()).collect::<Result<_>>()?;
        let first = folders.first().ok_or("a cluster without nodes")?;
        let key = first.path().join("master.key").display().to_string();
        let (mut nodes, mut metrics) = (Vec::new(), Vec::new());
        for (cores, folder) in wanted.cores.iter().zip(&folders) {
            let told_at = free_port()?;
            let listen = told_at.to_string();
            let mut settings = CHAT_SETTINGS.to_vec();
            settings.extend([("database.url", &*database), ("server.master_key", &*key)]);
            settings.extend([("server.metrics_listen", &*listen), ("bus.prefix", wanted.name)]);
            settings.extend(wanted.has_bus.then_some(("bus.url", &*bus)));
            nodes.push(cores.run(|| Process::parlour(&plan.server, folder.path(), &settings))?);
            metrics.push(told_at);
        }
        metrics.iter().try_for_each(|address| sees(*address, wanted.cores.len()))?;
        Ok(Self { nodes, _folders: folders })
    }

    /// The node that everything may be asked of.
    pub(crate) fn first(&self) -> Result<&Process> {
        Ok(self.nodes.first().ok_or("a cluster without nodes")?)
    }
}

/// Waits until a node sees so many, itself included.
fn sees(metrics: SocketAddr, count: usize) -> Result<()> {
    let (begun, wanted) = (Instant::now(), format!("parlour_nodes {count}"));
    while begun.elapsed() < PATIENCE {
        let answer = Visitor::open(metrics)?.expect(&request::get("/metrics", &[]), 200)?.body.to_vec();
        if String::from_utf8_lossy(&answer).lines().any(|line| line == wanted) {
            return Ok(());
        }
        pause(Duration::from_millis(50));
    }
    Err("the nodes do not see one another".into())
}

/// A port that nobody has at the moment.
fn free_port() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
