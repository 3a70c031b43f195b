//! The one-time link that makes the first administrator.

use parlour_model::{Account, AdminLevel, Field, Session, Timestamp};

use crate::database::Tx;
use crate::{Result, SignUp, SignedUp, Store, account, control, params, sql};

/// How a sign-up through the link ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "made once a call and taken apart at once: a box would only cost")]
pub enum AdminSignedUp {
    /// The administrator exists, and the link is used up.
    Done {
        /// Their account.
        account: Account,
        /// The session that was asked for.
        session: Option<Session>,
    },
    /// Somebody else has the [`Field::Username`] or the [`Field::Email`]. The link stays good.
    Taken(Field),
    /// The link was used or replaced, or there is an administrator already.
    LinkUsed,
}

impl Store {
    /// Makes a link. Earlier ones that were not used are void, but for one that was made at `stands_since` or later: then
    /// that one stands, and none is made. Whether it was.
    pub async fn set_setup_link(
        &self,
        digest: [u8; 32],
        now: Timestamp,
        stands_since: Option<Timestamp>,
    ) -> Result<bool> {
        self.db
            .write(async move |tx| {
                // First of all, so that two nodes that start at once do not both find none.
                control::lock(tx).await?;
                let unused = sql!("SELECT MAX(created_at) FROM setup_link WHERE used_at IS NULL");
                let newest = tx.get::<(Option<Timestamp>,)>(unused, params![]).await?.and_then(|(newest,)| newest);
                if stands_since.is_some_and(|since| newest.is_some_and(|newest| newest >= since)) {
                    return Ok(false);
                }
                tx.run(sql!("DELETE FROM setup_link WHERE used_at IS NULL"), params![]).await?;
                let insert = sql!("INSERT INTO setup_link (digest, created_at, used_at) VALUES ($1, $2, NULL)");
                tx.run(insert, params![digest, now]).await?;
                Ok(true)
            })
            .await
    }

    /// Whether a link would make the first administrator now.
    pub async fn setup_link_is_good(&self, digest: [u8; 32]) -> Result<bool> {
        let good = sql!(
            "SELECT created_at FROM setup_link WHERE digest = $1 AND used_at IS NULL \
             AND NOT EXISTS (SELECT 1 FROM account WHERE admin_level = 2)"
        );
        Ok(self.db.get::<(Timestamp,)>(good, params![digest]).await?.is_some())
    }

    /// Makes the first administrator. Of several at once, with one link or with several, one succeeds.
    pub async fn sign_up_admin(&self, digest: [u8; 32], mut new: SignUp) -> Result<AdminSignedUp> {
        new.account.admin_level = AdminLevel::Admin;
        self.db.write(async move |tx| sign_up(tx, digest, &new).await).await
    }
}

async fn sign_up(tx: &mut Tx<'_>, digest: [u8; 32], new: &SignUp) -> Result<AdminSignedUp> {
    control::lock(tx).await?;
    let good = sql!(
        "UPDATE setup_link SET used_at = NULL WHERE digest = $1 AND used_at IS NULL \
         AND NOT EXISTS (SELECT 1 FROM account WHERE admin_level = 2) RETURNING created_at"
    );
    if tx.get::<(Timestamp,)>(good, params![digest]).await?.is_none() {
        return Ok(AdminSignedUp::LinkUsed);
    }
    match account::insert(tx, new).await? {
        SignedUp::Taken(field) => Ok(AdminSignedUp::Taken(field)),
        SignedUp::Done { account, session } => {
            let used = sql!("UPDATE setup_link SET used_at = $2 WHERE digest = $1");
            tx.run(used, params![digest, new.now]).await?;
            Ok(AdminSignedUp::Done { account, session })
        }
    }
}
