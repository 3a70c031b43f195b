//! Ending a room: it and its log are gone, its name rests for a day.

use parlour_model::{Client, RoomName};

use crate::Result;
use crate::app::App;
use crate::audit;
use crate::authenticate::Caller;
use crate::live::{Note, PutOut};

impl App {
    /// Ends a room. Its owners may, and administrators; nobody ends the lobby or a direct room.
    ///
    /// # Errors
    /// What [`App::may_read`] refuses; [`crate::Error::Forbidden`].
    pub async fn end_room(&self, room: &RoomName, caller: &Caller, client: &Client) -> Result<()> {
        let id = self.readable(room, Some(caller)).await?;
        let members = self.store.member_numbers(id).await?;
        let actor = self.actor(caller, "end_room", room.to_string(), client);
        let entry = actor.audit.clone();
        let ended = self.store.end_room(id, actor).await?;
        self.live.memory().forget(room);
        ended?;
        audit::committed(&entry);
        self.live.hub().turn_out(room, PutOut::Deleted, Vec::new());
        for member in members {
            self.live.hub().note(member, Note::Rooms);
        }
        Ok(())
    }
}
