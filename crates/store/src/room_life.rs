//! The life of a room: made on purpose, changed, ended, and swept away by and by.

use std::time::Duration;

use parlour_model::{AccountId, Epoch, Power, Role, RoomChange, RoomId, RoomName, Timestamp, Visibility};

use crate::change::{Actor, Logged, Refused, Ruled, hold};
use crate::control::{ControlKind, announce};
use crate::database::{Sql, Tx};
use crate::member::end;
use crate::{Result, Store, append, audit, params, sql};

/// A room that somebody makes.
#[derive(Clone, Debug)]
pub struct NewRoom {
    /// Its name.
    pub name: RoomName,
    /// Who may read it.
    pub visibility: Visibility,
    /// What it is about.
    pub topic: String,
}

/// How long the name of a room that was ended rests.
const RESTS: Duration = Duration::from_hours(24);

/// Rows that are swept away in one transaction.
const STEP: i64 = 500;

impl Store {
    /// Makes a room whose owner is the actor; `None` when its name is taken, or rests.
    pub async fn make_room(&self, new: NewRoom, actor: Actor) -> Result<Option<RoomId>> {
        self.db.write(async move |tx| make(tx, &new, &actor).await).await
    }

    /// Has a room's log begin another life, in which no place means what it meant in that of `epoch`: events that somebody has
    /// read are gone from it. False when it has done so already.
    pub async fn begin_log_anew(&self, room: RoomId, epoch: Epoch, now: Timestamp) -> Result<bool> {
        let anew = sql!(
            "UPDATE room SET epoch = CASE WHEN epoch < $3 THEN $3 ELSE epoch + 1 END WHERE id = $1 AND epoch = $2"
        );
        Ok(self.db.run(anew, params![room, epoch, now]).await? == 1)
    }

    /// The room of two people, and whether it was made now; `None` when one of them is not there.
    pub async fn direct_room(
        &self,
        one: AccountId,
        other: AccountId,
        now: Timestamp,
    ) -> Result<Option<(RoomId, bool)>> {
        let name = RoomName::direct(one, other);
        self.db
            .write(async move |tx| {
                let known = sql!("SELECT COUNT(*) FROM account WHERE id IN ($1, $2)");
                let known: Option<(i64,)> = tx.get(known, params![one, other]).await?;
                if known != Some((2,)) {
                    return Ok(None);
                }
                let find = sql!("SELECT id FROM room WHERE name_key = $1 AND deleted_at IS NULL");
                let found: Option<(RoomId,)> = tx.get(find, params![name.key()]).await?;
                if let Some((id,)) = found {
                    return Ok(Some((id, false)));
                }
                append::make(tx, &name, now).await?;
                let made: Option<(RoomId,)> = tx.get(find, params![name.key()]).await?;
                Ok(made.map(|(id,)| (id, true)))
            })
            .await
    }

    /// Changes what a room is about, its pace and who may read it; `None` when it is so already.
    ///
    /// Refused: [`Refused::Room`], [`Refused::NotAllowed`].
    pub async fn edit_room(&self, room: RoomId, change: RoomChange, actor: Actor) -> Result<Ruled<Option<Logged>>> {
        self.db.write(async move |tx| edit(tx, room, &change, &actor).await).await
    }

    /// Ends a room: from now on it is gone, and its name rests. Owners may, and administrators.
    ///
    /// Refused: [`Refused::Room`], [`Refused::NotAllowed`].
    pub async fn end_room(&self, room: RoomId, actor: Actor) -> Result<Ruled<()>> {
        self.db
            .write(async move |tx| {
                let Some(held) = hold(tx, room).await? else { return Ok(Err(Refused::Room)) };
                let is_kept = held.visibility == Visibility::Direct || held.is_lobby;
                if is_kept || held.power(tx, &actor).await? < Power::Owner {
                    return Ok(Err(Refused::NotAllowed));
                }
                end(tx, room, actor.at).await?;
                actor.audited(tx, None).await?;
                announce(tx, ControlKind::RoomChanged, &[room.0], actor.at).await?;
                Ok(Ok(()))
            })
            .await
    }

    /// Sweeps away what ended rooms hold, a few rows at a time, and those whose names have rested. Returns how many
    /// rows went.
    pub async fn sweep_rooms(&self, now: Timestamp) -> Result<u64> {
        let ended = sql!("SELECT id FROM room WHERE deleted_at IS NOT NULL");
        let ended: Vec<(RoomId,)> = self.db.all(ended, params![]).await?;
        let mut swept = 0;
        for (room,) in ended {
            for (any, step) in CONTENTS {
                // Most have been swept already, and a look is cheaper than a write.
                while self.db.get::<(i64,)>(any, params![room]).await?.is_some() {
                    swept += self.db.run(step, params![room, STEP]).await?;
                }
            }
            let rested = sql!("DELETE FROM room WHERE id = $1 AND deleted_at <= $2");
            swept += self.db.run(rested, params![room, now - RESTS]).await?;
        }
        Ok(swept)
    }
}

/// What a room holds, in the order in which it goes: whether there is any, and how some of it goes.
const CONTENTS: [(Sql, Sql); 6] = [
    (
        sql!("SELECT seq FROM event WHERE room_id = $1 LIMIT 1"),
        sql!("DELETE FROM event WHERE room_id = $1 AND seq IN (SELECT seq FROM event WHERE room_id = $1 LIMIT $2)"),
    ),
    (
        sql!("SELECT seq FROM reaction WHERE room_id = $1 LIMIT 1"),
        sql!(
            "DELETE FROM reaction WHERE room_id = $1 AND seq IN (SELECT seq FROM reaction WHERE room_id = $1 LIMIT $2)"
        ),
    ),
    (
        sql!("SELECT account_id FROM member WHERE room_id = $1 LIMIT 1"),
        sql!(
            "DELETE FROM member WHERE room_id = $1 AND account_id IN (SELECT account_id FROM member WHERE room_id = $1 LIMIT $2)"
        ),
    ),
    (
        sql!("SELECT account_id FROM invitation WHERE room_id = $1 LIMIT 1"),
        sql!(
            "DELETE FROM invitation WHERE room_id = $1 AND account_id IN (SELECT account_id FROM invitation WHERE room_id = $1 LIMIT $2)"
        ),
    ),
    (
        sql!("SELECT account_id FROM mute WHERE room_id = $1 LIMIT 1"),
        sql!(
            "DELETE FROM mute WHERE room_id = $1 AND account_id IN (SELECT account_id FROM mute WHERE room_id = $1 LIMIT $2)"
        ),
    ),
    (
        sql!("SELECT account_id FROM ban WHERE room_id = $1 LIMIT 1"),
        sql!(
            "DELETE FROM ban WHERE room_id = $1 AND account_id IN (SELECT account_id FROM ban WHERE room_id = $1 LIMIT $2)"
        ),
    ),
];

async fn make(tx: &mut Tx<'_>, new: &NewRoom, actor: &Actor) -> Result<Option<RoomId>> {
    let insert = sql!(
        "INSERT INTO room (name, name_key, visibility, topic, epoch, last_seq, retention_seconds, created_at) \
         VALUES ($1, $2, $3, $4, $5, 0, NULL, $5) ON CONFLICT (name_key) DO NOTHING RETURNING id"
    );
    let name = &new.name;
    let row = params![name.as_str(), name.key(), new.visibility, &new.topic, actor.at];
    let Some((room,)) = tx.get::<(RoomId,)>(insert, row).await? else { return Ok(None) };
    let owner = sql!("INSERT INTO member (room_id, account_id, role, joined_at) VALUES ($1, $2, $3, $4)");
    tx.run(owner, params![room, actor.author.id, Role::Owner, actor.at]).await?;
    audit::write(tx, &actor.audit, actor.at).await?;
    announce(tx, ControlKind::RoomChanged, &[room.0], actor.at).await?;
    Ok(Some(room))
}

async fn edit(tx: &mut Tx<'_>, room: RoomId, change: &RoomChange, actor: &Actor) -> Result<Ruled<Option<Logged>>> {
    let Some(held) = hold(tx, room).await? else { return Ok(Err(Refused::Room)) };
    let least = if change.visibility.is_some() { Power::Owner } else { Power::Moderator };
    if held.visibility == Visibility::Direct || held.power(tx, actor).await? < least {
        return Ok(Err(Refused::NotAllowed));
    }
    if held.is_lobby && change.visibility.is_some_and(|it| it != Visibility::Public) {
        return Ok(Err(Refused::NotAllowed));
    }
    let now = sql!("SELECT topic, slow_mode_seconds FROM room WHERE id = $1");
    let Some((topic, slow_mode)) = tx.get::<(String, i64)>(now, params![room]).await? else {
        return Ok(Err(Refused::Room));
    };
    let change = RoomChange {
        topic: change.topic.clone().filter(|new| *new != topic),
        visibility: change.visibility.filter(|new| *new != held.visibility),
        slow_mode: change.slow_mode.filter(|new| *new != slow_mode),
    };
    if change == RoomChange::default() {
        return Ok(Ok(None));
    }
    let update = sql!("UPDATE room SET topic = $2, visibility = $3, slow_mode_seconds = $4 WHERE id = $1");
    let row = params![
        room,
        change.topic.as_ref().unwrap_or(&topic),
        change.visibility.unwrap_or(held.visibility),
        change.slow_mode.unwrap_or(slow_mode)
    ];
    tx.run(update, row).await?;
    let logged = held.record(tx, actor.at, actor.changes_room(change)).await?;
    actor.audited(tx, None).await?;
    announce(tx, ControlKind::RoomChanged, &[room.0], actor.at).await?;
    Ok(Ok(Some(logged)))
}
