//! `parlour keys`: the signing keys. A running server takes a new one within two seconds, without a restart.

use clap::Subcommand;
use parlour_model::{Client, Timestamp};
use parlour_service::App;

use super::Outcome;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Lists the keys: name, algorithm, from when it signs, until when it is published.
    List,
    /// Makes a new key, published at once and signing after `tokens.key_lead_seconds`.
    Rotate,
}

pub(super) async fn run(command: &Command, app: &App) -> Outcome {
    match command {
        Command::List => list(app).await,
        Command::Rotate => {
            println!("made the key {}", app.rotate_keys(&Client::console()).await?);
            Ok(())
        }
    }
}

async fn list(app: &App) -> Outcome {
    for key in app.list_keys().await? {
        let now = if key.signs_now { "signs" } else { "" };
        let expires = key.expires_at.map_or_else(|| "-".to_owned(), shown);
        println!("{}\t{}\t{}\t{expires}\t{now}", key.kid, key.algorithm, shown(key.active_from));
    }
    Ok(())
}

fn shown(at: Timestamp) -> String {
    jiff::Timestamp::from_second(at.seconds()).map_or_else(|_| "-".to_owned(), |at| at.to_string())
}
