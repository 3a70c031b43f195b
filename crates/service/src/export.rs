//! Exporting: everything that is kept about a person, part by part, so that no more than a page is in memory.

use std::time::Duration;

use parlour_model::{Account, AccountId, Client, Email, RoomId, Timestamp};
use parlour_store::audit::AuditEntry;
pub use parlour_store::export::{InRooms, KeptInRoom, KeptMessage, KeptSession, NamedRoom};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::app::App;
use crate::audit::{self, Says};
use crate::authenticate::Caller;
use crate::{Error, Result};

/// A part of an export. Parts of one kind come one after the other, and every kind comes, be it empty.
pub enum Part {
    /// The account, and the address that waits to take the place of its own.
    Account(Box<Account>, Option<Email>),
    /// The picture, as PNG, if there is one.
    Avatar(Option<Vec<u8>>),
    /// Names, and until when those rest that were given up.
    Names(Vec<(String, Option<Timestamp>)>),
    /// Addresses that were to be proven, when, and when they were.
    Addresses(Vec<(String, Timestamp, Option<Timestamp>)>),
    /// When a reset was mailed, and when it was used or void.
    Resets(Vec<(Timestamp, Option<Timestamp>)>),
    /// Known sources, and when they were last used.
    Sources(Vec<(String, Timestamp)>),
    /// Sessions, whether they stand or not.
    Sessions(Vec<KeptSession>),
    /// The audit's lines about them.
    Audit(Vec<AuditEntry>),
    /// What they are, may and must in rooms.
    InRooms(InRooms, Vec<KeptInRoom>),
    /// Reactions in a room: to which message, with what, when.
    Reactions(NamedRoom, Vec<(i64, String, Timestamp)>),
    /// Messages in a room.
    Messages(NamedRoom, Vec<KeptMessage>),
}

/// An export in the making. It ends early with an error when it cannot be finished.
pub type Parts = mpsc::Receiver<Result<Part>>;

/// Rows a page: also the most messages that are in memory.
const PAGE: i64 = 100;

/// Pages that wait for the reader.
const WAITING: usize = 1;

/// How long a reader may take for a page before the export is given up.
const PATIENCE: Duration = Duration::from_mins(1);

impl App {
    /// Everything that is kept about the caller, and of others nothing but the names of rooms and people.
    ///
    /// # Errors
    /// [`Error::Throttled`]: a few a day.
    pub async fn export(&self, caller: &Caller, client: &Client) -> Result<Parts> {
        let id = caller.account.id;
        self.limits.export(id)?;
        let entry = audit::entry("export", client).by(id).on(id).within(caller.session_id);
        self.store.audit(entry.clone(), self.now()).await?;
        audit::committed(&entry);
        let (parts, reader) = mpsc::channel(WAITING);
        let making = Making { app: self.clone(), id, parts };
        tokio::spawn(making.run());
        Ok(reader)
    }
}

/// Whoever reads the store for one export.
struct Making {
    app: App,
    id: AccountId,
    parts: mpsc::Sender<Result<Part>>,
}

impl Making {
    async fn run(self) {
        if let Err(error) = self.all().await {
            // A reader who is gone needs no telling.
            drop(self.parts.send(Err(error)).await);
        }
    }

    async fn give(&self, part: Part) -> Result<()> {
        let given = timeout(PATIENCE, self.parts.send(Ok(part))).await;
        if matches!(given, Ok(Ok(()))) { Ok(()) } else { Err(Error::Busy(PATIENCE)) }
    }

    async fn all(&self) -> Result<()> {
        let (store, id) = (&self.app.store, self.id);
        let account = store.account(id).await?.ok_or(Error::UnknownAccount)?;
        self.give(Part::Account(Box::new(account), self.app.pending_email(id).await?)).await?;
        self.give(Part::Avatar(store.avatar(id).await?.map(|avatar| avatar.png))).await?;
        self.give(Part::Names(store.kept_names(id).await?)).await?;
        self.give(Part::Addresses(store.kept_addresses(id).await?)).await?;
        self.give(Part::Resets(store.kept_resets(id).await?)).await?;
        self.give(Part::Sources(store.kept_sources(id).await?)).await?;
        self.sessions().await?;
        self.audit().await?;
        for kind in [InRooms::Member, InRooms::Ban, InRooms::Mute, InRooms::Invited, InRooms::Read] {
            self.in_rooms(kind).await?;
        }
        self.reactions().await?;
        self.messages().await
    }

    async fn sessions(&self) -> Result<()> {
        let mut after = 0;
        loop {
            let page = self.app.store.kept_sessions(self.id, after, PAGE).await?;
            let last = page.last().map(|last| last.session.id.0);
            self.give(Part::Sessions(page)).await?;
            let Some(last) = last else { return Ok(()) };
            after = last;
        }
    }

    async fn audit(&self) -> Result<()> {
        let mut before = (Timestamp(i64::MAX), i64::MAX);
        loop {
            let page = self.app.store.audit_page(Some(self.id), before, PAGE).await?;
            let last = page.last().map(|last| (last.line.at, last.id));
            self.give(Part::Audit(page)).await?;
            let Some(last) = last else { return Ok(()) };
            before = last;
        }
    }

    async fn in_rooms(&self, kind: InRooms) -> Result<()> {
        let mut after = RoomId(0);
        loop {
            let page = self.app.store.kept_in_rooms(kind, self.id, after, PAGE).await?;
            let last = page.last().map(|last| last.room.id);
            self.give(Part::InRooms(kind, page)).await?;
            let Some(last) = last else { return Ok(()) };
            after = last;
        }
    }

    /// The next rooms with something of theirs.
    async fn rooms(&self, after: &mut RoomId) -> Result<Vec<NamedRoom>> {
        let rooms = self.app.store.kept_rooms(self.id, *after, PAGE).await?;
        *after = rooms.last().map_or(*after, |last| last.id);
        Ok(rooms)
    }

    async fn reactions(&self) -> Result<()> {
        self.give(Part::Reactions(nowhere(), Vec::new())).await?;
        let mut at = RoomId(0);
        loop {
            let rooms = self.rooms(&mut at).await?;
            if rooms.is_empty() {
                return Ok(());
            }
            for room in rooms {
                let mut after = (0, String::new());
                loop {
                    let page = self.app.store.kept_reactions(self.id, room.id, after.clone(), PAGE).await?;
                    let Some((seq, emoji, _)) = page.last() else { break };
                    after = (*seq, emoji.clone());
                    self.give(Part::Reactions(room.clone(), page)).await?;
                }
            }
        }
    }

    async fn messages(&self) -> Result<()> {
        self.give(Part::Messages(nowhere(), Vec::new())).await?;
        let mut at = RoomId(0);
        loop {
            let rooms = self.rooms(&mut at).await?;
            if rooms.is_empty() {
                return Ok(());
            }
            for room in rooms {
                let mut after = 0;
                loop {
                    let page = self.app.store.kept_messages(self.id, room.id, after, PAGE).await?;
                    let Some(last) = page.last() else { break };
                    after = last.seq;
                    self.give(Part::Messages(room.clone(), page)).await?;
                }
            }
        }
    }
}

/// The room of a part in which there is nothing.
const fn nowhere() -> NamedRoom {
    NamedRoom { id: RoomId(0), name: String::new() }
}
