//! Every key there is. The doc comments are the operator's manual: `parlour config print` shows them.

use std::path::PathBuf;

use confique::Config as Tree;
use serde::Deserialize;

/// Everything that can be configured.
#[derive(Clone, Debug, Tree)]
pub struct Config {
    /// Where the server listens and keeps its data.
    #[config(nested)]
    pub server: Server,
    /// The database.
    #[config(nested)]
    pub database: Database,
    /// The bus between the servers of a cluster.
    #[config(nested)]
    pub bus: Bus,
    /// Usernames.
    #[config(nested)]
    pub username: Username,
    /// Passwords and their hashes.
    #[config(nested)]
    pub password: Password,
    /// Access and refresh tokens.
    #[config(nested)]
    pub tokens: Tokens,
    /// Cookie sessions.
    #[config(nested)]
    pub sessions: Sessions,
    /// The `rooms` contract.
    #[config(nested)]
    pub rooms: Rooms,
    /// Rooms, messages and sockets.
    #[config(nested)]
    pub chat: Chat,
    /// Throttles.
    #[config(nested)]
    pub limits: Limits,
    /// Outgoing mail.
    #[config(nested)]
    pub mail: Mail,
    /// The log.
    #[config(nested)]
    pub log: Log,
}

/// Where the server listens and keeps its data.
#[derive(Clone, Debug, Tree)]
pub struct Server {
    /// Address and port to listen on. Port 0 takes a free one.
    #[config(default = "127.0.0.1:8080")]
    pub listen: String,
    /// Folder of the database, the master key and the outbox. Made when missing.
    #[config(default = "data")]
    pub data: PathBuf,
    /// File of the master key, which seals the signing keys and is in no backup. Without it, `master.key` in the data
    /// folder. All nodes of a cluster need the same.
    pub master_key: Option<PathBuf>,
    /// Where people reach the server, such as `https://chat.example.com`: the host of mailed links and the
    /// issuer of tokens. Without it, the address the server listens on.
    pub public_url: Option<String>,
    /// Further origins whose pages may use cookies: a list such as `["https://app.example.com"]`.
    #[config(default = [])]
    pub origins: Vec<String>,
    /// Proxies whose X-Forwarded-For is believed: addresses or ranges, such as
    /// `["127.0.0.1", "10.0.0.0/8"]`.
    #[config(default = [])]
    pub trusted_proxies: Vec<String>,
    /// Address and port of a second, private listener for /metrics, such as "127.0.0.1:9464". Without it there are no metrics.
    pub metrics_listen: Option<String>,
    /// Seconds over which sockets are closed when the server stops.
    #[config(default = 10)]
    pub drain_seconds: u64,
}

/// The database.
#[derive(Clone, Debug, Tree)]
pub struct Database {
    /// A PostgreSQL database, such as `postgres://user:password@host:5432/name`, with `?sslmode=` disable, prefer, require
    /// or verify-full (and `sslrootcert=`, a file of certificates). Several servers on one are a cluster.
    /// Without it, SQLite in the data folder.
    pub url: Option<String>,
    /// Most connections to PostgreSQL.
    #[config(default = 16)]
    pub connections: usize,
    /// Seconds after which PostgreSQL gives up a statement.
    #[config(default = 10)]
    pub statement_timeout_seconds: u64,
    /// Prepare statements once a connection. Say false behind a pooler in transaction mode, such as pgbouncer.
    #[config(default = true)]
    pub prepare: bool,
}

/// The bus between the servers of a cluster. It only tells sooner what stands in the database: nothing is lost with it.
#[derive(Clone, Debug, Tree)]
pub struct Bus {
    /// NATS, such as `nats://user:password@host:4222` or `tls://host`; several, separated by commas. Without it, servers
    /// on one PostgreSQL tell one another through that.
    pub url: Option<String>,
    /// File with the credentials that NATS has given.
    pub credentials: Option<PathBuf>,
    /// File with the certificates of authorities that are believed besides the system's.
    pub ca: Option<PathBuf>,
    /// What all that is told begins with. Clusters that share NATS or a database have different ones.
    #[config(default = "parlour")]
    pub prefix: String,
}

/// Usernames.
#[derive(Clone, Debug, Tree)]
pub struct Username {
    /// "open": any script and inner spaces. "strict": ASCII letters, digits and . _ - +
    #[config(default = "open")]
    pub policy: UsernamePolicy,
}

/// Which usernames are allowed.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UsernamePolicy {
    /// Any script, inner spaces.
    Open,
    /// ASCII letters, digits and `. _ - +`.
    Strict,
}

/// Passwords and their hashes.
#[derive(Clone, Debug, Tree)]
pub struct Password {
    /// "contract": each contract's own rules. "strict": one set of rules for all.
    #[config(default = "contract")]
    pub policy: PasswordPolicy,
    /// Fewest characters under the strict policy, 8 to 64.
    #[config(default = 15)]
    pub minimum_length: usize,
    /// Cost of an Argon2id hash. "default": 19 MiB, 2 passes. "small": 12 MiB, 3 passes. "strong": 64 MiB, 3 passes.
    #[config(default = "default")]
    pub hash: HashProfile,
    /// Threads that hash. 0: one a core.
    #[config(default = 0)]
    pub hash_threads: usize,
    /// Most logins and sign-ups that wait for a thread; more are told to come back.
    #[config(default = 256)]
    pub hash_queue: usize,
    /// Seconds that one may wait.
    #[config(default = 8)]
    pub hash_deadline_seconds: u64,
    /// Hash only while nobody else on the machine wants the core, so that a flood of logins delays nobody. Where other
    /// programs keep every core busy, logins then wait too long: say false there.
    #[config(default = true)]
    pub hash_steps_back: bool,
}

/// Whose password rules hold.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PasswordPolicy {
    /// Each contract's own.
    Contract,
    /// One set of rules for all.
    Strict,
}

/// What a hash costs.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HashProfile {
    /// 19 MiB, two passes.
    Default,
    /// 12 MiB, three passes.
    Small,
    /// 64 MiB, three passes.
    Strong,
}

/// Access and refresh tokens.
#[derive(Clone, Debug, Tree)]
pub struct Tokens {
    /// How new signing keys sign: "`EdDSA`" or "ES256".
    #[config(default = "EdDSA")]
    pub algorithm: Algorithm,
    /// Minutes an access token lives that comes with a refresh token.
    #[config(default = 30)]
    pub access_minutes: u64,
    /// Minutes an access token lives in contracts without refresh.
    #[config(default = 1440)]
    pub long_access_minutes: u64,
    /// Days after which an unused refresh token ends.
    #[config(default = 30)]
    pub refresh_idle_days: u64,
    /// Days after which every refresh token ends.
    #[config(default = 90)]
    pub refresh_absolute_days: u64,
    /// Seconds that a new signing key is published before it signs.
    #[config(default = 600)]
    pub key_lead_seconds: u64,
}

/// How signing keys sign.
#[derive(Clone, Copy, Debug, Deserialize)]
pub enum Algorithm {
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// ECDSA on P-256.
    #[serde(rename = "ES256")]
    Es256,
}

/// Cookie sessions.
#[derive(Clone, Debug, Tree)]
pub struct Sessions {
    /// Days that a cookie session lives.
    #[config(default = 14)]
    pub cookie_days: u64,
}

/// The `rooms` contract.
#[derive(Clone, Debug, Tree)]
pub struct Rooms {
    /// Answer an unknown user as a wrong password is answered.
    #[config(default = false)]
    pub hide_unknown_users: bool,
}

/// Rooms, messages and sockets.
#[derive(Clone, Debug, Tree)]
pub struct Chat {
    /// Most bytes of a message's text.
    #[config(default = 4096)]
    pub message_bytes: usize,
    /// Compress messages (permessage-deflate) for clients that offer it. Saves traffic, costs processor time.
    #[config(default = false)]
    pub deflate: bool,
    /// Most messages that wait for a room's next commit.
    #[config(default = 1024)]
    pub queue: usize,
    /// Most recent events that a room keeps in memory for its readers.
    #[config(default = 1024)]
    pub ring_entries: usize,
    /// Most KiB of them.
    #[config(default = 1024)]
    pub ring_kib: usize,
    /// Seconds that a person whose line broke still counts as present.
    #[config(default = 10)]
    pub leave_grace_seconds: u64,
    /// Seconds between pings.
    #[config(default = 25)]
    pub ping_seconds: u64,
    /// Seconds after which a silent or stuck socket is closed.
    #[config(default = 60)]
    pub idle_seconds: u64,
    /// Most sockets of one account.
    #[config(default = 100)]
    pub connections_per_account: usize,
    /// Most sockets from one address (or IPv6 /64).
    #[config(default = 20_000)]
    pub connections_per_address: usize,
    /// Most connections in all.
    #[config(default = 100_000)]
    pub connections: usize,
}

/// Throttles.
#[derive(Clone, Debug, Tree)]
pub struct Limits {
    /// Whether anything is throttled. Sizes, queues and deadlines hold always.
    #[config(default = true)]
    pub enabled: bool,
    /// Logins, sign-ups and mails that one address may ask for at once.
    #[config(default = 60)]
    pub source_burst: u32,
    /// How many more each minute.
    #[config(default = 60)]
    pub source_per_minute: u32,
    /// Logins that may be tried at one account at once.
    #[config(default = 10)]
    pub account_burst: u32,
    /// How many more each minute.
    #[config(default = 10)]
    pub account_per_minute: u32,
    /// Consecutive failures after which an account takes no more from addresses it does not know. At most 100.
    #[config(default = 100)]
    pub failures: i64,
    /// Messages that an account may send at once.
    #[config(default = 60)]
    pub messages_burst: u32,
    /// How many more each minute.
    #[config(default = 600)]
    pub messages_per_minute: u32,
    /// Requests below /api/v2 that an account may make at once, or an address where nobody is logged in.
    #[config(default = 240)]
    pub api_burst: u32,
    /// How many more each minute.
    #[config(default = 1200)]
    pub api_per_minute: u32,
}

/// Outgoing mail.
#[derive(Clone, Debug, Tree)]
pub struct Mail {
    /// The mail server, such as "<smtp://127.0.0.1:2525>" or "<smtps://user:password@mail.example.com>". Without it,
    /// mail is written into the folder outbox beside the database.
    pub smtp_url: Option<String>,
    /// The sender.
    #[config(default = "Parlour <parlour@localhost>")]
    pub from: String,
}

/// The log.
#[derive(Clone, Debug, Tree)]
pub struct Log {
    /// What is logged: "error", "warn", "info", "debug", "trace", or by target, such as "info,audit=warn".
    #[config(default = "info")]
    pub level: String,
    /// "text" or "json".
    #[config(default = "text")]
    pub format: LogFormat,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines, an object a line.
    Json,
}
