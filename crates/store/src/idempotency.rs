//! What was answered to a request that named itself, so that a repeat does nothing and is answered alike.

use std::time::Duration;

use parlour_model::{AccountId, Timestamp};

use crate::database::Tx;
use crate::prune::KEEP_ANSWER;
use crate::{Result, Store, params, sql};

/// A request that names itself.
#[derive(Clone, Debug)]
pub struct NamedRequest {
    /// Whose keys these are: an account's, or a source's.
    pub scope: String,
    /// Its name.
    pub key: String,
    /// SHA-256 of what it asks for.
    pub digest: [u8; 32],
    /// The time now.
    pub now: Timestamp,
}

/// What is known of a request that names itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// Nothing: it is under way from now on.
    First,
    /// It was answered: the status and the text.
    Answered(i64, String),
    /// It is under way.
    Pending,
    /// The name is another request's.
    Other,
}

/// The scope of an account's keys. They go with it.
pub fn scope_of(id: AccountId) -> String {
    format!("account:{id}")
}

/// A first attempt that has not been answered for so long was lost with its server.
const LOST_AFTER: Duration = Duration::from_mins(1);

impl Store {
    /// Claims a request's name. Of several at once one is the first.
    pub async fn claim_request(&self, request: NamedRequest) -> Result<Claimed> {
        self.db.write(async move |tx| claim(tx, &request).await).await
    }

    /// Keeps the answer to a request that was [claimed](Store::claim_request). One that took so long that somebody
    /// else has claimed it keeps nothing.
    pub async fn answer_request(&self, request: NamedRequest, status: i64, answer: String) -> Result<()> {
        let keep = sql!(
            "UPDATE idempotency SET status = $4, answer = $5 \
             WHERE scope = $1 AND key = $2 AND at = $3 AND status IS NULL"
        );
        self.db.run(keep, params![&request.scope, &request.key, request.now, status, answer]).await.map(drop)
    }

    /// Gives a name back whose request came to nothing.
    pub async fn release_request(&self, request: NamedRequest) -> Result<()> {
        let release = sql!("DELETE FROM idempotency WHERE scope = $1 AND key = $2 AND at = $3 AND status IS NULL");
        self.db.run(release, params![&request.scope, &request.key, request.now]).await.map(drop)
    }
}

async fn claim(tx: &mut Tx<'_>, request: &NamedRequest) -> Result<Claimed> {
    let now = request.now;
    let insert = sql!(
        "INSERT INTO idempotency (scope, key, request_digest, status, answer, at) VALUES ($1, $2, $3, NULL, '', $4) \
         ON CONFLICT (scope, key) DO UPDATE SET request_digest = excluded.request_digest, status = NULL, answer = '', \
         at = excluded.at \
         WHERE idempotency.at <= $5 OR (idempotency.status IS NULL AND idempotency.at <= $6 \
         AND idempotency.request_digest = excluded.request_digest) RETURNING at"
    );
    let params = params![&request.scope, &request.key, request.digest, now, now - KEEP_ANSWER, now - LOST_AFTER];
    if tx.get::<(Timestamp,)>(insert, params).await?.is_some() {
        return Ok(Claimed::First);
    }
    let known = sql!("SELECT request_digest, status, answer FROM idempotency WHERE scope = $1 AND key = $2");
    let known: Option<([u8; 32], Option<i64>, String)> = tx.get(known, params![&request.scope, &request.key]).await?;
    Ok(match known {
        Some((digest, ..)) if digest != request.digest => Claimed::Other,
        Some((_, Some(status), answer)) => Claimed::Answered(status, answer),
        // Gone in this moment, which only its end does: it is asked for again in a moment.
        Some((_, None, _)) | None => Claimed::Pending,
    })
}
