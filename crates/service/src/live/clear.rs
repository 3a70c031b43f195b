//! Looking anew at who is in a room after somewhere else something was decided about it.

use std::collections::HashSet;

use parlour_model::{AccountId, AdminLevel, RoomId, RoomName, Visibility};

use super::PutOut;
use crate::Result;
use crate::app::App;

/// How many bans are read at once.
const BANS: i64 = 500;

impl App {
    /// Puts those out of a room by this node who may not be there any more. Whoever decided it has told so as well, and
    /// may not have been heard.
    ///
    /// Who is there is asked before who may be, and nobody else is put out: whoever comes meanwhile was let in by the rules
    /// that hold now, or is looked at again when they have their place.
    ///
    /// # Errors
    /// The store is away; then nobody was put out whose right could not be read.
    pub(super) async fn clear(&self, name: &RoomName) -> Result<()> {
        let here = self.live.hub().people_here(name);
        let room = self.known_room(name).await?;
        let Some(id) = room.id() else { return Ok(()) };
        if room.is_gone() {
            self.live.hub().turn_out_here(name, PutOut::Deleted, Vec::new());
        } else if !room.is_open() {
            match room.visibility() {
                Visibility::Private => self.clear_private(name, id, here).await?,
                Visibility::Public if room.is_moderated() => self.clear_banned(name, id, here).await?,
                Visibility::Public | Visibility::Direct => {}
            }
        }
        Ok(())
    }

    async fn clear_private(&self, name: &RoomName, id: RoomId, here: Vec<AccountId>) -> Result<()> {
        self.live.hub().turn_out_guests_here(name, PutOut::Private);
        let members: HashSet<_> = self.store.member_numbers(id).await?.into_iter().collect();
        for account in here.into_iter().filter(|account| !members.contains(account)) {
            if !self.is_administrator(account).await? {
                self.live.hub().expel_here(name, account, PutOut::Private);
            }
        }
        Ok(())
    }

    async fn clear_banned(&self, name: &RoomName, id: RoomId, here: Vec<AccountId>) -> Result<()> {
        let here: HashSet<_> = here.into_iter().collect();
        let mut after = AccountId(0);
        while !here.is_empty() {
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
