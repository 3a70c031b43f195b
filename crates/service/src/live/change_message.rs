//! Messages after they were written: another text, taken away, a reaction.

use parlour_hub::Published;
use parlour_model::{Client, Emoji, Event, Field, RoomId, RoomName, Rule, Seq, Violation};
use parlour_store::change::{Actor, Logged, Refused};
use parlour_store::message_change::{MOST_EMOJIS, NewReaction};

use super::access::is_admin;
use super::author;
use crate::app::App;
use crate::audit::{self, Says};
use crate::authenticate::Caller;
use crate::{Error, Result};

impl App {
    /// Gives one's message another text and answers with the event of that.
    ///
    /// # Errors
    /// What [`App::may_write`] refuses; [`Error::UnknownMessage`], [`Error::Forbidden`] for somebody else's;
    /// [`Error::MessageTooLong`], [`Error::Invalid`], [`Error::Throttled`].
    pub async fn edit_message(&self, room: &RoomName, caller: &Caller, seq: Seq, text: String) -> Result<Event> {
        self.check_text(&text, None)?;
        let (caller, id) = self.writer(room, caller).await?;
        let logged = self.store.edit_message(id, seq, author(&caller), text, self.now()).await??;
        self.logged(room, logged)
    }

    /// Takes a message away and answers with the event of that: its author may, and who keeps order in the room.
    ///
    /// # Errors
    /// What [`App::may_read`] refuses; [`Error::UnknownMessage`], [`Error::Forbidden`], [`Error::Throttled`].
    pub async fn delete_message(&self, room: &RoomName, caller: &Caller, seq: Seq, client: &Client) -> Result<Event> {
        self.limits.message(caller.account.id)?;
        // Who may not write any more may still take back what they wrote.
        let caller = self.still_good(caller).await?;
        let id = self.may_read(room, Some(&caller)).await?.id().ok_or(Error::UnknownRoom)?;
        let detail = format!("{room} {seq}");
        let actor = self.actor(&caller, "delete_message", detail, client);
        let entry = actor.audit.clone();
        let logged = self.store.delete_message(id, seq, actor).await??;
        audit::committed(&entry);
        self.logged(room, logged)
    }

    /// Reacts to a message; `None` when the caller has reacted so before.
    ///
    /// # Errors
    /// What [`App::may_write`] refuses; [`Error::UnknownMessage`], [`Error::Throttled`]; [`Error::Invalid`] for what is
    /// no emoji, and when there are too many others.
    pub async fn react(&self, room: &RoomName, caller: &Caller, seq: Seq, emoji: &str) -> Result<Option<Event>> {
        let reaction = self.reaction(room, caller, seq, emoji).await?;
        let logged = self.store.react(reaction).await?.map_err(|refused| match refused {
            Refused::Full => too_many().into(),
            other => Error::from(other),
        })?;
        logged.map(|logged| self.logged(room, logged)).transpose()
    }

    /// Takes a reaction back; `None` when there was none.
    ///
    /// # Errors
    /// As [`App::react`].
    pub async fn unreact(&self, room: &RoomName, caller: &Caller, seq: Seq, emoji: &str) -> Result<Option<Event>> {
        let reaction = self.reaction(room, caller, seq, emoji).await?;
        let logged = self.store.withdraw_reaction(reaction).await??;
        logged.map(|logged| self.logged(room, logged)).transpose()
    }

    async fn reaction(&self, room: &RoomName, caller: &Caller, seq: Seq, emoji: &str) -> Result<NewReaction> {
        let emoji = Emoji::parse(emoji)?.as_str().to_owned();
        let (caller, room) = self.writer(room, caller).await?;
        Ok(NewReaction { room, seq, by: author(&caller), emoji, at: self.now() })
    }

    /// The caller as they are now, and the number of a room in which they may write.
    async fn writer(&self, room: &RoomName, caller: &Caller) -> Result<(Caller, RoomId)> {
        self.limits.message(caller.account.id)?;
        let caller = self.still_good(caller).await?;
        let id = self.may_write(room, &caller).await?.id().ok_or(Error::UnknownRoom)?;
        Ok((caller, id))
    }

    /// Who does something in a room, for the store and for the audit.
    pub(crate) fn actor(&self, caller: &Caller, action: &'static str, detail: String, client: &Client) -> Actor {
        let entry = audit::entry(action, client).by(caller.account.id).within(caller.session_id);
        let audit = parlour_store::NewAudit { detail, ..entry };
        Actor { author: author(caller), is_admin: is_admin(caller), at: self.now(), audit }
    }

    /// Tells everybody in a room what was committed, and gives back the last of it.
    pub(crate) fn logged(&self, room: &RoomName, logged: Logged) -> Result<Event> {
        let Logged { head, events } = logged;
        let last = events.last().cloned().ok_or_else(|| Error::internal("a change without an event"))?;
        self.live.behind().note(head.id);
        self.live.hub().publish(Published { room: room.clone(), head_id: head.id, epoch: head.epoch, events });
        Ok(last)
    }
}

fn too_many() -> Violation {
    Violation::new(Field::Emoji, Rule::TooMany(usize::try_from(MOST_EMOJIS).unwrap_or(usize::MAX)))
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Room => Self::UnknownRoom,
            Refused::Message => Self::UnknownMessage,
            Refused::Account => Self::UnknownAccount,
            Refused::NotAllowed => Self::Forbidden,
            Refused::Banned => Self::Banned,
            Refused::Muted(until) => Self::Muted(until),
            Refused::LastOwner => Self::LastOwner,
            Refused::Full | Refused::Conflict => Self::Conflict,
        }
    }
}
