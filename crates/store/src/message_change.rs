//! Messages after they were written: edited, taken away, reacted to, read.

use parlour_model::{AccountId, Author, EventBody, Power, RoomId, Seq, Timestamp};

use crate::change::{Actor, Held, Logged, Refused, Ruled, hold};
use crate::database::Tx;
use crate::event::IS_MESSAGE;
use crate::writer::{Barred, writers};
use crate::{Result, Store, params, sql};

/// The most different emojis on one message.
pub const MOST_EMOJIS: i64 = 20;

/// A reaction to a message.
#[derive(Clone, Debug)]
pub struct NewReaction {
    /// The room.
    pub room: RoomId,
    /// The message.
    pub seq: Seq,
    /// Who reacts.
    pub by: Author,
    /// With what.
    pub emoji: String,
    /// When.
    pub at: Timestamp,
}

impl Store {
    /// Gives a message another text. The one that it had is nowhere any more.
    ///
    /// Refused: [`Refused::Room`], [`Refused::Message`], [`Refused::NotAllowed`] for everybody but its author;
    /// [`Refused::Banned`] and [`Refused::Muted`] for an author who may not write there.
    pub async fn edit_message(
        &self,
        room: RoomId,
        seq: Seq,
        by: Author,
        text: String,
        at: Timestamp,
    ) -> Result<Ruled<Logged>> {
        self.db.write(async move |tx| edit(tx, room, seq, &by, &text, at).await).await
    }

    /// Takes a message away, with its text and its reactions. Its author may, and who keeps order in the room.
    ///
    /// Refused: [`Refused::Room`], [`Refused::Message`], [`Refused::NotAllowed`].
    pub async fn delete_message(&self, room: RoomId, seq: Seq, actor: Actor) -> Result<Ruled<Logged>> {
        self.db.write(async move |tx| delete(tx, room, seq, &actor).await).await
    }

    /// Reacts to a message; `None` when the same person has reacted so before.
    ///
    /// Refused: [`Refused::Room`], [`Refused::Message`], [`Refused::Full`] with [`MOST_EMOJIS`] others on it;
    /// [`Refused::Banned`], [`Refused::Muted`] for who may not write there.
    pub async fn react(&self, reaction: NewReaction) -> Result<Ruled<Option<Logged>>> {
        self.db.write(async move |tx| react(tx, &reaction).await).await
    }

    /// Takes a reaction back; `None` when there was none.
    ///
    /// Refused: as [`Store::react`].
    pub async fn withdraw_reaction(&self, reaction: NewReaction) -> Result<Ruled<Option<Logged>>> {
        self.db.write(async move |tx| withdraw(tx, &reaction).await).await
    }

    /// Notes how far somebody has read, no further than the log goes; how far that is, if it is further than before.
    pub async fn mark_read(&self, room: RoomId, account: AccountId, seq: Seq, at: Timestamp) -> Result<Option<Seq>> {
        let mark = sql!(
            "INSERT INTO read_position (account_id, room_id, seq, at) \
             SELECT account.id, room.id, CASE WHEN room.last_seq < $3 THEN room.last_seq ELSE $3 END, $4 \
             FROM room CROSS JOIN account WHERE room.id = $1 AND account.id = $2 AND room.deleted_at IS NULL \
             ON CONFLICT (account_id, room_id) DO UPDATE SET seq = excluded.seq, at = excluded.at \
             WHERE read_position.seq < excluded.seq RETURNING seq"
        );
        let moved: Option<(Seq,)> =
            self.db.write(async move |tx| tx.get(mark, params![room, account, seq, at]).await).await?;
        Ok(moved.map(|(seq,)| seq))
    }
}

async fn edit(
    tx: &mut Tx<'_>,
    room: RoomId,
    seq: Seq,
    by: &Author,
    text: &str,
    at: Timestamp,
) -> Result<Ruled<Logged>> {
    let Some(held) = hold(tx, room).await? else { return Ok(Err(Refused::Room)) };
    let Some(author) = author_of(tx, room, seq).await? else { return Ok(Err(Refused::Message)) };
    if author != by.id {
        return Ok(Err(Refused::NotAllowed));
    }
    if let Err(refused) = may_write(tx, &held, by.id, at).await? {
        return Ok(Err(refused));
    }
    let change = sql!("UPDATE event SET text = $3, edited_at = $4 WHERE room_id = $1 AND seq = $2");
    tx.run(change, params![room, seq, text, at]).await?;
    let body = EventBody::Edited { by: Some(by.clone()), target: seq, text: crate::database::storable(text) };
    held.record(tx, at, body).await.map(Ok)
}

async fn delete(tx: &mut Tx<'_>, room: RoomId, seq: Seq, actor: &Actor) -> Result<Ruled<Logged>> {
    let Some(held) = hold(tx, room).await? else { return Ok(Err(Refused::Room)) };
    let Some(author) = author_of(tx, room, seq).await? else { return Ok(Err(Refused::Message)) };
    let is_own = author == actor.author.id;
    if !is_own && held.power(tx, actor).await? < Power::Moderator {
        return Ok(Err(Refused::NotAllowed));
    }
    // The client's key stays, so that a late retry does not bring the text back.
    let erase = sql!("UPDATE event SET text = '', erased_at = $3, reacted_at = NULL WHERE room_id = $1 AND seq = $2");
    let unreact = sql!("DELETE FROM reaction WHERE room_id = $1 AND seq = $2");
    tx.run_all(vec![(erase, params![room, seq, actor.at]), (unreact, params![room, seq])]).await?;
    let body = EventBody::Deleted { by: Some(actor.author.clone()), target: seq };
    let logged = held.record(tx, actor.at, body).await?;
    if !is_own {
        actor.audited(tx, Some(author)).await?;
    }
    Ok(Ok(logged))
}

/// Whose message stands there; `None` when none does.
async fn author_of(tx: &mut Tx<'_>, room: RoomId, seq: Seq) -> Result<Option<AccountId>> {
    let find = sql!("SELECT author_id FROM event WHERE room_id = $1 AND seq = $2 AND ", IS_MESSAGE);
    let found: Option<(AccountId,)> = tx.get(find, params![room, seq]).await?;
    Ok(found.map(|(author,)| author))
}

async fn react(tx: &mut Tx<'_>, new: &NewReaction) -> Result<Ruled<Option<Logged>>> {
    let held = match begin(tx, new).await? {
        Ok(held) => held,
        Err(refused) => return Ok(Err(refused)),
    };
    let others = sql!("SELECT COUNT(DISTINCT emoji) FROM reaction WHERE room_id = $1 AND seq = $2 AND emoji <> $3");
    let others: Option<(i64,)> = tx.get(others, params![new.room, new.seq, &new.emoji]).await?;
    if others.is_some_and(|(others,)| others >= MOST_EMOJIS) {
        return Ok(Err(Refused::Full));
    }
    let insert = sql!(
        "INSERT INTO reaction (room_id, seq, emoji, account_id, at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (room_id, seq, emoji, account_id) DO NOTHING"
    );
    if tx.run(insert, params![new.room, new.seq, &new.emoji, new.by.id, new.at]).await? == 0 {
        return Ok(Ok(None));
    }
    let note = sql!("UPDATE event SET reacted_at = $3 WHERE room_id = $1 AND seq = $2 AND reacted_at IS NULL");
    tx.run(note, params![new.room, new.seq, new.at]).await?;
    held.record(tx, new.at, new.event(false)).await.map(|logged| Ok(Some(logged)))
}

async fn withdraw(tx: &mut Tx<'_>, new: &NewReaction) -> Result<Ruled<Option<Logged>>> {
    let held = match begin(tx, new).await? {
        Ok(held) => held,
        Err(refused) => return Ok(Err(refused)),
    };
    let delete = sql!("DELETE FROM reaction WHERE room_id = $1 AND seq = $2 AND emoji = $3 AND account_id = $4");
    if tx.run(delete, params![new.room, new.seq, &new.emoji, new.by.id]).await? == 0 {
        return Ok(Ok(None));
    }
    held.record(tx, new.at, new.event(true)).await.map(|logged| Ok(Some(logged)))
}

/// Holds the room of a reaction, if its message stands there and whoever reacts may write there.
async fn begin(tx: &mut Tx<'_>, new: &NewReaction) -> Result<Ruled<Held>> {
    let Some(held) = hold(tx, new.room).await? else { return Ok(Err(Refused::Room)) };
    if author_of(tx, new.room, new.seq).await?.is_none() {
        return Ok(Err(Refused::Message));
    }
    Ok(may_write(tx, &held, new.by.id, new.at).await?.map(|()| held))
}

/// Whether somebody may write in a held room, where nothing changes about that any more.
async fn may_write(tx: &mut Tx<'_>, held: &Held, who: AccountId, at: Timestamp) -> Result<Ruled<()>> {
    let found = writers(tx, held.head.id, held.visibility, std::iter::once(who)).await?;
    let Some(writer) = found.get(&who) else { return Ok(Err(Refused::Account)) };
    Ok(match writer.barred(at) {
        None => Ok(()),
        Some(Barred::Banned) => Err(Refused::Banned),
        Some(Barred::Muted(until)) => Err(Refused::Muted(until)),
        Some(Barred::Outsider) => Err(Refused::Room),
    })
}

impl NewReaction {
    fn event(&self, withdrawn: bool) -> EventBody {
        let (by, emoji) = (Some(self.by.clone()), self.emoji.clone());
        EventBody::Reaction { by, target: self.seq, emoji, withdrawn }
    }
}
