//! The keys that sign access tokens. Their private halves are sealed before they come here.

use parlour_model::Timestamp;

use crate::control::{self, ControlKind, announce};
use crate::database::{FromRow, Row};
use crate::{NewAudit, Result, Store, audit, params, sql};

/// A signing key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKeyRow {
    /// Its name in a token's header (RFC 7515 §4.1.4).
    pub kid: String,
    /// Its algorithm, as a token's header has it: `EdDSA` or `ES256`.
    pub algorithm: String,
    /// The public half.
    pub public_key: Vec<u8>,
    /// The private half, sealed under a key that the database does not hold.
    pub sealed_private_key: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when it signs; it is published before.
    pub active_from: Timestamp,
    /// When its last token has expired; `None` while it has no successor.
    pub expires_at: Option<Timestamp>,
}

impl Store {
    /// The keys that have not expired at `now`, the oldest first.
    pub async fn signing_keys(&self, now: Timestamp) -> Result<Vec<SigningKeyRow>> {
        let unexpired = sql!(
            "SELECT ",
            KEY_COLUMNS,
            " FROM signing_key WHERE expires_at IS NULL OR expires_at > $1 ORDER BY created_at, active_from, kid"
        );
        self.db.all(unexpired, params![now]).await
    }

    /// Adds a key, and lets those that have no end yet expire at `others_expire_at`. With `only_if_none` a key is
    /// added only when none is unexpired at the new one's `created_at`, so that of several first starts at once one
    /// adds its key. False when it was not added.
    pub async fn add_signing_key(
        &self,
        key: SigningKeyRow,
        others_expire_at: Timestamp,
        only_if_none: bool,
        audit: NewAudit,
    ) -> Result<bool> {
        self.db
            .write(async move |tx| {
                // First of all, so that two of these cannot both find none.
                control::lock(tx).await?;
                let any = sql!("SELECT kid FROM signing_key WHERE expires_at IS NULL OR expires_at > $1 LIMIT 1");
                if only_if_none && tx.get::<(String,)>(any, params![key.created_at]).await?.is_some() {
                    return Ok(false);
                }
                let end_others = sql!("UPDATE signing_key SET expires_at = $1 WHERE expires_at IS NULL");
                tx.run(end_others, params![others_expire_at]).await?;
                let insert = sql!("INSERT INTO signing_key (", KEY_COLUMNS, ") VALUES ($1, $2, $3, $4, $5, $6, $7)");
                let params = params![
                    &key.kid,
                    &key.algorithm,
                    key.public_key.as_slice(),
                    key.sealed_private_key.as_slice(),
                    key.created_at,
                    key.active_from,
                    key.expires_at
                ];
                tx.run(insert, params).await?;
                audit::write(tx, &audit, key.created_at).await?;
                announce(tx, ControlKind::KeysChanged, &[0], key.created_at).await?;
                Ok(true)
            })
            .await
    }
}

const KEY_COLUMNS: &str = "kid, algorithm, public_key, sealed_private_key, created_at, active_from, expires_at";

impl FromRow for SigningKeyRow {
    fn from_row(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self {
            kid: row.take()?,
            algorithm: row.take()?,
            public_key: row.take()?,
            sealed_private_key: row.take()?,
            created_at: row.take()?,
            active_from: row.take()?,
            expires_at: row.take()?,
        })
    }
}
