//! When what this node remembers cannot be relied on: everything is asked of the store again, and so is who is connected.

use parlour_hub::HistoryError;
use parlour_model::{AccountId, RoomName, Session, SessionId, Timestamp};

use crate::app::App;
use crate::live::doubts::Doubt;
use crate::{Error, Result};

/// How many sessions are read at once.
const SESSIONS_AT_ONCE: usize = 500;

impl App {
    /// Believes nothing that is remembered: of accounts, credentials, sessions, rooms and keys, nor that whoever is connected
    /// may be.
    ///
    /// # Errors
    /// The store is away; this can be called again.
    pub(crate) async fn believe_nothing(&self) -> Result<()> {
        self.forget_everything();
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
        let Some(one) = self.live.hub().differing(room).await.map_err(away)? else { return Ok(()) };
        tracing::warn!(room = %one.room, "the database is an earlier one than it was; the room turns over");
        if let Some(head) = one.head {
            // Of several nodes that see it, one does it.
            self.store.begin_log_anew(head.id, head.epoch, self.now()).await?;
        }
        self.live.hub().turn_over(&one.room).await.map_err(away)
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
