//! What an operator sees: the log on standard error, and metrics on a private listener.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use parlour_contract::Served;
use parlour_hub::BusCounts;
use parlour_model::Contract;
use parlour_service::App;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{Config, ConfigError, LogFormat};

/// Starts the log, once a process.
///
/// # Errors
/// The level cannot be read.
pub fn start_log(config: &Config) -> Result<(), ConfigError> {
    let wanted = config.log.targets()?;
    let log = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_writer(std::io::stderr);
    // By default a line that cannot be written is told to standard error, with a panic when that cannot be written
    // either: a log on a full disk must not take the server's work with it.
    let log = log.log_internal_errors(false);
    let started = match config.log.format {
        LogFormat::Text => {
            let colour = std::io::IsTerminal::is_terminal(&std::io::stderr());
            log.with_ansi(colour).finish().with(wanted).try_init()
        }
        LogFormat::Json => log.json().flatten_event(true).finish().with(wanted).try_init(),
    };
    // A log that somebody else in this process started is as good.
    drop(started);
    Ok(())
}

/// The metrics of one server.
#[derive(Clone)]
pub struct Metrics(Arc<Parts>);

struct Parts {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    served: Arc<Tally>,
    gauges: Gauges,
    app: App,
}

/// Answers counted without a lock and without looking anything up: every request comes by here.
struct Tally(Box<[AtomicU64]>);

/// The contracts, and what lies under none.
const TERRITORIES: usize = Contract::ALL.len() + 1;

/// Statuses have three digits (RFC 9110 §15).
const STATUSES: usize = 1_000;

impl Tally {
    fn new() -> Self {
        Self((0..TERRITORIES * STATUSES).map(|_| AtomicU64::new(0)).collect())
    }

    fn count(&self, served: Served) {
        let territory = served.contract.map_or(Contract::ALL.len(), |contract| contract as usize);
        if let Some(count) = self.0.get(territory * STATUSES + usize::from(served.status)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn counts(&self) -> impl Iterator<Item = (RequestLabels, u64)> {
        let counted = self.0.iter().enumerate().map(|(at, count)| (at, count.load(Ordering::Relaxed)));
        counted.filter(|(_, count)| *count > 0).map(|(at, count)| {
            let contract = Contract::ALL.get(at / STATUSES).map_or("none", |contract| contract.name());
            (RequestLabels { contract, status: u16::try_from(at % STATUSES).unwrap_or(0) }, count)
        })
    }
}

/// What is read off when somebody asks.
struct Gauges {
    connections: Gauge,
    seats: Gauge,
    rooms: Gauge,
    delivered: Gauge,
    hashes_waiting: Gauge,
    /// Where there may be other nodes.
    bus: Option<BusGauges>,
}

/// What is told to other nodes and heard of them.
struct BusGauges {
    connected: Gauge,
    sent: Gauge,
    received: Gauge,
    dropped: Gauge,
    unreadable: Gauge,
    failed: Gauge,
    repaired: Gauge,
    nodes: Gauge,
}

impl BusGauges {
    fn new(mut gauge: impl FnMut(&str, &str) -> Gauge) -> Self {
        Self {
            connected: gauge("bus_connected", "Whether other nodes are heard by the bus: 1, or 0"),
            sent: gauge("bus_hints_sent", "Hints sent to other nodes since the start"),
            received: gauge("bus_hints_received", "Hints of other nodes since the start"),
            dropped: gauge("bus_hints_dropped", "Hints that could not be sent since the start"),
            unreadable: gauge("bus_hints_unreadable", "Hints that could not be read since the start"),
            failed: gauge(
                "bus_hints_failed",
                "Hints that were not heard to their end since the start: mistakes of Parlour",
            ),
            repaired: gauge("log_holes_repaired", "Holes in rooms' logs filled from the database since the start"),
            nodes: gauge("nodes", "Nodes that live, this one included"),
        }
    }

    fn set(&self, counts: &BusCounts) {
        let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        self.connected.set(i64::from(counts.is_connected));
        self.sent.set(count(counts.sent));
        self.received.set(count(counts.received));
        self.dropped.set(count(counts.dropped));
        self.unreadable.set(count(counts.unreadable));
        self.failed.set(count(counts.failed));
        self.repaired.set(count(counts.repaired));
        self.nodes.set(i64::try_from(counts.nodes).unwrap_or(i64::MAX));
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    contract: &'static str,
    status: u16,
}

impl Metrics {
    /// Metrics that nobody has counted yet.
    pub fn new(app: App) -> Self {
        let mut registry = Registry::with_prefix("parlour");
        let requests = Family::<RequestLabels, Counter>::default();
        registry.register("http_requests", "Requests answered, by contract and status", requests.clone());
        let mut gauge = |name: &str, help: &str| {
            let gauge = Gauge::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        let gauges = Gauges {
            connections: gauge("connections", "Open WebSockets"),
            seats: gauge("seats", "Sockets that sit in a room"),
            rooms: gauge("rooms", "Rooms with somebody in them"),
            delivered: gauge("delivered_frames", "Frames written to seats since the start"),
            hashes_waiting: gauge("password_hashes_waiting", "Logins and sign-ups that wait for a hashing thread"),
            bus: app.live.hub().bus_counts().map(|_| BusGauges::new(gauge)),
        };
        Self(Arc::new(Parts { registry, requests, served: Arc::new(Tally::new()), gauges, app }))
    }

    /// What counts the answers.
    pub fn observer(&self) -> impl Fn(Served) + Send + Sync + 'static {
        let tally = self.0.served.clone();
        move |served| tally.count(served)
    }

    /// The private routes.
    pub fn router(&self) -> Router {
        let metrics = self.clone();
        Router::new().route("/metrics", get(async move || metrics.page()))
    }

    fn page(&self) -> impl IntoResponse + use<> {
        let Parts { registry, gauges, app, .. } = &*self.0;
        let counts = app.live.hub().counts();
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        for (labels, count) in self.0.served.counts() {
            let counter = self.0.requests.get_or_create(&labels);
            counter.inner().store(count, Ordering::Relaxed);
        }
        gauges.connections.set(number(counts.connections));
        gauges.seats.set(number(counts.seats));
        gauges.rooms.set(number(counts.rooms));
        gauges.delivered.set(i64::try_from(counts.delivered).unwrap_or(i64::MAX));
        gauges.hashes_waiting.set(number(app.hashing.waiting()));
        if let (Some(bus), Some(counts)) = (&gauges.bus, app.live.hub().bus_counts()) {
            bus.set(&counts);
        }
        let mut page = String::new();
        // Writing into a String does not fail.
        let _ = text::encode(&mut page, registry);
        ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_under_their_contract_and_status() {
        let tally = Tally::new();
        for contract in Contract::ALL.map(Some).into_iter().chain([None]) {
            tally.count(Served { contract, status: 404 });
        }
        let counted: Vec<_> = tally.counts().map(|(labels, count)| (labels.contract, labels.status, count)).collect();
        let names = Contract::ALL.map(Contract::name).into_iter().chain(["none"]);
        assert_eq!(counted, names.map(|name| (name, 404, 1)).collect::<Vec<_>>());
    }
}
