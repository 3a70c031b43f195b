//! What an account leaves behind in rooms: its rooms pass to others, and what it wrote is erased, a little at a time.

use parlour_model::{AccountId, RoomId, Timestamp, Visibility};

use crate::change::{Logged, hold};
use crate::control::{ControlKind, announce};
use crate::database::Tx;
use crate::member::{end, pass_on};
use crate::{Result, Store, params, session, sql};

/// Events that are erased in one transaction, so that no message waits for long.
const STEP: i64 = 500;

/// A room that an account has left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// The room's name.
    pub name: String,
    /// Who came after them, if anybody had to; to be published.
    pub logged: Option<Logged>,
    /// Whether the room ended, because nobody is left there.
    pub ended: bool,
}

impl Store {
    /// Notes that an account goes, which is not taken back: from now on nobody enters it, and its sessions are over. False
    /// when there is no such account.
    pub async fn begin_farewell(&self, account: AccountId, now: Timestamp) -> Result<bool> {
        self.db
            .write(async move |tx| {
                let note = sql!(
                    "UPDATE account SET leaving_at = COALESCE(leaving_at, $2), disabled_at = COALESCE(disabled_at, $2) \
                     WHERE id = $1"
                );
                if tx.run(note, params![account, now]).await? == 0 {
                    return Ok(false);
                }
                session::end_all(tx, account, None, now).await?;
                announce(tx, ControlKind::AccountEnded, &[account.0], now).await?;
                Ok(true)
            })
            .await
    }

    /// The accounts that go and are still here: whoever began may have been cut off.
    pub async fn leaving(&self) -> Result<Vec<AccountId>> {
        let all = sql!("SELECT id FROM account WHERE leaving_at IS NOT NULL ORDER BY leaving_at, id");
        let rows: Vec<(AccountId,)> = self.db.all(all, params![]).await?;
        Ok(rows.into_iter().map(|(account,)| account).collect())
    }

    /// Takes an account out of the rooms that it keeps, before it is deleted: each passes to somebody else or ends. A
    /// transaction a room.
    pub async fn leave_owned_rooms(&self, account: AccountId, now: Timestamp) -> Result<Vec<Left>> {
        let mut all = Vec::new();
        loop {
            let left = self.db.write(async move |tx| leave_one(tx, account, now).await).await?;
            match left {
                Some(left) => all.push(left),
                None => return Ok(all),
            }
        }
    }

    /// Erases what an account wrote and what was said of it, before it is deleted, a few events in a transaction. What
    /// it writes meanwhile is erased with it.
    pub async fn erase_events(&self, account: AccountId) -> Result<()> {
        for step in [FOUND, WRITTEN, ABOUT] {
            while self.db.run(step, params![account, STEP]).await? >= STEP.unsigned_abs() {}
        }
        Ok(())
    }
}

/// What the search knows of it.
const FOUND: crate::database::Sql = sql!(
    "DELETE FROM search_entry WHERE id IN (SELECT search_entry.id FROM event \
     JOIN search_entry ON search_entry.room_id = event.room_id AND search_entry.seq = event.seq \
     WHERE event.author_id = $1 LIMIT $2)"
);

/// What somebody wrote; what they did stays, done by nobody.
const WRITTEN: crate::database::Sql = sql!(
    "UPDATE event SET author_id = NULL, client_key = NULL, reacted_at = NULL, \
     text = CASE WHEN kind = 'message' THEN '' ELSE text END \
     WHERE (room_id, seq) IN (SELECT room_id, seq FROM event WHERE author_id = $1 LIMIT $2)"
);

/// What was said of somebody's standing.
const ABOUT: crate::database::Sql = sql!(
    "UPDATE event SET subject_id = NULL, text = '' \
     WHERE (room_id, seq) IN (SELECT room_id, seq FROM event WHERE subject_id = $1 LIMIT $2)"
);

/// Leaves one room that would have no owner, or nobody, without this account. `None`: there is none.
pub(crate) async fn leave_one(tx: &mut Tx<'_>, account: AccountId, now: Timestamp) -> Result<Option<Left>> {
    let kept = sql!(
        "SELECT member.room_id FROM member JOIN room ON room.id = member.room_id AND room.deleted_at IS NULL \
         WHERE member.account_id = $1 AND (member.role = 'owner' OR NOT EXISTS (SELECT 1 FROM member AS other \
         WHERE other.room_id = member.room_id AND other.account_id <> $1)) LIMIT 1"
    );
    let Some((room,)) = tx.get::<(RoomId,)>(kept, params![account]).await? else { return Ok(None) };
    let Some(mut held) = hold(tx, room).await? else { return Ok(None) };
    let anybody = pass_on(tx, &mut held, account, now).await?;
    tx.run(sql!("DELETE FROM member WHERE room_id = $1 AND account_id = $2"), params![room, account]).await?;
    // A public room is everybody's, with members or without.
    let ended = !anybody && held.visibility != Visibility::Public;
    if ended {
        end(tx, room, now).await?;
    }
    let name = held.head.name.clone();
    let logged = Some(held.noted()).filter(|logged| !logged.events.is_empty());
    announce(tx, ControlKind::RoomChanged, &[room.0], now).await?;
    Ok(Some(Left { name, logged, ended }))
}

/// Erases what is left of an account's events: what was written after [`Store::erase_events`].
pub(crate) async fn erase_rest(tx: &mut Tx<'_>, account: AccountId) -> Result<()> {
    let work = [FOUND, WRITTEN, ABOUT].map(|step| (step, params![account, i64::MAX]));
    tx.run_all(work.to_vec()).await?;
    Ok(())
}
