//! What a token says, and the kinds of token there are.

use serde::{Deserialize, Serialize};

use crate::{AccountId, SessionId, Timestamp};

/// The claims of an access token: the union of what the contracts promise (RFC 7519 §4.1 for the registered ones).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccessClaims {
    /// The server's public URL.
    pub iss: String,
    /// The account's number, as text.
    pub sub: String,
    /// The server's public URL: a token of ours is meant for us.
    pub aud: String,
    /// Issued at, seconds since 1970.
    pub iat: i64,
    /// Ends at, seconds since 1970.
    pub exp: i64,
    /// The token's own random name.
    pub jti: String,
    /// The session it belongs to, as text.
    pub sid: String,
    /// The account's number as text, as `lobby` has it.
    pub id: String,
    /// The account's number, as `tokens` has it.
    #[serde(rename = "userId")]
    pub user_id: i64,
    /// The account's name when the token was made. Never believed: the name is looked up.
    pub username: String,
    /// The account's level when the token was made. Never believed either.
    #[serde(rename = "adminLevel")]
    pub admin_level: i64,
    /// The same number, for deployed clients of `tokens`.
    #[serde(rename = "privilegeLevel")]
    pub privilege_level: i64,
}

/// The claims of a refresh token. Its family is its session; the counter tells its place in the family (RFC 9700 §4.14.2).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RefreshClaims {
    /// The server's public URL.
    pub iss: String,
    /// The account's number, as text.
    pub sub: String,
    /// The server's public URL.
    pub aud: String,
    /// Issued at, seconds since 1970.
    pub iat: i64,
    /// Ends at, seconds since 1970.
    pub exp: i64,
    /// The token's own random name.
    pub jti: String,
    /// The session it belongs to, as text.
    pub sid: String,
    /// The secret of the family; the store keeps its digest.
    pub fam: String,
    /// The token's place in the family, from 1.
    pub ctr: i64,
}

/// What a verified access token proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessGrant {
    /// Who.
    pub account_id: AccountId,
    /// In which session.
    pub session_id: SessionId,
    /// Until when.
    pub expires_at: Timestamp,
}
