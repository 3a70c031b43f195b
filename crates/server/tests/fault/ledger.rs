//! What the server has acknowledged, and the question whether it still stands by all of it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::{StreamExt, stream};
use tokio::sync::watch;

use crate::chance::Chance;
use crate::people::{Credential, Door, ask};
use crate::room::{Message, history};

/// Requests under way at once while a restarted server is questioned.
const AT_ONCE: usize = 16;

/// Accounts whose password is tried after a restart: each costs a hash.
const LOGINS: usize = 3;

/// Everything acknowledged so far.
pub(crate) struct Ledger {
    books: Mutex<Books>,
    count: watch::Sender<usize>,
}

#[derive(Clone, Default)]
struct Books {
    /// By the name that people sign up with.
    accounts: BTreeMap<String, Account>,
    /// Of sessions that were ended.
    ended: Vec<Credential>,
    /// By room, as acknowledged to whoever said it.
    said: BTreeMap<&'static str, Vec<Message>>,
}

#[derive(Clone)]
struct Account {
    door: Door,
    credentials: Vec<Credential>,
}

impl Ledger {
    pub(crate) fn new() -> Self {
        Self { books: Mutex::default(), count: watch::Sender::new(0) }
    }

    /// How many writes were acknowledged.
    pub(crate) fn count(&self) -> usize {
        *self.count.borrow()
    }

    /// Waits until so many writes were acknowledged.
    pub(crate) async fn reaches(&self, count: usize) {
        self.count.subscribe().wait_for(|now| *now >= count).await.unwrap();
    }

    pub(crate) fn signed_up(&self, door: Door, name: &str, credentials: Vec<Credential>) {
        let account = Account { door, credentials };
        self.write().accounts.insert(name.to_owned(), account);
        self.acknowledged();
    }

    pub(crate) fn logged_in(&self, name: &str, credentials: Vec<Credential>) {
        self.write().accounts.get_mut(name).unwrap().credentials.extend(credentials);
        self.acknowledged();
    }

    /// The sessions of an account are about to be ended: until that is acknowledged, nobody can say whether they are.
    pub(crate) fn in_doubt(&self, name: &str) -> Vec<Credential> {
        std::mem::take(&mut self.write().accounts.get_mut(name).unwrap().credentials)
    }

    pub(crate) fn ended(&self, credentials: Vec<Credential>) {
        self.write().ended.extend(credentials);
        self.acknowledged();
    }

    pub(crate) fn said(&self, room: &'static str, message: Message) {
        self.write().said.entry(room).or_default().push(message);
        self.acknowledged();
    }

    /// All that was acknowledged up to now.
    pub(crate) fn snapshot(&self) -> Self {
        Self { books: Mutex::new(self.write().clone()), count: watch::Sender::new(self.count()) }
    }

    /// Asks a server for everything. `token` is anybody's; `round` is used up by this.
    pub(crate) async fn verify(&self, address: SocketAddr, token: &str, round: &str, chance: &mut Chance) {
        let books = self.write().clone();
        books.verify_sessions(address).await;
        books.verify_logins(address, chance).await;
        for (room, acknowledged) in &books.said {
            let said = history(address, room, token, &format!("end of {round}")).await;
            for message in acknowledged {
                let at = usize::try_from(message.id - 1).unwrap();
                assert_eq!(said.get(at), Some(message), "the room {room} has lost it");
            }
        }
    }

    fn write(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn acknowledged(&self) {
        self.count.send_modify(|count| *count += 1);
    }
}

impl Books {
    async fn verify_sessions(&self, address: SocketAddr) {
        let open = self.accounts.iter().flat_map(|(name, account)| {
            account.credentials.iter().map(|credential| (account.door.username(name), credential))
        });
        let opens = async |(username, credential): (String, &Credential)| {
            assert!(credential.opens(address, &username).await, "{username}'s {credential:?} was lost");
        };
        stream::iter(open).for_each_concurrent(AT_ONCE, opens).await;
        let stays_shut = async |credential: &Credential| {
            assert!(!credential.opens(address, "nobody").await, "{credential:?} has come back to life");
        };
        stream::iter(&self.ended).for_each_concurrent(AT_ONCE, stays_shut).await;
    }

    async fn verify_logins(&self, address: SocketAddr, chance: &mut Chance) {
        for _ in 0..LOGINS {
            let at = chance.below(self.accounts.len() as u64);
            let (name, account) = self.accounts.iter().nth(usize::try_from(at).unwrap()).unwrap();
            let question = account.door.log_in(name);
            let status = question.2;
            ask(address, question).await.unwrap().expect(status);
        }
    }
}
