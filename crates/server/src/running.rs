//! A running server: started in order, stopped in the opposite one.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::service::TowerToHyperService;
use parlour_contract::Readiness;
use parlour_model::Clock;
use parlour_service::App;
use parlour_service::background::Background;
use parlour_service::first_admin::FirstAdminLink;
use parlour_store::Role;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::accepting::{Places, accept, listen};
use crate::config::Config;
use crate::opening::open_app;
use crate::start_error::{StartError, fault, sentence};
use crate::telemetry::Metrics;

/// A server that accepts.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// The one-time link of the first administrator, while there is none.
    pub first_admin_link: FirstAdminLink,
    app: App,
    background: Background,
    readiness: Readiness,
    stop: watch::Sender<bool>,
    accepting: Vec<JoinHandle<()>>,
    drain: Duration,
}

/// Starts a server. When this answers, it accepts.
///
/// # Errors
/// A sentence for the operator.
pub async fn start(config: &Config, clock: Arc<dyn Clock>) -> Result<Running, StartError> {
    let listener = bind(&config.server.listen).await?;
    let address = listener.local_addr().map_err(sentence)?;
    let app = open_app(config, Role::Server, clock, &address.to_string()).await?;
    let readiness = Readiness::default();
    let metrics = Metrics::new(app.clone());
    let contracts = config.contract(&address.to_string()).map_err(sentence)?;
    let stop = watch::Sender::new(false);
    let places = Places {
        all: config.chat.connections,
        per_source: config.chat.connections_per_address,
        uncounted: contracts.trusted_proxies.clone(),
    };
    let door = parlour_contract::open(app.clone(), contracts, readiness.clone()).watched(metrics.observer());
    let mut accepting = vec![tokio::spawn(accept(listener, door, places, stop.subscribe()))];
    if let Some(private) = &config.server.metrics_listen {
        let private = bind(private).await?;
        accepting.push(tokio::spawn(accept(
            private,
            TowerToHyperService::new(metrics.router()),
            FEW,
            stop.subscribe(),
        )));
    }
    let background = app.start_background().await.map_err(fault)?;
    let first_admin_link = app.first_admin_link().await.map_err(fault)?;
    readiness.begin();
    let drain = Duration::from_secs(config.server.drain_seconds);
    Ok(Running { address, first_admin_link, app, background, readiness, stop, accepting, drain })
}

impl Running {
    /// The use cases, for whoever runs the server in their own process.
    pub const fn app(&self) -> &App {
        &self.app
    }

    /// Stops in order: takes no more work, closes the sockets spread over the drain time, finishes what is under
    /// way, commits what was acknowledged, closes the store.
    pub async fn stop(self) {
        self.readiness.end();
        self.stop.send_replace(true);
        self.app.live.hub().drain(self.drain).await;
        for task in self.accepting {
            let abort = task.abort_handle();
            if tokio::time::timeout(FINISH, task).await.is_err() {
                abort.abort();
            }
        }
        self.app.live.flushed().await;
        self.app.live.hub().leave().await;
        self.app.stop_background(self.background).await;
        self.app.store.clone().close().await;
    }
}

/// The private listener is for a scraper or two.
const FEW: Places = Places { all: 64, per_source: 64, uncounted: Vec::new() };

/// How long requests that are under way may take to finish when the server stops.
const FINISH: Duration = Duration::from_secs(5);

async fn bind(address: &str) -> Result<TcpListener, StartError> {
    listen(address).await.map_err(|error| StartError::new(format!("cannot listen on {address}: {error}")))
}
