//! Looking after others: what an administrator sees of all accounts and does to them. Whether somebody is one is
//! asked at every call.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use parlour_hub::Note;
use parlour_model::username::folded_key;
use parlour_model::{Account, AccountId, AdminLevel, Client, Email, RoomName, Timestamp};
use parlour_store::audit::AuditEntry;
use parlour_store::oversee::{Overseen, OverseenRoom, Oversight, Sums};

use crate::administer::ListedKey;
use crate::app::App;
use crate::audit::{self, Says};
use crate::authenticate::Caller;
use crate::live::Counts;
use crate::{Error, Result};

/// An account as an administrator sees it.
pub struct Seen {
    /// It.
    pub account: Account,
    /// The address that waits to take the place of its own.
    pub pending: Option<Email>,
    /// How many of its sessions stand.
    pub sessions: i64,
}

/// Where a search goes on: names come before addresses, each in the order of their keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// After this name.
    Name(String),
    /// After this address.
    Address(String),
}

/// How this server is.
pub struct Statistics {
    /// What is kept.
    pub sums: Sums,
    /// What moves.
    pub counts: Counts,
    /// Since when.
    pub uptime: Duration,
}

/// Lines of the audit, and the people in them who are still there.
pub struct AuditPage {
    /// Newest first.
    pub entries: Vec<AuditEntry>,
    /// By number.
    pub people: HashMap<AccountId, Account>,
}

impl App {
    /// That the caller is an administrator now.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub fn require_admin(&self, caller: &Caller) -> Result<()> {
        if caller.account.admin_level == AdminLevel::Admin { Ok(()) } else { Err(Error::Forbidden) }
    }

    /// Accounts in the order of their numbers.
    ///
    /// # Errors
    /// The store is away.
    pub async fn see_accounts(&self, after: AccountId, limit: i64) -> Result<Vec<Seen>> {
        let accounts = self.store.accounts(after, limit).await?;
        self.seen(accounts).await
    }

    /// Accounts whose username or address begins so: first by their names, then by their addresses, none twice. The
    /// second is where the next page begins.
    ///
    /// # Errors
    /// The store is away.
    pub async fn search_accounts(
        &self,
        beginning: &str,
        after: Place,
        limit: i64,
    ) -> Result<(Vec<Seen>, Option<Place>)> {
        let (name, address) = (folded_key(beginning), beginning.to_lowercase());
        let most = usize::try_from(limit).unwrap_or_default();
        let mut found = Vec::new();
        let from = match after {
            Place::Name(after) => {
                found = self.store.accounts_by_name(&name, &after, limit).await?;
                if found.len() == most {
                    let next = found.last().map(|last| Place::Name(last.username.key()));
                    return Ok((self.seen(found).await?, next));
                }
                String::new()
            }
            Place::Address(after) => after,
        };
        let by_address = self.store.accounts_by_email(&address, &from, limit).await?;
        let mut next = None;
        for account in &by_address {
            if found.len() == most {
                break;
            }
            next = account.email.as_ref().map(|email| Place::Address(email.key().to_owned()));
            // Whose name begins so, too, was among the names.
            if !account.username.key().starts_with(&name) {
                found.push(account.clone());
            }
        }
        let is_all = by_address.len() < most && found.len() < most;
        Ok((self.seen(found).await?, next.filter(|_| !is_all)))
    }

    /// Keeps somebody out or lets them in again, and gives them another level.
    ///
    /// # Errors
    /// [`Error::Conflict`] for oneself, [`Error::UnknownAccount`], [`Error::Forbidden`].
    pub async fn oversee(
        &self,
        admin: &Caller,
        of: AccountId,
        disabled: Option<bool>,
        level: Option<AdminLevel>,
        client: &Client,
    ) -> Result<Seen> {
        let by = admin.account.id;
        if by == of {
            return Err(Error::Conflict);
        }
        let entry = |action| audit::entry(action, client).by(by).on(of).within(admin.session_id);
        let mut level = level.map(|level| (level, entry("promote")));
        if let Some((level, entry)) = &mut level {
            entry.detail = format!("level {}", level.number());
        }
        let disabled = disabled.map(|disabled| (disabled, entry(if disabled { "disable" } else { "enable" })));
        let change = Oversight { by, of, disabled: disabled.clone(), level: level.clone(), now: self.now() };
        let account = match self.store.oversee(change).await? {
            Overseen::Done(account) => account,
            Overseen::NotAdmin => return Err(Error::Forbidden),
            Overseen::Unknown => return Err(Error::UnknownAccount),
        };
        let (ends, lines) = (matches!(disabled, Some((true, _))), level.into_iter().map(|(_, entry)| entry));
        for entry in lines.chain(disabled.into_iter().map(|(_, entry)| entry)) {
            audit::committed(&entry);
        }
        self.accounts.forget(&of);
        if ends {
            self.account_ended(of, None);
        }
        self.readmit(&account).await;
        self.tell(of, Note::Me);
        let mut seen = self.seen(vec![account]).await?;
        seen.pop().ok_or(Error::UnknownAccount)
    }

    /// Ends all sessions of somebody.
    ///
    /// # Errors
    /// [`Error::UnknownAccount`].
    pub async fn end_sessions_of(&self, admin: &Caller, of: AccountId, client: &Client) -> Result<()> {
        self.look_up(of).await?;
        let entry = audit::entry("end_sessions", client).by(admin.account.id).on(of).within(admin.session_id);
        self.store.end_sessions_of(of, None, self.now(), entry.clone()).await?;
        audit::committed(&entry);
        self.account_ended(of, None);
        Ok(())
    }

    /// Lines of the audit before a time and a number, newest first, about somebody or about all.
    ///
    /// # Errors
    /// The store is away.
    pub async fn read_audit(
        &self,
        about: Option<AccountId>,
        before: Option<(Timestamp, i64)>,
        limit: i64,
    ) -> Result<AuditPage> {
        let before = before.unwrap_or((Timestamp(i64::MAX), i64::MAX));
        let entries = self.store.audit_page(about, before, limit).await?;
        let named = entries.iter().flat_map(|entry| [entry.line.actor, entry.line.target]).flatten();
        let ids: Vec<AccountId> = named.collect::<HashSet<_>>().into_iter().collect();
        let people = self.store.accounts_of(&ids).await?.into_iter().flatten();
        Ok(AuditPage { entries, people: people.map(|account| (account.id, account)).collect() })
    }

    /// Rooms but direct ones whose names begin so, after the key of a name, each with how many are present.
    ///
    /// # Errors
    /// The store is away.
    pub async fn oversee_rooms(&self, beginning: &str, after: &str, limit: i64) -> Result<Vec<(OverseenRoom, usize)>> {
        let rooms = self.store.overseen_rooms(&folded_key(beginning), after, limit).await?;
        let names: Vec<_> = rooms.iter().filter_map(|room| RoomName::parse(&room.name).ok()).collect();
        let _looks = self.live.hub().look_into(&names).await;
        let present = |name: &str| RoomName::parse(name).map_or(0, |name| self.live.hub().present(&name));
        let with_present = |room: OverseenRoom| {
            let present = present(&room.name);
            (room, present)
        };
        Ok(rooms.into_iter().map(with_present).collect())
    }

    /// How much there is and how much moves.
    ///
    /// # Errors
    /// The store is away.
    pub async fn statistics(&self) -> Result<Statistics> {
        let sums = self.store.sums().await?;
        Ok(Statistics { sums, counts: self.live.hub().counts(), uptime: self.now().since(self.started_at) })
    }

    /// Makes a new signing key, as [`App::rotate_keys`] does; it.
    ///
    /// # Errors
    /// The store is away.
    pub async fn rotate_keys_by(&self, admin: &Caller, client: &Client) -> Result<ListedKey> {
        let entry = audit::entry("keys_rotate", client).by(admin.account.id).within(admin.session_id);
        let kid = self.rotate_keys_with(entry).await?;
        let made = self.list_keys().await?.into_iter().find(|key| key.kid == kid);
        made.ok_or_else(|| Error::internal("the new key is not among the keys"))
    }

    async fn seen(&self, accounts: Vec<Account>) -> Result<Vec<Seen>> {
        let (now, ids): (_, Vec<AccountId>) = (self.now(), accounts.iter().map(|account| account.id).collect());
        let pending = self.store.pending_emails(&ids, now).await?;
        let sessions = self.store.session_counts(&ids, now).await?;
        let each = accounts.into_iter().zip(pending).zip(sessions);
        Ok(each.map(|((account, pending), sessions)| Seen { account, pending, sessions }).collect())
    }
}
