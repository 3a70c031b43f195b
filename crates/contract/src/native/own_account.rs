//! An account as its owner sees it.

use parlour_model::{Account, Email};
use serde::Serialize;
use utoipa::ToSchema;

use super::person::avatar;
use crate::desk::Desk;
use crate::live::microseconds;

/// An account as its owner sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    id: i64,
    username: String,
    display_name: String,
    first_name: String,
    last_name: String,
    bio: String,
    facility_id: String,
    consent: bool,
    /// The path of the picture on this server, if there is one.
    #[schema(required)]
    avatar: Option<String>,
    /// The address of the picture, wherever it lies.
    profile_picture: String,
    #[schema(required)]
    email: Option<String>,
    email_verified: bool,
    /// The address that takes the place of `email` when its mail is answered.
    #[schema(required)]
    pending_email: Option<String>,
    admin_level: i64,
    created_at: String,
}

impl Me {
    pub(crate) fn of(account: &Account, pending: Option<&Email>) -> Self {
        let profile = account.profile.clone();
        let text = |email: &Email| email.as_str().to_owned();
        Self {
            id: account.id.0,
            username: account.username.as_str().to_owned(),
            avatar: avatar(account),
            display_name: profile.display_name,
            first_name: profile.first_name,
            last_name: profile.last_name,
            bio: profile.bio,
            facility_id: profile.facility_id,
            consent: profile.consent_at.is_some(),
            profile_picture: profile.profile_picture,
            email: account.email.as_ref().map(text),
            email_verified: account.email_verified_at.is_some(),
            pending_email: pending.map(text),
            admin_level: account.admin_level.number(),
            created_at: microseconds(account.created_at),
        }
    }

    /// With the address that waits for its proof.
    pub(crate) async fn now(desk: &Desk, account: &Account) -> parlour_service::Result<Self> {
        Ok(Self::of(account, desk.app.pending_email(account.id).await?.as_ref()))
    }
}
