//! `parlour serve`: the server, until it is told to stop.

use std::io::Write;
use std::sync::Arc;

use parlour_service::first_admin::FirstAdminLink;
use tokio::signal::unix::{SignalKind, signal};

use super::Outcome;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::{open_files, running, telemetry};

pub(super) async fn run(config: &Config) -> Outcome {
    config.check()?;
    telemetry::start_log(config)?;
    open_files::allow_many();
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    let server = tokio::select! {
        server = running::start(config, Arc::new(SystemClock)) => server?,
        // A start that waits for its database can be stopped, too.
        _ = terminated.recv() => return Ok(()),
        _ = interrupted.recv() => return Ok(()),
    };
    announce(&server)?;
    tokio::select! {
        _ = terminated.recv() => {}
        _ = interrupted.recv() => {}
    }
    tracing::info!("stopping");
    server.stop().await;
    Ok(())
}

/// Says where to go. The first line is for programs too. The link is a secret: it is shown, and never logged.
fn announce(server: &running::Running) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "Parlour is listening on http://{}", server.address)?;
    match &server.first_admin_link {
        FirstAdminLink::NotNeeded => {}
        FirstAdminLink::Made(link) => {
            writeln!(out, "Make the first administrator here (the link works once): {link}")?;
        }
        FirstAdminLink::Elsewhere => {
            writeln!(out, "The link that makes the first administrator was printed by the node that started first.")?;
        }
    }
    out.flush()
}
