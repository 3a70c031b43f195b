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
        let is_member = room.is_lobby() || self.standing_in(&known, caller.account.id).await?.role.is_some();
        if !is_member {
            return Err(Error::Forbidden);
        }
        let is_further = self.store.mark_read(id, caller.account.id, seq.max(0), self.now()).await?;
        if is_further {
            self.live.hub().note(caller.account.id, Note::Read { room: room.clone(), seq });
        }
        Ok(is_further)
    }
}
