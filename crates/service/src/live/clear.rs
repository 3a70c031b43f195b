//! Looking anew at who is in a room after somewhere else something was decided about it.

use std::collections::HashSet;

use parlour_model::{AccountId, AdminLevel, RoomId, RoomName, Visibility};

use super::PutOut;
use super::memory::KnownRoom;
use crate::Result;
use crate::app::App;

/// How many bans are read at once.
const BANS: i64 = 500;

impl App {
    /// Puts those out of a room by this node who may not be there any more. Whoever decided it has told so as well, and
    /// may not have been heard.
    pub(crate) async fn clear(&self, id: RoomId) {
        for room in self.live.hub().rooms_of(id) {
            if let Err(error) = self.clear_room(&room, id).await {
                tracing::warn!(?error, %room, "it cannot be read who may stay, so nobody may");
                self.live.hub().turn_out_here(&room, PutOut::Private, Vec::new());
            }
        }
    }

    async fn clear_room(&self, name: &RoomName, id: RoomId) -> Result<()> {
        let room = self.known_room(name).await?;
        if room.is_gone() {
            self.live.hub().turn_out_here(name, PutOut::Deleted, Vec::new());
        } else if room.id() == Some(id) && !room.is_open() {
            match room.visibility() {
                Visibility::Private => self.clear_private(name, id).await?,
                Visibility::Public => self.clear_banned(name, &room, id).await?,
                Visibility::Direct => {}
            }
        }
        Ok(())
    }

    async fn clear_private(&self, name: &RoomName, id: RoomId) -> Result<()> {
        let members: HashSet<_> = self.store.member_numbers(id).await?.into_iter().collect();
        let mut stay = Vec::new();
        for account in self.live.hub().people_here(name) {
            if members.contains(&account) || self.is_administrator(account).await? {
                stay.push(account);
            }
        }
        self.live.hub().turn_out_here(name, PutOut::Private, stay);
        Ok(())
    }

    async fn clear_banned(&self, name: &RoomName, room: &KnownRoom, id: RoomId) -> Result<()> {
        let here: HashSet<_> = self.live.hub().people_here(name).into_iter().collect();
        let mut after = AccountId(0);
        while !here.is_empty() && room.is_moderated() {
            let bans = self.store.bans(id, after, BANS, self.now()).await?;
            let Some(last) = bans.last() else { return Ok(()) };
            after = last.account;
            for ban in bans.iter().filter(|ban| here.contains(&ban.account)) {
                if !self.is_administrator(ban.account).await? {
                    self.live.hub().expel_here(name, ban.account, PutOut::Banned);
                }
            }
        }
        Ok(())
    }

    async fn is_administrator(&self, account: AccountId) -> Result<bool> {
        let known = self.known_account(account).await?;
        Ok(known.is_some_and(|account| account.admin_level == AdminLevel::Admin))
    }
}
