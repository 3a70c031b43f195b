//! Members of rooms: who they are, joining, leaving, roles, putting out.

use parlour_model::{
    AccountId, Author, EventBody, MemberChange, Power, Role, RoomId, RoomName, Timestamp, Username, Visibility,
};

use crate::change::{Actor, Held, Logged, Refused, Ruled, Subject, hold};
use crate::control::{ControlKind, announce};
use crate::database::{FromRow, Row, Sql, Tx};
use crate::invitation::standing;
use crate::{Result, Store, params, sql};

/// Somebody in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberRow {
    /// Who.
    pub account: AccountId,
    /// What they may do.
    pub role: Role,
    /// Since when they are there.
    pub joined_at: Timestamp,
    /// Until when they may not write, if that was ever said.
    pub muted_until: Option<Timestamp>,
}

const MEMBER: &str = "SELECT who.account_id, who.role, who.joined_at, mute.until FROM ";

/// The members of the room $1.
const OF_ROOM: &str = "(SELECT account_id, role, joined_at FROM member WHERE room_id = $1) AS who ";

/// Everybody, as members of the room that everybody is a member of.
const OF_ALL: &str = "(SELECT id AS account_id, 'member' AS role, created_at AS joined_at FROM account) AS who ";

/// Until when they may not write there.
const MUTED: &str = "LEFT JOIN mute ON mute.room_id = $1 AND mute.account_id = who.account_id ";

/// The next ones by their numbers.
const NEXT: &str = "WHERE who.account_id > $2 ORDER BY 1 LIMIT $3";

/// Of these, those whose username begins with $4. The length of the beginning is compared, and not a pattern: a name may
/// hold what a pattern would mean.
const NEXT_CALLED: &str = "JOIN username ON username.account_id = who.account_id AND username.rests_until IS NULL \
     WHERE who.account_id > $2 AND substr(username.key, 1, length(CAST($4 AS TEXT))) = $4 ORDER BY 1 LIMIT $3";

impl Store {
    /// Up to `limit` members of a room after `after`, by their numbers; with `prefix` those whose username begins so.
    pub async fn members(
        &self,
        room: RoomId,
        after: AccountId,
        prefix: Option<&str>,
        limit: i64,
    ) -> Result<Vec<MemberRow>> {
        let (all, called) = (sql!(MEMBER, OF_ROOM, MUTED, NEXT), sql!(MEMBER, OF_ROOM, MUTED, NEXT_CALLED));
        self.next_members(all, called, room, after, prefix, limit).await
    }

    /// Up to `limit` accounts after `after`, by their numbers, as members of the room that everybody is a member of.
    pub async fn everybody(
        &self,
        room: RoomId,
        after: AccountId,
        prefix: Option<&str>,
        limit: i64,
    ) -> Result<Vec<MemberRow>> {
        let (all, called) = (sql!(MEMBER, OF_ALL, MUTED, NEXT), sql!(MEMBER, OF_ALL, MUTED, NEXT_CALLED));
        self.next_members(all, called, room, after, prefix, limit).await
    }

    async fn next_members(
        &self,
        all: Sql,
        called: Sql,
        room: RoomId,
        after: AccountId,
        prefix: Option<&str>,
        limit: i64,
    ) -> Result<Vec<MemberRow>> {
        match prefix {
            None => self.db.all(all, params![room, after, limit]).await,
            Some(prefix) => self.db.all(called, params![room, after, limit, prefix]).await,
        }
    }

    /// One member; `None` for who is none.
    pub async fn member(&self, room: RoomId, account: AccountId) -> Result<Option<MemberRow>> {
        let one = sql!(MEMBER, OF_ROOM, MUTED, "WHERE who.account_id = $2");
        self.db.get(one, params![room, account]).await
    }

    /// Everybody in a room, for those who must know who stays.
    pub async fn member_numbers(&self, room: RoomId) -> Result<Vec<AccountId>> {
        let all = sql!("SELECT account_id FROM member WHERE room_id = $1");
        let rows: Vec<(AccountId,)> = self.db.all(all, params![room]).await?;
        Ok(rows.into_iter().map(|(account,)| account).collect())
    }

    /// Makes somebody a member: of a public room, or of a private one with an invitation that stands. `None` when they are
    /// one already.
    ///
    /// Refused: [`Refused::Room`] also for a room they may not know of, [`Refused::Banned`].
    pub async fn join_room(&self, room: RoomId, actor: Actor) -> Result<Ruled<Option<Logged>>> {
        self.db.write(async move |tx| join(tx, room, &actor).await).await
    }

    /// Ends somebody's membership. A private room without members ends with it: the second value.
    ///
    /// Refused: [`Refused::Room`], [`Refused::Account`] for who is no member, [`Refused::LastOwner`],
    /// [`Refused::NotAllowed`] in a direct room.
    pub async fn leave_room(&self, room: RoomId, actor: Actor) -> Result<Ruled<(Logged, bool)>> {
        self.db.write(async move |tx| leave(tx, room, &actor).await).await
    }

    /// Gives a member another role. Owners may, and administrators.
    ///
    /// Refused: [`Refused::Room`], [`Refused::Account`] for who is no member, [`Refused::LastOwner`],
    /// [`Refused::NotAllowed`].
    pub async fn set_role(
        &self,
        room: RoomId,
        account: AccountId,
        role: Role,
        actor: Actor,
    ) -> Result<Ruled<Option<Logged>>> {
        self.db.write(async move |tx| give_role(tx, room, account, role, &actor).await).await
    }

    /// Puts a member out.
    ///
    /// Refused: [`Refused::Room`], [`Refused::Account`] for who is no member, [`Refused::NotAllowed`].
    pub async fn remove_member(&self, room: RoomId, account: AccountId, actor: Actor) -> Result<Ruled<Logged>> {
        self.db.write(async move |tx| remove(tx, room, account, &actor).await).await
    }
}

const INSERT: Sql = sql!(
    "INSERT INTO member (room_id, account_id, role, joined_at) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (room_id, account_id) DO NOTHING"
);

const DELETE: Sql = sql!("DELETE FROM member WHERE room_id = $1 AND account_id = $2");

const DELETE_INVITATION: Sql = sql!("DELETE FROM invitation WHERE room_id = $1 AND account_id = $2");

async fn join(tx: &mut Tx<'_>, room: RoomId, actor: &Actor) -> Result<Ruled<Option<Logged>>> {
    let Some(held) = hold(tx, room).await? else { return Ok(Err(Refused::Room)) };
    let id = actor.author.id;
    let Some(subject) = held.subject(tx, id).await? else { return Ok(Err(Refused::Account)) };
    if subject.standing.role.is_some() {
        return Ok(Ok(None));
    }
    let may_know = match held.visibility {
        Visibility::Public => true,
        Visibility::Private => actor.is_admin || standing(tx, room, id).await?.is_some(),
        Visibility::Direct => false,
    };
    if !may_know {
        return Ok(Err(Refused::Room));
    }
    if subject.standing.is_banned(actor.at) && !actor.is_admin {
        return Ok(Err(Refused::Banned));
    }
    add(tx, &held, id, Role::Member, actor.at).await?;
    tx.run(DELETE_INVITATION, params![room, id]).await?;
    let is_private = held.visibility == Visibility::Private;
    let logged = held.record(tx, actor.at, actor.changes(subject.author, MemberChange::Joined)).await?;
    if is_private {
        announce(tx, ControlKind::RoomChanged, &[room.0], actor.at).await?;
    }
    Ok(Ok(Some(logged)))
}

/// Makes somebody a member who has read all that was said before they came.
pub(crate) async fn add(tx: &mut Tx<'_>, held: &Held, account: AccountId, role: Role, at: Timestamp) -> Result<()> {
    let read = sql!(
        "INSERT INTO read_position (account_id, room_id, seq, at) VALUES ($2, $1, $3, $4) \
         ON CONFLICT (account_id, room_id) DO NOTHING"
    );
    let room = held.head.id;
    let work = vec![(INSERT, params![room, account, role, at]), (read, params![room, account, held.head.last_seq, at])];
    tx.run_all(work).await?;
    Ok(())
}

async fn leave(tx: &mut Tx<'_>, room: RoomId, actor: &Actor) -> Result<Ruled<(Logged, bool)>> {
    let Some(held) = hold(tx, room).await? else { return Ok(Err(Refused::Room)) };
    if held.visibility == Visibility::Direct {
        return Ok(Err(Refused::NotAllowed));
    }
    let Some(Subject { author, standing, .. }) = held.subject(tx, actor.author.id).await? else {
        return Ok(Err(Refused::Account));
    };
    let Some(role) = standing.role else { return Ok(Err(Refused::Account)) };
    let others = others(tx, room, author.id).await?;
    if role == Role::Owner && others.owners == 0 && others.members > 0 {
        return Ok(Err(Refused::LastOwner));
    }
    tx.run(DELETE, params![room, author.id]).await?;
    let ends = others.members == 0 && held.visibility == Visibility::Private;
    let matters = held.visibility == Visibility::Private || role > Role::Member;
    let logged = held.record(tx, actor.at, actor.changes(author, MemberChange::Left)).await?;
    if ends {
        end(tx, room, actor.at).await?;
    }
    if matters {
        announce(tx, ControlKind::RoomChanged, &[room.0], actor.at).await?;
    }
    Ok(Ok((logged, ends)))
}

/// Ends a room: from now on it is gone, and its name rests. What it holds goes by and by.
pub(crate) async fn end(tx: &mut Tx<'_>, room: RoomId, at: Timestamp) -> Result<()> {
    tx.run(sql!("UPDATE room SET deleted_at = $2 WHERE id = $1"), params![room, at]).await?;
    Ok(())
}

/// Who is in a room beside somebody.
struct Others {
    members: i64,
    owners: i64,
}

async fn others(tx: &mut Tx<'_>, room: RoomId, than: AccountId) -> Result<Others> {
    let count = sql!(
        "SELECT COUNT(*), COUNT(CASE WHEN role = 'owner' THEN 1 END) FROM member \
         WHERE room_id = $1 AND account_id <> $2"
    );
    let found: Option<(i64, i64)> = tx.get(count, params![room, than]).await?;
    Ok(found.map_or(Others { members: 0, owners: 0 }, |(members, owners)| Others { members, owners }))
}

async fn give_role(
    tx: &mut Tx<'_>,
    room: RoomId,
    account: AccountId,
    role: Role,
    actor: &Actor,
) -> Result<Ruled<Option<Logged>>> {
    let Some(held) = hold(tx, room).await? else { return Ok(Err(Refused::Room)) };
    if held.power(tx, actor).await? < Power::Owner || held.visibility == Visibility::Direct {
        return Ok(Err(Refused::NotAllowed));
    }
    let Some(Subject { author, standing, .. }) = held.subject(tx, account).await? else {
        return Ok(Err(Refused::Account));
    };
    match standing.role {
        None => return Ok(Err(Refused::Account)),
        Some(now) if now == role => return Ok(Ok(None)),
        Some(Role::Owner) if others(tx, room, account).await?.owners == 0 => return Ok(Err(Refused::LastOwner)),
        Some(_) => {}
    }
    let give = sql!("UPDATE member SET role = $3 WHERE room_id = $1 AND account_id = $2");
    tx.run(give, params![room, account, role]).await?;
    let logged = held.record(tx, actor.at, actor.changes(author, MemberChange::Role { role })).await?;
    actor.audited(tx, Some(account)).await?;
    announce(tx, ControlKind::RoomChanged, &[room.0], actor.at).await?;
    Ok(Ok(Some(logged)))
}

async fn remove(tx: &mut Tx<'_>, room: RoomId, account: AccountId, actor: &Actor) -> Result<Ruled<Logged>> {
    let Some(mut held) = hold(tx, room).await? else { return Ok(Err(Refused::Room)) };
    let subject = match moderated(tx, &held, account, actor).await? {
        Ok(subject) => subject,
        Err(refused) => return Ok(Err(refused)),
    };
    if subject.standing.role.is_none() {
        return Ok(Err(Refused::Account));
    }
    put_out(tx, &mut held, account, actor.at).await?;
    let logged = held.record(tx, actor.at, actor.changes(subject.author, MemberChange::Removed)).await?;
    actor.audited(tx, Some(account)).await?;
    announce(tx, ControlKind::RoomChanged, &[room.0], actor.at).await?;
    Ok(Ok(logged))
}

/// Somebody whom the actor may moderate.
pub(crate) async fn moderated(
    tx: &mut Tx<'_>,
    held: &Held,
    account: AccountId,
    actor: &Actor,
) -> Result<Ruled<Subject>> {
    let power = held.power(tx, actor).await?;
    if power < Power::Moderator || held.visibility == Visibility::Direct {
        return Ok(Err(Refused::NotAllowed));
    }
    let Some(subject) = held.subject(tx, account).await? else { return Ok(Err(Refused::Account)) };
    if account == actor.author.id {
        return Ok(Err(Refused::Conflict));
    }
    Ok(if power.moderates(subject.power) { Ok(subject) } else { Err(Refused::NotAllowed) })
}

/// Takes somebody out of a room, which keeps an owner.
pub(crate) async fn put_out(tx: &mut Tx<'_>, held: &mut Held, account: AccountId, at: Timestamp) -> Result<()> {
    pass_on(tx, held, account, at).await?;
    let room = held.head.id;
    tx.run_all(vec![(DELETE, params![room, account]), (DELETE_INVITATION, params![room, account])]).await?;
    Ok(())
}

/// Makes the longest-standing moderator, or else member, an owner of a room whose last owner goes. Whether anybody is
/// left there.
pub(crate) async fn pass_on(tx: &mut Tx<'_>, held: &mut Held, from: AccountId, at: Timestamp) -> Result<bool> {
    let room = held.head.id;
    let others = others(tx, room, from).await?;
    let owned = sql!("SELECT account_id FROM member WHERE room_id = $1 AND account_id = $2 AND role = 'owner'");
    let owns = tx.get::<(AccountId,)>(owned, params![room, from]).await?.is_some();
    if !owns || others.owners > 0 {
        return Ok(others.members > 0);
    }
    let heir = sql!(
        "SELECT account.id, account.username FROM member JOIN account ON account.id = member.account_id \
         WHERE member.room_id = $1 AND member.account_id <> $2 \
         ORDER BY CASE WHEN member.role = 'moderator' THEN 0 ELSE 1 END, member.joined_at, account.id LIMIT 1"
    );
    let Some((id, username)) = tx.get::<(AccountId, Username)>(heir, params![room, from]).await? else {
        return Ok(false);
    };
    let crown = sql!("UPDATE member SET role = 'owner' WHERE room_id = $1 AND account_id = $2");
    tx.run(crown, params![room, id]).await?;
    let subject = Author { id, username: username.as_str().to_owned() };
    let change = MemberChange::Role { role: Role::Owner };
    held.note(tx, at, EventBody::Member { by: None, subject, change }).await?;
    Ok(true)
}

impl Store {
    /// Makes the room of that name if there is none: one that is always there.
    pub async fn ensure_room(&self, name: RoomName, now: Timestamp) -> Result<()> {
        let known = sql!("SELECT id FROM room WHERE name_key = $1");
        if self.db.get::<(RoomId,)>(known, params![name.key()]).await?.is_some() {
            return Ok(());
        }
        self.db.write(async move |tx| crate::append::make(tx, &name, now).await).await
    }
}

impl FromRow for MemberRow {
    fn from_row(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self { account: row.take()?, role: row.take()?, joined_at: row.take()?, muted_until: row.take()? })
    }
}
