//! Invitations into rooms. One is good as long as whoever gave it could give it: that is looked at whenever it matters,
//! in the one text `STANDS`, so that no change of a role, a room or an account can forget to take it back.

use parlour_model::{AccountId, Power, RoomId, RoomName, Timestamp, Visibility};

use crate::account_row::lock;
use crate::change::{Actor, Refused, Ruled, hold};
use crate::database::{FromRow, Row, Tx};
use crate::{Result, Store, params, sql};

/// The most invitations that wait for one person: more would be somebody's way to fill their screen. One more takes the
/// place of the oldest, so that nobody can keep others out by filling the list.
const MOST_WAITING: i64 = 200;

/// The most of them by one inviter, whether they still stand or not: whoever has many rooms cannot push out what others
/// have sent.
const MOST_BY_ONE: i64 = 10;

/// An invitation that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationRow {
    /// The room's number.
    pub room: RoomId,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub topic: String,
    /// Who may read it.
    pub visibility: Visibility,
    /// How many members it has.
    pub members: i64,
    /// Who invited; `None` when that account is gone.
    pub by: Option<AccountId>,
    /// When.
    pub at: Timestamp,
}

const INVITATION: &str = "SELECT room.id, room.name, room.topic, room.visibility, \
     (SELECT COUNT(*) FROM member WHERE member.room_id = room.id), invitation.by_id, invitation.at ";

/// Those that whoever gave them could give now: a member of a public room, a moderator of a private one, an administrator.
const STANDS: &str = "FROM invitation JOIN room ON room.id = invitation.room_id AND room.deleted_at IS NULL \
     JOIN account AS host ON host.id = invitation.by_id AND host.disabled_at IS NULL \
     LEFT JOIN member AS seat ON seat.room_id = invitation.room_id AND seat.account_id = host.id \
     WHERE (host.admin_level = 2 OR seat.role IN ('moderator', 'owner') \
     OR (seat.role = 'member' AND room.visibility = 'public')) ";

impl Store {
    /// Invites somebody: members into a public room, moderators into a private one. Inviting again changes nothing.
    ///
    /// Refused: [`Refused::Room`], [`Refused::Account`], [`Refused::NotAllowed`], [`Refused::Banned`] for whoever is kept
    /// out, [`Refused::Conflict`] for who is a member, [`Refused::Full`] when too many of the actor's wait for them.
    pub async fn invite(&self, room: RoomId, account: AccountId, actor: Actor) -> Result<Ruled<InvitationRow>> {
        self.db.write(async move |tx| invite(tx, room, account, &actor).await).await
    }

    /// Takes an invitation back: who invited may, and moderators. `false` when there was none.
    ///
    /// Refused: [`Refused::Room`], [`Refused::NotAllowed`].
    pub async fn withdraw_invitation(&self, room: RoomId, account: AccountId, actor: Actor) -> Result<Ruled<bool>> {
        self.db.write(async move |tx| withdraw(tx, room, account, &actor).await).await
    }

    /// Up to `limit` invitations that wait for somebody and stand, the newest first, before that time and room.
    pub async fn invitations(
        &self,
        account: AccountId,
        before: (Timestamp, RoomId),
        limit: i64,
    ) -> Result<Vec<InvitationRow>> {
        let all = sql!(
            INVITATION,
            STANDS,
            "AND invitation.account_id = $1 AND (invitation.at < $2 OR (invitation.at = $2 AND room.id < $3)) \
             ORDER BY invitation.at DESC, room.id DESC LIMIT $4"
        );
        self.db.all(all, params![account, before.0, before.1, limit]).await
    }

    /// Declines an invitation; `false` when there was none.
    pub async fn decline_invitation(&self, name: &RoomName, account: AccountId) -> Result<bool> {
        let decline = sql!(
            "DELETE FROM invitation WHERE account_id = $2 AND room_id IN (SELECT id FROM room WHERE name_key = $1)"
        );
        Ok(self.db.run(decline, params![name.key(), account]).await? > 0)
    }
}

async fn invite(tx: &mut Tx<'_>, room: RoomId, account: AccountId, actor: &Actor) -> Result<Ruled<InvitationRow>> {
    let Some(held) = hold(tx, room).await? else { return Ok(Err(Refused::Room)) };
    let least = match held.visibility {
        Visibility::Public => Power::Member,
        Visibility::Private => Power::Moderator,
        Visibility::Direct => return Ok(Err(Refused::NotAllowed)),
    };
    if held.power(tx, actor).await? < least {
        return Ok(Err(Refused::NotAllowed));
    }
    let Some(subject) = held.subject(tx, account).await? else { return Ok(Err(Refused::Account)) };
    if subject.standing.role.is_some() {
        return Ok(Err(Refused::Conflict));
    }
    if subject.standing.is_banned(actor.at) {
        return Ok(Err(Refused::Banned));
    }
    if let Some(before) = standing(tx, room, account).await? {
        return Ok(Ok(before));
    }
    // Held, because what waits for one person is counted over all rooms.
    lock(tx, account).await?;
    if !is_place_for(tx, account, actor.author.id).await? {
        return Ok(Err(Refused::Full));
    }
    // One that does not stand any more is given anew.
    let insert = sql!(
        "INSERT INTO invitation (room_id, account_id, by_id, at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (room_id, account_id) DO UPDATE SET by_id = excluded.by_id, at = excluded.at"
    );
    tx.run(insert, params![room, account, actor.author.id, actor.at]).await?;
    Ok(standing(tx, room, account).await?.ok_or(Refused::Room))
}

/// The invitation that lets somebody into a room now.
pub(crate) async fn standing(tx: &mut Tx<'_>, room: RoomId, account: AccountId) -> Result<Option<InvitationRow>> {
    let one = sql!(INVITATION, STANDS, "AND invitation.room_id = $1 AND invitation.account_id = $2");
    tx.get(one, params![room, account]).await
}

/// Lets the oldest go where as many wait for somebody as may; `false` when it is the inviter who has too many there.
async fn is_place_for(tx: &mut Tx<'_>, account: AccountId, by: AccountId) -> Result<bool> {
    let count = sql!("SELECT COUNT(*), COUNT(CASE WHEN by_id = $2 THEN 1 END) FROM invitation WHERE account_id = $1");
    let (all, by_one) = tx.get::<(i64, i64)>(count, params![account, by]).await?.unwrap_or_default();
    if by_one >= MOST_BY_ONE {
        return Ok(false);
    }
    if all >= MOST_WAITING {
        let oldest = sql!(
            "DELETE FROM invitation WHERE account_id = $1 AND room_id IN \
             (SELECT room_id FROM invitation WHERE account_id = $1 ORDER BY at, room_id LIMIT $2)"
        );
        tx.run(oldest, params![account, all - MOST_WAITING + 1]).await?;
    }
    Ok(true)
}

async fn withdraw(tx: &mut Tx<'_>, room: RoomId, account: AccountId, actor: &Actor) -> Result<Ruled<bool>> {
    let Some(held) = hold(tx, room).await? else { return Ok(Err(Refused::Room)) };
    let find = sql!("SELECT by_id FROM invitation WHERE room_id = $1 AND account_id = $2");
    let found: Option<(Option<AccountId>,)> = tx.get(find, params![room, account]).await?;
    let Some((by,)) = found else { return Ok(Ok(false)) };
    if by != Some(actor.author.id) && held.power(tx, actor).await? < Power::Moderator {
        return Ok(Err(Refused::NotAllowed));
    }
    let delete = sql!("DELETE FROM invitation WHERE room_id = $1 AND account_id = $2");
    tx.run(delete, params![room, account]).await?;
    Ok(Ok(true))
}

impl FromRow for InvitationRow {
    fn from_row(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self {
            room: row.take()?,
            name: row.take()?,
            topic: row.take()?,
            visibility: row.take()?,
            members: row.take()?,
            by: row.take()?,
            at: row.take()?,
        })
    }
}
