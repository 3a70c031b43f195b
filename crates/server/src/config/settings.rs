//! From the tree to the settings of each floor, with the checks that a type cannot make.

use std::path::PathBuf;
use std::time::Duration;

use parlour_contract::{ContractSettings, Network};
use parlour_hub::{HubSettings, NatsSettings};
use parlour_service::Settings;
use parlour_service::mail::transport::{BadMailSetting, Transport};
use parlour_service::settings::{
    ChatSettings, ClusterSettings, HashCost, HashSettings, LimitSettings, MailSettings, MailTransport, PasswordPolicy,
    Rate, SigningAlgorithm, TokenSettings,
};
use parlour_store::PostgresSettings;
use tracing_subscriber::filter::{LevelFilter, Targets};

use super::layers::ConfigError;
use super::tree::{self, Config};

/// The most characters of what all subjects begin with: a name in PostgreSQL has 63.
const MOST_PREFIX: usize = 60;

const MINUTE: u64 = 60;
const DAY: u64 = 24 * 60 * MINUTE;

impl tree::Log {
    /// What is logged: a level, or levels by target.
    ///
    /// # Errors
    /// A word that is no level. (`Targets` itself would take it for a target, and a slip of the pen would end the log.)
    pub fn targets(&self) -> Result<Targets, ConfigError> {
        let mut targets = Targets::new();
        for part in self.level.split(',') {
            let (target, word) = part.split_once('=').map_or((None, part), |(target, word)| (Some(target), word));
            let level = word.parse::<LevelFilter>().ok().filter(|_| !word.is_empty()).ok_or_else(|| {
                let levels = "\"off\", \"error\", \"warn\", \"info\", \"debug\" or \"trace\"";
                ConfigError(format!("`log.level`: {word:?} is none of {levels}"))
            })?;
            targets = match target {
                Some(target) => targets.with_target(target, level),
                None => targets.with_default(level),
            };
        }
        Ok(targets)
    }
}

impl Config {
    /// The settings of the use cases. `address` is where the server listens, for want of a public URL.
    ///
    /// # Errors
    /// A number outside its range.
    pub fn service(&self, address: &str) -> Result<Settings, ConfigError> {
        Ok(Settings {
            public_url: self.public_url(address),
            usernames: match self.username.policy {
                tree::UsernamePolicy::Open => parlour_model::UsernamePolicy::Open,
                tree::UsernamePolicy::Strict => parlour_model::UsernamePolicy::Strict,
            },
            passwords: self.password_policy()?,
            hashing: self.hashing()?,
            tokens: self.token_settings()?,
            cookie_life: Duration::from_secs(at_least("sessions.cookie_days", self.sessions.cookie_days, 1)? * DAY),
            limits: self.limit_settings()?,
            chat: self.chat_settings()?,
            mail: self.mail_settings()?,
            cluster: None,
        })
    }

    /// One of several servers, when its database can have several.
    ///
    /// # Errors
    /// A bus without PostgreSQL, and what cannot be part of a subject.
    pub fn cluster(&self, address: &str) -> Result<Option<ClusterSettings>, ConfigError> {
        let tree::Bus { url, credentials, ca, prefix } = &self.bus;
        let is_plain =
            |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        if !prefix.split('.').all(is_plain) || prefix.len() > MOST_PREFIX {
            return Err(ConfigError(format!(
                "`bus.prefix` is {prefix:?}; it may have letters, digits, dots and dashes"
            )));
        }
        if self.database.url.is_none() {
            return match url {
                Some(_) => Err(ConfigError("`bus.url` is for several servers, which need `database.url`".to_owned())),
                None => Ok(None),
            };
        }
        let nats = url.as_ref().map(|urls| NatsSettings {
            urls: urls.split(',').map(|url| url.trim().to_owned()).collect(),
            credentials: credentials.clone(),
            ca: ca.clone(),
            prefix: prefix.clone(),
        });
        let (channel, address) = (prefix.clone(), address.to_owned());
        Ok(Some(ClusterSettings { nats, channel, address, version: env!("CARGO_PKG_VERSION") }))
    }

    /// The PostgreSQL database, when that is where everything is kept.
    ///
    /// # Errors
    /// A URL that cannot be read, a number outside its range.
    pub fn postgres(&self) -> Result<Option<PostgresSettings>, ConfigError> {
        let database = &self.database;
        let Some(url) = database.url.clone() else { return Ok(None) };
        let settings = PostgresSettings {
            url,
            connections: within("database.connections", database.connections, 2, 1000)?,
            statement_timeout: seconds("database.statement_timeout_seconds", database.statement_timeout_seconds)?,
            prepare: database.prepare,
        };
        let bad_url = |error: parlour_store::Error| match error {
            parlour_store::Error::Failed(reason) => ConfigError(format!("`database.url`: {reason}")),
            other => ConfigError(format!("`database.url`: {other}")),
        };
        settings.check().map_err(bad_url)?;
        Ok(Some(settings))
    }

    /// The file of the master key.
    pub fn master_key(&self) -> PathBuf {
        self.server.master_key.clone().unwrap_or_else(|| self.server.data.join("master.key"))
    }

    /// The checks that need nothing of the other floors.
    ///
    /// # Errors
    /// An address without a port, a level that is none, a URL that no page could be at.
    pub fn check(&self) -> Result<(), ConfigError> {
        let metrics = self.server.metrics_listen.as_deref().map(|address| ("server.metrics_listen", address));
        for (key, address) in [("server.listen", self.server.listen.as_str())].into_iter().chain(metrics) {
            let port = address.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
            if port.is_none() {
                return Err(ConfigError(format!("`{key}` is {address:?}; it must be an address and a port")));
            }
        }
        self.log.targets()?;
        let url = self.server.public_url.as_deref().unwrap_or("http://x");
        let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        if host.is_none_or(|host| host.trim_end_matches('/').is_empty()) {
            return Err(ConfigError("`server.public_url` must begin with http:// or https://, then a host".to_owned()));
        }
        Ok(())
    }

    /// The settings of the contracts.
    ///
    /// # Errors
    /// A proxy that is no address and no range.
    pub fn contract(&self, address: &str) -> Result<ContractSettings, ConfigError> {
        let network = |text: &String| {
            let no_range = |_| ConfigError(format!("`server.trusted_proxies`: {text:?} is no address and no range"));
            text.parse::<Network>().map_err(no_range)
        };
        Ok(ContractSettings {
            public_url: self.public_url(address),
            origins: self.server.origins.clone(),
            trusted_proxies: self.server.trusted_proxies.iter().map(network).collect::<Result<_, _>>()?,
            hide_unknown_users: self.rooms.hide_unknown_users,
            message_bytes: self.chat.message_bytes,
            deflate: self.chat.deflate,
        })
    }

    fn public_url(&self, address: &str) -> String {
        let own = || format!("http://{address}");
        self.server.public_url.clone().unwrap_or_else(own).trim_end_matches('/').to_owned()
    }

    fn password_policy(&self) -> Result<PasswordPolicy, ConfigError> {
        let minimum = within("password.minimum_length", self.password.minimum_length, 8, 64)?;
        Ok(match self.password.policy {
            tree::PasswordPolicy::Contract => PasswordPolicy::Contract,
            tree::PasswordPolicy::Strict => PasswordPolicy::Strict { minimum },
        })
    }

    fn hashing(&self) -> Result<HashSettings, ConfigError> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let threads = self.password.hash_threads;
        Ok(HashSettings {
            cost: match self.password.hash {
                tree::HashProfile::Default => HashCost::DEFAULT,
                tree::HashProfile::Small => HashCost::SMALL,
                tree::HashProfile::Strong => HashCost::STRONG,
            },
            threads: if threads == 0 { cores } else { threads },
            queue: at_least("password.hash_queue", self.password.hash_queue, 1)?,
            deadline: seconds("password.hash_deadline_seconds", self.password.hash_deadline_seconds)?,
            steps_back: self.password.hash_steps_back,
        })
    }

    fn token_settings(&self) -> Result<TokenSettings, ConfigError> {
        let tokens = &self.tokens;
        let span = |key, number, unit| Ok(Duration::from_secs(at_least(key, number, 1)? * unit));
        Ok(TokenSettings {
            algorithm: match tokens.algorithm {
                tree::Algorithm::EdDsa => SigningAlgorithm::EdDsa,
                tree::Algorithm::Es256 => SigningAlgorithm::Es256,
            },
            access: span("tokens.access_minutes", tokens.access_minutes, MINUTE)?,
            long_access: span("tokens.long_access_minutes", tokens.long_access_minutes, MINUTE)?,
            refresh_idle: span("tokens.refresh_idle_days", tokens.refresh_idle_days, DAY)?,
            refresh_absolute: span("tokens.refresh_absolute_days", tokens.refresh_absolute_days, DAY)?,
            key_lead: Duration::from_secs(tokens.key_lead_seconds),
        })
    }

    fn limit_settings(&self) -> Result<LimitSettings, ConfigError> {
        let limits = &self.limits;
        Ok(LimitSettings {
            enabled: limits.enabled,
            source: Rate { burst: limits.source_burst, per_minute: limits.source_per_minute },
            account: Rate { burst: limits.account_burst, per_minute: limits.account_per_minute },
            failures: within("limits.failures", limits.failures, 1, 100)?,
            messages: Rate { burst: limits.messages_burst, per_minute: limits.messages_per_minute },
            api: Rate { burst: limits.api_burst, per_minute: limits.api_per_minute },
        })
    }

    fn chat_settings(&self) -> Result<ChatSettings, ConfigError> {
        let chat = &self.chat;
        Ok(ChatSettings {
            message_bytes: within("chat.message_bytes", chat.message_bytes, 1, 1024 * 1024)?,
            queue: at_least("chat.queue", chat.queue, 1)?,
            hub: HubSettings {
                ring_entries: at_least("chat.ring_entries", chat.ring_entries, 1)?,
                ring_bytes: at_least("chat.ring_kib", chat.ring_kib, 1)? * 1024,
                leave_grace: Duration::from_secs(chat.leave_grace_seconds),
                ping_every: seconds("chat.ping_seconds", chat.ping_seconds)?,
                idle_timeout: seconds("chat.idle_seconds", chat.idle_seconds)?,
                connections_per_account: at_least("chat.connections_per_account", chat.connections_per_account, 1)?,
                connections_per_source: at_least("chat.connections_per_address", chat.connections_per_address, 1)?,
                connections: at_least("chat.connections", chat.connections, 1)?,
                ..HubSettings::default()
            },
        })
    }

    fn mail_settings(&self) -> Result<MailSettings, ConfigError> {
        let outbox = || MailTransport::Outbox(self.server.data.join("outbox"));
        let settings = MailSettings {
            from: self.mail.from.clone(),
            transport: self.mail.smtp_url.clone().map_or_else(outbox, MailTransport::Smtp),
        };
        match Transport::read(&settings) {
            Ok(_) => Ok(settings),
            Err(BadMailSetting::From) => {
                Err(ConfigError("`mail.from` must be a mailbox, such as `Name <a@b.example>`".to_owned()))
            }
            Err(BadMailSetting::SmtpUrl) => {
                Err(ConfigError("`mail.smtp_url` must be a URL such as `smtp://host:port`".to_owned()))
            }
        }
    }
}

fn seconds(key: &str, number: u64) -> Result<Duration, ConfigError> {
    Ok(Duration::from_secs(at_least(key, number, 1)?))
}

fn at_least<N: PartialOrd + Copy + std::fmt::Display>(key: &str, number: N, least: N) -> Result<N, ConfigError> {
    if number < least {
        Err(ConfigError(format!("`{key}` is {number}; it must be {least} or more")))
    } else {
        Ok(number)
    }
}

fn within<N: PartialOrd + Copy + std::fmt::Display>(key: &str, number: N, least: N, most: N) -> Result<N, ConfigError> {
    if number < least || number > most {
        return Err(ConfigError(format!("`{key}` is {number}; it must be between {least} and {most}")));
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::LogFormat;

    fn targets(level: &str) -> Result<Targets, ConfigError> {
        tree::Log { level: level.to_owned(), format: LogFormat::Text }.targets()
    }

    #[test]
    fn a_level_is_one_for_all_or_one_by_target() {
        let targets = targets("info,audit=warn").expect("levels");
        let is_wanted = |target, level| targets.would_enable(target, &level);
        assert!(is_wanted("parlour_hub", tracing::Level::INFO) && !is_wanted("parlour_hub", tracing::Level::DEBUG));
        assert!(is_wanted("audit", tracing::Level::WARN) && !is_wanted("audit", tracing::Level::INFO));
    }

    #[test]
    fn a_slip_of_the_pen_does_not_end_the_log() {
        for level in ["inof", "", "info,", "audit=", "a=b=c"] {
            let error = targets(level).expect_err("no level");
            assert!(error.0.starts_with("`log.level`: "), "{}", error.0);
        }
    }
}
