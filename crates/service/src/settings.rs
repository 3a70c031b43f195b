//! What an operator may choose of the use cases, as plain values; the server reads them from its configuration.

use std::path::PathBuf;
use std::time::Duration;

use parlour_hub::{HubSettings, NatsSettings};
use parlour_model::UsernamePolicy;

/// Everything that can be chosen.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where people reach the server, without a slash at the end: the host of mailed links and the tokens' issuer.
    pub public_url: String,
    /// Which usernames are allowed.
    pub usernames: UsernamePolicy,
    /// Whose password rules hold.
    pub passwords: PasswordPolicy,
    /// The pool that hashes passwords.
    pub hashing: HashSettings,
    /// Access and refresh tokens.
    pub tokens: TokenSettings,
    /// How long a cookie session lives.
    pub cookie_life: Duration,
    /// Throttles.
    pub limits: LimitSettings,
    /// Rooms and messages.
    pub chat: ChatSettings,
    /// Outgoing mail.
    pub mail: MailSettings,
    /// The other nodes; `None` when there are none.
    pub cluster: Option<ClusterSettings>,
}

/// One of several servers on one database.
#[derive(Clone, Debug)]
pub struct ClusterSettings {
    /// NATS; without it the nodes tell one another through the database.
    pub nats: Option<NatsSettings>,
    /// What tells this cluster's doorbell in the database from others.
    pub channel: String,
    /// Where this node listens, for whoever looks at the list of nodes.
    pub address: String,
    /// Which program it is.
    pub version: &'static str,
}

/// Whose password rules hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordPolicy {
    /// Each contract's own.
    Contract,
    /// One for all: at least this many characters, not common, not all digits, without the name or address in it.
    Strict {
        /// The fewest characters.
        minimum: usize,
    },
}

/// What one hash costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashCost {
    /// Memory, KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
}

impl HashCost {
    /// OWASP's first line for Argon2id: 19 MiB, two passes.
    pub const DEFAULT: Self = Self { memory_kib: 19_456, passes: 2 };
    /// For small machines: 12 MiB, three passes.
    pub const SMALL: Self = Self { memory_kib: 12_288, passes: 3 };
    /// For those who can spend it: 64 MiB, three passes.
    pub const STRONG: Self = Self { memory_kib: 65_536, passes: 3 };
}

/// The pool that hashes passwords.
#[derive(Clone, Copy, Debug)]
pub struct HashSettings {
    /// What one hash costs.
    pub cost: HashCost,
    /// Threads that hash.
    pub threads: usize,
    /// Most jobs that wait.
    pub queue: usize,
    /// How long a job may wait.
    pub deadline: Duration,
    /// Whether the threads run only when nobody else on the machine wants the core.
    pub steps_back: bool,
}

/// How tokens are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SigningAlgorithm {
    /// Ed25519 (RFC 8037).
    EdDsa,
    /// ECDSA on P-256 with SHA-256 (RFC 7518 §3.4).
    Es256,
}

/// Access and refresh tokens.
#[derive(Clone, Copy, Debug)]
pub struct TokenSettings {
    /// How new signing keys sign.
    pub algorithm: SigningAlgorithm,
    /// Life of an access token that comes with a refresh token.
    pub access: Duration,
    /// Life of an access token of a contract that has no refresh.
    pub long_access: Duration,
    /// A refresh family ends when it is not used for this long.
    pub refresh_idle: Duration,
    /// A refresh family ends after this whatever happens.
    pub refresh_absolute: Duration,
    /// How long a new signing key is published before it signs.
    pub key_lead: Duration,
}

impl TokenSettings {
    /// The longest that anything signed today can be shown to us.
    pub fn longest(&self) -> Duration {
        self.refresh_absolute.max(self.long_access).max(self.access)
    }
}

/// Throttles. Sizes, queues and deadlines are not among them: those hold always.
#[derive(Clone, Copy, Debug)]
pub struct LimitSettings {
    /// Whether anything is throttled.
    pub enabled: bool,
    /// Logins and sign-ups a source may try at once, and how many more each minute.
    pub source: Rate,
    /// Logins that may be tried at one account at once, and how many more each minute.
    pub account: Rate,
    /// Consecutive failures after which an account takes no more from sources it does not know.
    pub failures: i64,
    /// Messages an account may send at once, and how many more each minute.
    pub messages: Rate,
    /// Requests through the native contract that an account may make at once, and how many more each minute.
    pub api: Rate,
}

/// So many at once, then so many a minute.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// At once.
    pub burst: u32,
    /// A minute.
    pub per_minute: u32,
}

/// Rooms and messages.
#[derive(Clone, Debug)]
pub struct ChatSettings {
    /// Most bytes of one message's text.
    pub message_bytes: usize,
    /// Most messages that wait for one room's next commit.
    pub queue: usize,
    /// Seats, presence and delivery.
    pub hub: HubSettings,
}

/// Outgoing mail.
#[derive(Clone, Debug)]
pub struct MailSettings {
    /// The sender's address.
    pub from: String,
    /// Where mail goes.
    pub transport: MailTransport,
}

/// Where mail goes.
#[derive(Clone, Debug)]
pub enum MailTransport {
    /// To a server: `smtp://host:port`, `smtps://user:password@host`.
    Smtp(String),
    /// Into a folder, one file a mail.
    Outbox(PathBuf),
}
