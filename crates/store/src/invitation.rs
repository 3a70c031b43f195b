//! Invitations into rooms.

use parlour_model::{AccountId, Power, RoomId, RoomName, Timestamp, Visibility};

use crate::change::{Actor, Refused, Ruled, hold};
use crate::database::{FromRow, Row, Tx};
use crate::{Result, Store, params, sql};

/// The most invitations that wait for one person: more would be somebody's way to fill their screen.
const MOST_WAITING: i64 = 200;

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
     (SELECT COUNT(*) FROM member WHERE member.room_id = room.id), invitation.by_id, invitation.at \
     FROM invitation JOIN room ON room.id = invitation.room_id AND room.deleted_at IS NULL ";

impl Store {
    /// Invites somebody: members into a public room, moderators into a private one. Inviting again changes nothing.
    ///
    /// Refused: [`Refused::Room`], [`Refused::Account`], [`Refused::NotAllowed`], [`Refused::Banned`] for whoever is kept
    /// out, [`Refused::Conflict`] for who is a member, [`Refused::Full`] when too many wait for them.
    pub async fn invite(&self, room: RoomId, account: AccountId, actor: Actor) -> Result<Ruled<InvitationRow>> {
        self.db.write(async move |tx| invite(tx, room, account, &actor).await).await
    }

    /// Takes an invitation back: who invited may, and moderators. `false` when there was none.
    ///
    /// Refused: [`Refused::Room`], [`Refused::NotAllowed`].
    pub async fn withdraw_invitation(&self, room: RoomId, account: AccountId, actor: Actor) -> Result<Ruled<bool>> {
        self.db.write(async move |tx| withdraw(tx, room, account, &actor).await).await
    }

    /// Up to `limit` invitations that wait for somebody, the newest first, before that time and room.
    pub async fn invitations(
        &self,
        account: AccountId,
        before: (Timestamp, RoomId),
        limit: i64,
    ) -> Result<Vec<InvitationRow>> {
        let all = sql!(
            INVITATION,
            "WHERE invitation.account_id = $1 AND (invitation.at < $2 OR (invitation.at = $2 AND room.id < $3)) \
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
    let waiting: Option<(i64,)> =
        tx.get(sql!("SELECT COUNT(*) FROM invitation WHERE account_id = $1"), params![account]).await?;
    if waiting.is_some_and(|(waiting,)| waiting >= MOST_WAITING) {
        return Ok(Err(Refused::Full));
    }
    let insert = sql!(
        "INSERT INTO invitation (room_id, account_id, by_id, at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (room_id, account_id) DO NOTHING"
    );
    tx.run(insert, params![room, account, actor.author.id, actor.at]).await?;
    let one = sql!(INVITATION, "WHERE invitation.room_id = $1 AND invitation.account_id = $2");
    let row: Option<InvitationRow> = tx.get(one, params![room, account]).await?;
    Ok(row.ok_or(Refused::Room))
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
