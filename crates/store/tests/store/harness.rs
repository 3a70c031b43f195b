//! A new, empty store for a test, on each database, and the people who use it.

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::time::Duration;

use parlour_model::{
    Account, AdminLevel, Contract, Email, Profile, RoomName, Session, SourcePrefix, Timestamp, Username, UsernamePolicy,
};
use parlour_store::{
    Error, NewAccount, NewAudit, NewMail, NewMessage, NewSession, NewVerification, Notice, PostgresSettings, Role,
    SignUp, SignedUp, Store,
};
use tokio_postgres::NoTls;

pub(crate) const MINUTE: Duration = Duration::from_mins(1);
pub(crate) const DAY: Duration = Duration::from_hours(24);

/// The time at which every story begins.
pub(crate) const START: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// A store of a test's own.
pub(crate) struct Home {
    pub(crate) store: Store,
    pub(crate) place: Place,
}

/// Where its database is.
pub(crate) enum Place {
    Folder(Folder),
    Server(Server),
}

/// A folder that goes with the test.
pub(crate) struct Folder(PathBuf);

/// A database on the server of the test run.
pub(crate) struct Server {
    pub(crate) url: String,
    /// How the store reaches it.
    pub(crate) settings: PostgresSettings,
    name: String,
}

/// Runs a test on a new SQLite store, and then on a new PostgreSQL store.
pub(crate) async fn on_both(test: impl AsyncFn(&Home)) {
    for home in [Home::sqlite().await, Home::postgres().await] {
        test(&home).await;
        home.end().await;
    }
}

impl Home {
    pub(crate) async fn sqlite() -> Self {
        let folder = Folder::new();
        let store = Store::open_sqlite(&folder.database(), Role::Server, START).await.unwrap();
        Self { store, place: Place::Folder(folder) }
    }

    pub(crate) async fn postgres() -> Self {
        let server = Server::new().await;
        let store = Store::open_postgres(&server.settings, START).await.unwrap();
        Self { store, place: Place::Server(server) }
    }

    pub(crate) async fn end(self) {
        self.store.close().await;
        if let Place::Server(server) = self.place {
            let drop = format!("DROP DATABASE {} WITH (FORCE)", server.name);
            connect(&superuser()).await.batch_execute(&drop).await.unwrap();
        }
    }

    /// The same database once more, as another process would open it.
    pub(crate) async fn again(&self) -> Result<Store, Error> {
        match &self.place {
            Place::Folder(folder) => Store::open_sqlite(&folder.database(), Role::Command, START).await,
            Place::Server(server) => Store::open_postgres(&server.settings, START).await,
        }
    }

    /// Runs a script past the store.
    pub(crate) async fn script(&self, script: &str) {
        match &self.place {
            Place::Folder(folder) => folder.connection().execute_batch(script).unwrap(),
            Place::Server(server) => connect(&server.url).await.batch_execute(script).await.unwrap(),
        }
    }

    /// One number, read past the store.
    pub(crate) async fn number(&self, query: &str) -> i64 {
        match &self.place {
            Place::Folder(folder) => folder.connection().query_row(query, [], |row| row.get(0)).unwrap(),
            Place::Server(server) => connect(&server.url).await.query_one(query, &[]).await.unwrap().get(0),
        }
    }
}

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("parlour-store-{}", random()));
        fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.0.join("data").join("parlour.db")
    }

    pub(crate) fn connection(&self) -> rusqlite::Connection {
        let connection = rusqlite::Connection::open(self.database()).unwrap();
        connection.busy_timeout(MINUTE).unwrap();
        connection
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Server {
    async fn new() -> Self {
        let name = format!("store_{}", random());
        connect(&superuser()).await.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
        let superuser = superuser();
        let (server, _) = superuser.rsplit_once('/').expect("a URL that ends in a database's name");
        let url = format!("{server}/{name}");
        Self { settings: PostgresSettings::new(&url), url, name }
    }
}

/// A connection past the store.
pub(crate) async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

#[expect(clippy::disallowed_methods, reason = "a test's surroundings are not the server's configuration")]
fn superuser() -> String {
    std::env::var("PARLOUR_TEST_POSTGRES").expect(
        "PARLOUR_TEST_POSTGRES is missing: these tests need a PostgreSQL whose superuser it names; \
         `cargo xtask test` provides one",
    )
}

fn random() -> u64 {
    RandomState::new().hash_one(())
}

/// Asks again while the database has too much to do.
macro_rules! until_answered {
    ($ask:expr) => {
        loop {
            match $ask {
                Err(parlour_store::Error::Busy) => tokio::task::yield_now().await,
                answer => break answer.unwrap(),
            }
        }
    };
}

pub(crate) use until_answered;

/// A message that was taken at the beginning.
pub(crate) fn message(author: &Account, text: &str, key: Option<&str>) -> NewMessage {
    NewMessage { author: author.id, text: text.to_owned(), key: key.map(str::to_owned), reply_to: None, at: START }
}

pub(crate) fn audit(action: &'static str) -> NewAudit {
    NewAudit {
        action,
        actor: None,
        target: None,
        address: "203.0.113.7".to_owned(),
        session: None,
        contract: Contract::Native,
        detail: String::new(),
    }
}

pub(crate) fn username(text: &str) -> Username {
    Username::parse(text, UsernamePolicy::Open).unwrap()
}

pub(crate) fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

pub(crate) fn room(text: &str) -> RoomName {
    RoomName::parse(text).unwrap()
}

pub(crate) fn source(address: &str) -> SourcePrefix {
    SourcePrefix::of(address.parse().unwrap())
}

pub(crate) fn home_source() -> SourcePrefix {
    source("203.0.113.7")
}

/// A digest that nothing else has.
pub(crate) fn digest(number: u8) -> [u8; 32] {
    [number; 32]
}

pub(crate) fn sign_up(name: &str) -> SignUp {
    SignUp {
        account: NewAccount {
            username: username(name),
            email: None,
            profile: Profile::default(),
            admin_level: AdminLevel::Public,
            phc: Some(format!("$hash of {name}")),
            source: home_source(),
        },
        session: None,
        verification: None,
        audit: audit("sign_up"),
        now: START,
    }
}

pub(crate) fn sign_up_with_email(name: &str, address: &str, now: Timestamp) -> SignUp {
    let mut new = sign_up(name);
    new.account.email = Some(email(address));
    new.now = now;
    new
}

/// A session that ends in 14 days, or when unused for one.
pub(crate) fn new_session() -> NewSession {
    NewSession {
        contract: Contract::Cookies,
        device: "a browser".to_owned(),
        address: "203.0.113.7".to_owned(),
        cookie_digest: None,
        refresh_digest: None,
        expires_at: START + DAY * 14,
        idle_expires_at: START + DAY,
    }
}

/// What an address is told that another has replaced.
pub(crate) fn notice() -> Notice {
    Notice {
        message_id: format!("<{}@parlour.example>", random()),
        subject: "Changed".to_owned(),
        body: "your address was changed".to_owned(),
    }
}

/// The mails that wait, in their order. They are then done with.
pub(crate) async fn mailed(store: &Store, now: Timestamp) -> Vec<NewMail> {
    let mut all = Vec::new();
    while let Some(queued) = store.claim_mail(now, MINUTE).await.unwrap() {
        store.mail_sent(queued.id, now).await.unwrap();
        all.push(queued.mail);
    }
    all
}

fn mail_to(recipient: &str) -> NewMail {
    NewMail {
        message_id: format!("<{}@parlour.example>", random()),
        recipient: recipient.to_owned(),
        subject: "Hello".to_owned(),
        body: "a secret link".to_owned(),
    }
}

pub(crate) fn verification(secret: u8, address: &str, now: Timestamp) -> NewVerification {
    let (email, mail) = (email(address), mail_to(address));
    NewVerification { digest: digest(secret), email, expires_at: now + DAY, mail }
}

/// Somebody who has signed up.
pub(crate) async fn member(store: &Store, name: &str) -> Account {
    done(store.sign_up(sign_up(name)).await.unwrap()).0
}

/// Somebody who has signed up and is logged in.
pub(crate) async fn member_with(store: &Store, name: &str, session: NewSession) -> (Account, Session) {
    let mut new = sign_up(name);
    new.session = Some(session);
    let (account, session) = done(store.sign_up(new).await.unwrap());
    (account, session.expect("the session that was asked for"))
}

/// Somebody who has signed up with an address, and whom a mail with a secret is waiting for.
pub(crate) async fn newcomer(store: &Store, secret: u8, address: &str, now: Timestamp) -> Account {
    let mut new = sign_up_with_email(address, address, now);
    new.verification = Some(verification(secret, address, now));
    done(store.sign_up(new).await.unwrap()).0
}

pub(crate) fn done(signed_up: SignedUp) -> (Account, Option<Session>) {
    match signed_up {
        SignedUp::Done { account, session } => (account, session),
        SignedUp::Taken(field) => panic!("{field:?} was taken"),
    }
}
