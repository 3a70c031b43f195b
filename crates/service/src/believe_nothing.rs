//! When what this node remembers cannot be relied on: everything is asked of the store again, and so is who is connected.

use parlour_hub::{Differing, HistoryError};
use parlour_model::{AccountId, RoomName, Session, SessionId, Timestamp};

use crate::app::App;
use crate::live::doubts::Doubt;
use crate::{Error, Result};

/// How many sessions are read at once.
const SESSIONS_AT_ONCE: usize = 500;

impl App {
    /// Has the store asked again, after everything was forgotten, for what is in force all the time: the keys, and that whoever is
    /// connected may be.
    ///
    /// # Errors
    /// The store is away; this can be called again.
    pub(crate) async fn look_at_everything_again(&self) -> Result<()> {
        self.renew_keys().await?;
        self.end_what_does_not_stand().await?;
        for room in self.live.hub().active_rooms() {
            self.live.doubts().open_undecided(Doubt::Room(room));
        }
        Ok(())
    }

    /// Forgets what is remembered of accounts, credentials, sessions and rooms.
    pub(crate) fn forget_everything(&self) {
        self.accounts.forget_where(|_| true);
        self.doors.forget_everything();
        self.live.memory().forget_everything();
    }

    /// Has every active room compared with the log, one after another; nobody waits for it.
    pub(crate) fn compare_rooms(&self) {
        for room in self.live.hub().active_rooms() {
            self.live.comparisons().open_undecided(Doubt::Told(room));
        }
    }

    /// Has a room turn over that has told what the store does not know: it is an earlier one than it was. Whoever comes back
    /// to it from then on with a place in what is lost hears that it is.
    ///
    /// # Errors
    /// The store is away; this can be called again.
    pub(crate) async fn turn_over_if_differing(&self, room: &RoomName) -> Result<()> {
        let Some(Differing(head)) = self.live.hub().differing(room).await.map_err(away)? else { return Ok(()) };
        tracing::warn!(%room, "the database is an earlier one than it was; the room turns over");
        if let Some(head) = head {
            // Of several nodes that see it, one does it.
            self.store.begin_log_anew(head.id, head.epoch, self.now()).await?;
        }
        self.live.hub().turn_over(room).await.map_err(away)
    }

    /// Closes the sockets of sessions that are gone or over, or are by now somebody else's. One that was only idle for too long
    /// keeps them, as always: what a socket ends by is told to the hub, and uses may not be written yet.
    async fn end_what_does_not_stand(&self) -> Result<()> {
        let now = self.now();
        for some in self.live.hub().sessions().chunks(SESSIONS_AT_ONCE) {
            let ids: Vec<SessionId> = some.iter().map(|(id, _)| *id).collect();
            let found = self.store.sessions(&ids).await?;
            for ((id, account), session) in some.iter().zip(found) {
                if !session.is_some_and(|session| is_theirs(&session, *account, now)) {
                    self.session_ended(*id);
                }
            }
        }
        Ok(())
    }
}

fn is_theirs(session: &Session, account: AccountId, now: Timestamp) -> bool {
    session.account_id == account && now < session.expires_at
}

fn away(HistoryError: HistoryError) -> Error {
    parlour_store::Error::Busy.into()
}

#[cfg(test)]
mod tests {
    use parlour_model::Contract;

    use super::*;

    #[test]
    fn only_what_is_over_or_anothers_ends() {
        let (ada, now) = (AccountId(1), Timestamp(100));
        let session = Session {
            id: SessionId(1),
            account_id: ada,
            contract: Contract::Native,
            device: String::new(),
            address: String::new(),
            created_at: Timestamp(0),
            last_used_at: Timestamp(0),
            expires_at: Timestamp(101),
            idle_expires_at: Timestamp(50),
        };
        assert!(is_theirs(&session, ada, now), "idle for too long, as far as is written");
        assert!(!is_theirs(&session, AccountId(2), now));
        assert!(!is_theirs(&session, ada, Timestamp(101)));
    }
}
