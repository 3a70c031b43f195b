//! Rooms as somebody sees them: one's own with what is new there, and the public ones.

use std::sync::Arc;

use parlour_model::{Account, AccountId, Event, Role, RoomId, RoomName, Timestamp};
use parlour_store::RoomView;

use crate::app::App;
use crate::authenticate::Caller;
use crate::{Error, Result};

/// A room as somebody sees it.
pub struct RoomSeen {
    /// The room, and the viewer's place in it.
    pub view: RoomView,
    /// The other one of a direct room; `None` also when they are gone.
    pub with: Option<Arc<Account>>,
    /// The last message that can be shown.
    pub last_message: Option<Event>,
}

/// Where a list of rooms goes on: when something happened last in the room before, and its number.
pub type Activity = (Timestamp, RoomId);

impl App {
    /// A room that the caller may read.
    ///
    /// # Errors
    /// What [`App::may_read`] refuses.
    pub async fn show_room(&self, room: &RoomName, caller: Option<&Caller>) -> Result<RoomSeen> {
        let id = self.readable(room, caller).await?;
        self.see_room(id, caller).await
    }

    /// Up to `limit` of the caller's rooms, the last active first, with where each stands in that list.
    ///
    /// # Errors
    /// The store is away.
    pub async fn rooms_of(
        &self,
        caller: &Caller,
        after: Option<Activity>,
        limit: i64,
    ) -> Result<Vec<(RoomSeen, Activity)>> {
        let after = after.unwrap_or((Timestamp(i64::MAX), RoomId(i64::MAX)));
        let places = self.store.rooms_of(caller.account.id, after, limit).await?;
        let numbers: Vec<RoomId> = places.iter().map(|(id, _)| *id).collect();
        let seen = self.see_rooms(&numbers, Some(caller)).await?;
        let place = |room: &RoomSeen| places.iter().find(|(id, _)| *id == room.view.id).map(|(id, at)| (*at, *id));
        Ok(seen.into_iter().filter_map(|room| place(&room).map(|place| (room, place))).collect())
    }

    /// Up to `limit` public rooms whose names begin with `prefix`, by name, with the name of each as it is compared. A
    /// guest is not shown the lobby, where they may not read.
    ///
    /// # Errors
    /// The store is away.
    pub async fn public_rooms(
        &self,
        caller: Option<&Caller>,
        prefix: &str,
        after: &str,
        limit: i64,
    ) -> Result<Vec<(RoomSeen, String)>> {
        let prefix = parlour_model::username::folded_key(prefix);
        // One more for a guest, in the place of the lobby: a short list would seem to be the last.
        let most = limit.saturating_add(i64::from(caller.is_none()));
        let mut rooms = self.store.public_rooms(&prefix, after, most).await?;
        rooms.retain(|(_, key)| caller.is_some() || *key != parlour_model::room::LOBBY);
        rooms.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let numbers: Vec<RoomId> = rooms.iter().map(|(id, _)| *id).collect();
        let seen = self.see_rooms(&numbers, caller).await?;
        let name = |room: &RoomSeen| rooms.iter().find(|(id, _)| *id == room.view.id).map(|(_, key)| key.clone());
        Ok(seen.into_iter().filter_map(|room| name(&room).map(|key| (room, key))).collect())
    }

    pub(super) async fn see_room(&self, id: RoomId, caller: Option<&Caller>) -> Result<RoomSeen> {
        self.see_rooms(&[id], caller).await?.pop().ok_or(Error::UnknownRoom)
    }

    /// Rooms with all that is shown of them: four reads at most, however many they are.
    async fn see_rooms(&self, ids: &[RoomId], caller: Option<&Caller>) -> Result<Vec<RoomSeen>> {
        let viewer = caller.map_or(AccountId(0), |caller| caller.account.id);
        let mut views = self.store.room_views(ids, viewer, self.now()).await?;
        let last: Vec<_> = views.iter().filter_map(|view| view.last_message.map(|seq| (view.id, seq))).collect();
        let mut messages: Vec<_> = last.iter().zip(self.store.messages(&last).await?).collect();
        let other = |view: &RoomView| RoomName::parse(&view.name).ok().and_then(|name| name.other_of(viewer));
        let others = self.known_accounts(views.iter().filter_map(other).collect()).await?;
        let mut rooms = Vec::with_capacity(views.len());
        for mut view in views.drain(..) {
            self.settle(&mut view, caller.is_some()).await?;
            let with = other(&view).and_then(|other| others.get(&other).cloned());
            let found = messages.iter_mut().find(|((room, _), _)| *room == view.id);
            let last_message = found.and_then(|(_, message)| message.take());
            rooms.push(RoomSeen { view, with, last_message });
        }
        Ok(rooms)
    }

    /// What no row says: a mute that is over, and the lobby, which everybody is a member of.
    async fn settle(&self, view: &mut RoomView, is_member: bool) -> Result<()> {
        view.muted_until = view.muted_until.filter(|until| *until > self.now());
        if RoomName::parse(&view.name).is_ok_and(|name| name.is_lobby()) {
            view.role = is_member.then_some(Role::Member);
            view.members = self.live.population(&self.store, self.now()).await?;
            if view.read_seq.is_none() {
                // Nobody is told of all that was ever said there before they have looked.
                view.read_seq = Some(view.last_seq);
                view.unread = 0;
            }
        }
        Ok(())
    }
}
