//! Looking anew at where somebody is present who is no administrator any more.

use parlour_model::{Account, AccountId, AdminLevel, Visibility};

use super::PutOut;
use super::doubts::Doubt;
use crate::Result;
use crate::app::App;

impl App {
    /// Puts an account out of the rooms on this node that only an administrator of its standing may read; as soon as the
    /// store says which those are.
    pub(crate) async fn readmit(&self, account: &Account) {
        if self.put_out_where_closed(account).await.is_err() {
            self.live.doubts().open(Doubt::Account(account.id));
        }
    }

    /// The same for who may have changed.
    ///
    /// # Errors
    /// The store is away.
    pub(super) async fn look_where(&self, account: AccountId) -> Result<()> {
        match self.known_account(account).await? {
            Some(account) => self.put_out_where_closed(&account).await,
            None => Ok(()),
        }
    }

    async fn put_out_where_closed(&self, account: &Account) -> Result<()> {
        if account.admin_level == AdminLevel::Admin {
            return Ok(());
        }
        for room in self.live.hub().rooms_with(account.id) {
            let known = self.known_room(&room).await?;
            if known.is_open() {
                continue;
            }
            let standing = self.standing_in(&known, account.id).await?;
            let why = match known.visibility() {
                Visibility::Private if standing.role.is_none() => PutOut::Private,
                Visibility::Public if standing.is_banned(self.now()) => PutOut::Banned,
                Visibility::Private | Visibility::Public | Visibility::Direct => continue,
            };
            self.live.hub().expel_here(&room, account.id, why);
        }
        Ok(())
    }
}
