//! A change in a room: the room is held, the change made, and its event takes the next place of the log, all in one
//! transaction.

use parlour_model::{
    AccountId, AdminLevel, Author, Event, EventBody, MemberChange, Power, RoomChange, RoomId, Seq, Timestamp, Username,
    Visibility,
};

use parlour_model::room::LOBBY;

use crate::database::{FromRow, Row, Statement, Tx};
use crate::room::{ROOM_COLUMNS, RoomHead, STANDING, Standing};
use crate::{Error, NewAudit, Result, audit, params, sql};

/// Who changes something, and when.
#[derive(Clone, Debug)]
pub struct Actor {
    /// Who, under the name they have now.
    pub author: Author,
    /// Whether they are an administrator, who may do in every room that is not direct what its owner may.
    pub is_admin: bool,
    /// When.
    pub at: Timestamp,
    /// What the audit says when this is a deed of moderation.
    pub audit: NewAudit,
}

/// What was changed, and where: to be published when it is committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// The room as it is afterwards.
    pub head: RoomHead,
    /// What happened, at least one event; the last is what was asked for.
    pub events: Vec<Event>,
}

/// What a change came to.
pub type Ruled<T> = std::result::Result<T, Refused>;

/// Why nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// There is no such room any more.
    Room,
    /// There is no such message, or it was taken away.
    Message,
    /// There is no such account, or it has nothing to do with the room.
    Account,
    /// Whoever wants it may not.
    NotAllowed,
    /// They are kept out.
    Banned,
    /// They may read, and not write until then.
    Muted(Timestamp),
    /// A room must keep an owner.
    LastOwner,
    /// There is as much of it as there may be.
    Full,
    /// It is so already, or cannot be.
    Conflict,
}

/// A room that nobody else changes or appends to before this transaction ends.
pub(crate) struct Held {
    pub(crate) head: RoomHead,
    pub(crate) visibility: Visibility,
    /// Whether it is the reserved room that everybody is a member of.
    pub(crate) is_lobby: bool,
    /// What was recorded so far.
    events: Vec<Event>,
}

/// Somebody and how they stand in a held room.
pub(crate) struct Subject {
    pub(crate) author: Author,
    pub(crate) standing: Standing,
    pub(crate) power: Power,
}

/// Holds a room; `None` when it is gone.
pub(crate) async fn hold(tx: &mut Tx<'_>, room: RoomId) -> Result<Option<Held>> {
    let hold = sql!(
        "UPDATE room SET last_seq = last_seq WHERE id = $1 AND deleted_at IS NULL RETURNING ",
        ROOM_COLUMNS,
        ", visibility, name_key"
    );
    tx.get(hold, params![room]).await
}

impl Held {
    /// Somebody's standing here; `None` when there is no such account.
    pub(crate) async fn subject(&self, tx: &mut Tx<'_>, account: AccountId) -> Result<Option<Subject>> {
        let find = sql!("SELECT username, admin_level FROM account WHERE id = $1");
        let found: Option<(Username, AdminLevel)> = tx.get(find, params![account]).await?;
        let Some((username, level)) = found else { return Ok(None) };
        let standing: Standing = tx.get(STANDING, params![self.head.id, account]).await?.unwrap_or_default();
        let power = standing.power(level == AdminLevel::Admin, self.visibility);
        let author = Author { id: account, username: username.as_str().to_owned() };
        Ok(Some(Subject { author, standing, power }))
    }

    /// How much somebody may do here.
    pub(crate) async fn power(&self, tx: &mut Tx<'_>, actor: &Actor) -> Result<Power> {
        let standing: Option<Standing> = tx.get(STANDING, params![self.head.id, actor.author.id]).await?;
        Ok(standing.unwrap_or_default().power(actor.is_admin, self.visibility))
    }

    /// Writes what was asked for into the log, after what came of it.
    pub(crate) async fn record(mut self, tx: &mut Tx<'_>, at: Timestamp, body: EventBody) -> Result<Logged> {
        self.note(tx, at, body).await?;
        Ok(Logged { head: self.head, events: self.events })
    }

    /// Writes into the log what came of something that is recorded later.
    pub(crate) async fn note(&mut self, tx: &mut Tx<'_>, at: Timestamp, body: EventBody) -> Result<()> {
        self.head.last_seq += 1;
        let seq = self.head.last_seq;
        tx.run_all(vec![self.row(seq, at, &body)?, self.reached(seq)]).await?;
        self.events.push(Event { seq, at, body });
        Ok(())
    }

    /// What was noted, when nothing is recorded beyond that.
    pub(crate) fn noted(self) -> Logged {
        Logged { head: self.head, events: self.events }
    }

    fn reached(&self, seq: Seq) -> Statement {
        (sql!("UPDATE room SET last_seq = $2 WHERE id = $1"), params![self.head.id, seq])
    }

    fn row(&self, seq: Seq, at: Timestamp, body: &EventBody) -> Result<Statement> {
        let insert = sql!(
            "INSERT INTO event (room_id, seq, kind, author_id, text, client_key, at, target_seq, subject_id) \
             VALUES ($1, $2, $3, $4, $5, NULL, $6, $7, $8)"
        );
        let id = |author: &Option<Author>| author.as_ref().map(|author| author.id);
        let (kind, by, text, target, subject) = match body {
            // The text of an edit stands in the message, and nowhere else.
            EventBody::Edited { by, target, .. } => ("edited", id(by), String::new(), Some(*target), None),
            EventBody::Deleted { by, target } => ("deleted", id(by), String::new(), Some(*target), None),
            EventBody::Reaction { by, target, emoji, withdrawn } => {
                let kind = if *withdrawn { "unreacted" } else { "reacted" };
                (kind, id(by), emoji.clone(), Some(*target), None)
            }
            EventBody::Member { by, subject, change } => {
                let change = serde_json::to_string(change).map_err(Error::failed)?;
                ("member", id(by), change, None, Some(subject.id))
            }
            EventBody::Room { by, change } => {
                ("room", id(by), serde_json::to_string(change).map_err(Error::failed)?, None, None)
            }
            EventBody::Message { .. } | EventBody::Erased => {
                return Err(Error::failed("a message is appended, and nothing is recorded as erased"));
            }
        };
        Ok((insert, params![self.head.id, seq, kind, by, text, at, target, subject]))
    }
}

impl Actor {
    /// The event of a change in somebody's standing that this one makes.
    pub(crate) fn changes(&self, subject: Author, change: MemberChange) -> EventBody {
        EventBody::Member { by: Some(self.author.clone()), subject, change }
    }

    /// The event of a change of the room that this one makes.
    pub(crate) fn changes_room(&self, change: RoomChange) -> EventBody {
        EventBody::Room { by: Some(self.author.clone()), change }
    }

    /// Writes the audit line of a deed of moderation.
    pub(crate) async fn audited(&self, tx: &mut Tx<'_>, on: Option<AccountId>) -> Result<()> {
        let line = NewAudit { target: on.or(self.audit.target), ..self.audit.clone() };
        audit::write(tx, &line, self.at).await
    }
}

impl FromRow for Held {
    fn from_row(row: &mut Row<'_>) -> Result<Self> {
        let (head, visibility) = (RoomHead::from_row(row)?, row.take()?);
        let is_lobby = row.take::<String>()? == LOBBY;
        Ok(Self { head, visibility, is_lobby, events: Vec::new() })
    }
}
