//! Noting how far somebody has read in a room.

use parlour_hub::Note;
use parlour_model::{RoomName, Seq};

use crate::app::App;
use crate::authenticate::Caller;
use crate::{Error, Result};

impl App {
    /// Notes how far the caller has read; whether that is further than before. It never goes back. The caller's
    /// connections hear of it.
    ///
    /// # Errors
    /// What [`App::may_read`] refuses; [`Error::Forbidden`] for who is no member.
    pub async fn mark_read(&self, room: &RoomName, caller: &Caller, seq: Seq) -> Result<bool> {
        let caller = self.still_good(caller).await?;
        let known = self.may_read(room, Some(&caller)).await?;
        let id = known.id().ok_or(Error::UnknownRoom)?;
        let me = caller.account.id;
        let is_known = room.is_lobby() || self.standing_in(&known, me).await?.role.is_some();
        // Another process does not announce who joins a public room.
        if !is_known && self.store.member(id, me).await?.is_none() {
            return Err(Error::Forbidden);
        }
        let moved = self.store.mark_read(id, me, seq.max(0), self.now()).await?;
        if let Some(seq) = moved {
            self.live.hub().note(me, Note::Read { room: room.clone(), seq });
        }
        Ok(moved.is_some())
    }
}
