//! Setting a picture of oneself, and taking it away.

use std::time::Duration;

use parlour_hub::Note;
use parlour_model::{Account, AccountId, Client};
use parlour_store::avatar::{Avatar, NewAvatar};

use crate::app::App;
use crate::audit::{self, Says};
use crate::authenticate::Caller;
use crate::picture::{Arriving, Place};
use crate::secret::digest;
use crate::{Error, Result};

/// What one who finds no place is told to wait.
const TRY_AGAIN: Duration = Duration::from_secs(2);

impl App {
    /// A picture of the caller that is about to be read, and is to say how many bytes of it have come.
    ///
    /// # Errors
    /// [`Error::Throttled`], also when two of theirs are on their way.
    pub fn expect_picture(&self, caller: &Caller, client: &Client) -> Result<Arriving> {
        self.limits.source(client.source())?;
        self.darkroom.arriving(caller.account.id).ok_or(Error::Throttled(TRY_AGAIN))
    }

    /// A place for a picture that has arrived.
    ///
    /// # Errors
    /// [`Error::Busy`] when it did not fit beside all others, or too many wait.
    pub fn place_for_picture(&self, arrived: Arriving) -> Result<Place> {
        self.darkroom.place(arrived).ok_or(Error::Busy(TRY_AGAIN))
    }

    /// Shows a picture of the caller: written anew as a PNG of 256 by 256. `address` is where it will be found, to which the
    /// picture's own version is appended. The account as it is now.
    ///
    /// # Errors
    /// [`Error::NotAnImage`], [`Error::TooLarge`].
    pub async fn set_avatar(
        &self,
        caller: &Caller,
        sent: Vec<u8>,
        place: Place,
        address: &str,
        client: &Client,
    ) -> Result<Account> {
        let id = caller.account.id;
        let png = self.darkroom.develop(sent, place).await?;
        let digest = digest(&png);
        let entry = audit::entry("set_avatar", client).by(id).on(id).within(caller.session_id);
        let address = format!("{address}{}", version(digest));
        let new = NewAvatar { account_id: id, png, digest, address, audit: entry.clone(), now: self.now() };
        let account = self.store.set_avatar(new).await?.ok_or(Error::UnknownAccount)?;
        audit::committed(&entry);
        self.accounts.forget(&id);
        self.tell(id, Note::Me);
        Ok(account)
    }

    /// Takes the caller's picture away. `address` is how the addresses of their pictures begin. The account as it is now.
    ///
    /// # Errors
    /// The store is away.
    pub async fn remove_avatar(&self, caller: &Caller, address: String, client: &Client) -> Result<Account> {
        let id = caller.account.id;
        let entry = audit::entry("remove_avatar", client).by(id).on(id).within(caller.session_id);
        let account = self.store.remove_avatar(id, address, entry.clone(), self.now()).await?;
        audit::committed(&entry);
        self.accounts.forget(&id);
        self.tell(id, Note::Me);
        account.ok_or(Error::UnknownAccount)
    }

    /// The picture of somebody, with its version; `None` when they have none here.
    ///
    /// # Errors
    /// The store is away.
    pub async fn avatar(&self, id: AccountId) -> Result<Option<(Avatar, String)>> {
        let avatar = self.store.avatar(id).await?;
        Ok(avatar.map(|avatar| {
            let version = version(avatar.digest);
            (avatar, version)
        }))
    }
}

/// The version of a picture: the first eight hex digits of its digest.
fn version([a, b, c, d, ..]: [u8; 32]) -> String {
    format!("{:08x}", u32::from_be_bytes([a, b, c, d]))
}
