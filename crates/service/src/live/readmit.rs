//! Looking anew at where somebody is present who is no administrator any more.

use parlour_model::{Account, AdminLevel, Visibility};

use super::PutOut;
use crate::Result;
use crate::app::App;

impl App {
    /// Puts an account out of the rooms on this node that only an administrator of its standing may read.
    pub(crate) async fn readmit(&self, account: &Account) {
        if account.admin_level == AdminLevel::Admin {
            return;
        }
        if let Err(error) = self.put_out_where_closed(account).await {
            tracing::warn!(?error, "it cannot be read where somebody may stay, so their connections end");
            self.live.hub().end_account(account.id, None);
        }
    }

    async fn put_out_where_closed(&self, account: &Account) -> Result<()> {
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
