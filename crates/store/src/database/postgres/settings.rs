//! Which PostgreSQL database it is, and how it is used.

use std::fmt;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::tls::Encryption;
use crate::{Error, Result};

/// How long to wait for a server that does not take the connection: less than a call waits for one.
const CONNECTING: Duration = Duration::from_secs(4);

/// Which PostgreSQL database, and how it is used.
#[derive(Clone)]
pub struct PostgresSettings {
    /// `postgres://user:password@host:port/name`, of several servers `…@host:port,host:port/…?target_session_attrs=read-write`,
    /// with `?sslmode=disable`, `prefer`, `require` or `verify-full` and `sslrootcert=`. A secret.
    pub url: String,
    /// The most connections that are open at once.
    pub connections: usize,
    /// After which time the server gives up a statement.
    pub statement_timeout: Duration,
    /// Whether statements are prepared once a connection. Behind a pooler that changes connections with every
    /// transaction they cannot be.
    pub prepare: bool,
}

impl PostgresSettings {
    /// With this URL, and what is usual for the rest.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), connections: 16, statement_timeout: Duration::from_secs(10), prepare: true }
    }

    /// Whether the URL can be read.
    ///
    /// # Errors
    /// [`Error::Failed`] with a sentence that holds nothing of the URL, since that holds a password.
    pub fn check(&self) -> Result<()> {
        self.read().map(drop)
    }

    /// How to connect, and how to encrypt.
    pub(super) fn read(&self) -> Result<(Config, MakeRustlsConnect)> {
        let is_url = ["postgres://", "postgresql://"].iter().any(|scheme| self.url.starts_with(scheme));
        let (url, encryption) = Encryption::taken_from(&self.url)?;
        let config: Option<Config> = url.parse().ok().filter(|_| is_url);
        let mut config = config
            .ok_or_else(|| Error::failed("it must be a URL such as `postgres://user:password@host:5432/name`"))?;
        if config.get_connect_timeout().is_none() {
            // Of several servers, each has its share of the time that a call waits.
            let hosts = u32::try_from(config.get_hosts().len()).unwrap_or(u32::MAX).max(1);
            config.connect_timeout(CONNECTING / hosts);
        }
        config.ssl_mode(encryption.ssl_mode());
        if config.get_application_name().is_none() {
            config.application_name("parlour");
        }
        Ok((config, encryption.connector()?))
    }
}

impl fmt::Debug for PostgresSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresSettings").field("connections", &self.connections).finish_non_exhaustive()
    }
}
