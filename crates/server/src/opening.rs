//! Opening what is kept: the store on the database that was chosen, and the master key beside it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use parlour_model::Clock;
use parlour_service::App;
use parlour_service::secret::seal::MasterKey;
use parlour_service::secret::{Chance, SystemChance};
use parlour_store::{Error, PostgresSettings, Role, Store};
use tokio::time::{Instant, sleep};

use crate::config::Config;
use crate::data_folder;
use crate::start_error::{StartError, fault, sentence};

/// How long a start waits for a PostgreSQL that is away: machines that start together are ready in any order.
const PATIENCE: Duration = Duration::from_mins(1);

/// How often it is asked meanwhile.
const AGAIN: Duration = Duration::from_secs(1);

/// The use cases over the store, for the server or for a command beside it.
///
/// # Errors
/// The folder, the key or the database cannot be opened, or the configuration does not fit.
pub async fn open_app(config: &Config, role: Role, clock: Arc<dyn Clock>, address: &str) -> Result<App, StartError> {
    let data = &config.server.data;
    let chance = Arc::new(SystemChance::default());
    let mut settings = config.service(address).map_err(sentence)?;
    if role == Role::Server {
        settings.cluster = config.cluster(address).map_err(sentence)?;
    }
    data_folder::prepare(data).map_err(|error| at(data, error))?;
    let (store, master) = match config.postgres().map_err(sentence)? {
        Some(postgres) => on_postgres(config, &postgres, &*clock, &*chance).await?,
        None => in_folder(config, role, &*clock, &*chance).await?,
    };
    App::new(store, settings, clock, chance, master).await.map_err(fault)
}

async fn in_folder(
    config: &Config,
    role: Role,
    clock: &dyn Clock,
    chance: &dyn Chance,
) -> Result<(Store, MasterKey), StartError> {
    let database = data_folder::database(&config.server.data);
    let master = master_key(config, database.exists(), chance)?;
    let store = Store::open_sqlite(&database, role, clock.now()).await;
    Ok((store.map_err(|error| at(&config.server.data, error))?, master))
}

async fn on_postgres(
    config: &Config,
    postgres: &PostgresSettings,
    clock: &dyn Clock,
    chance: &dyn Chance,
) -> Result<(Store, MasterKey), StartError> {
    let store = patiently(postgres, clock).await?;
    let keys = store.signing_keys(clock.now()).await.map_err(sentence)?;
    let master = master_key(config, !keys.is_empty(), chance)?;
    Ok((store, master))
}

async fn patiently(postgres: &PostgresSettings, clock: &dyn Clock) -> Result<Store, StartError> {
    let begun = Instant::now();
    let mut said = false;
    loop {
        match Store::open_postgres(postgres, clock.now()).await {
            Err(Error::Busy) if begun.elapsed() < PATIENCE => {
                if !said {
                    tracing::warn!("PostgreSQL is away; waiting for it, up to a minute");
                    said = true;
                }
                sleep(AGAIN).await;
            }
            Err(Error::Busy) => {
                return Err(StartError::new(
                    "PostgreSQL has not answered for a minute: does it run, and is `database.url` right?",
                ));
            }
            Err(error) => return Err(StartError::new(format!("PostgreSQL: {error}"))),
            Ok(store) => return Ok(store),
        }
    }
}

fn master_key(config: &Config, is_used: bool, chance: &dyn Chance) -> Result<MasterKey, StartError> {
    let path = config.master_key();
    data_folder::master_key(&path, is_used, chance).map_err(|error| at(&path, error))
}

fn at(path: &Path, error: impl std::fmt::Display) -> StartError {
    StartError::new(format!("{}: {error}", path.display()))
}
