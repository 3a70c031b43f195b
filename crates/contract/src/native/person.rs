//! An account as everybody sees it.

use parlour_model::{Account, AccountId};
use serde::Serialize;
use utoipa::ToSchema;

/// An account as everybody sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Person {
    /// Its number.
    pub(crate) id: i64,
    /// Its name.
    pub(crate) username: String,
    /// The name that it shows; may be empty.
    pub(crate) display_name: String,
    /// A few words about themselves.
    pub(crate) bio: String,
    /// The path of the picture on this server, if there is one.
    #[schema(required)]
    pub(crate) avatar: Option<String>,
}

impl Person {
    pub(crate) fn of(account: &Account) -> Self {
        Self {
            id: account.id.0,
            username: account.username.as_str().to_owned(),
            display_name: account.profile.display_name.clone(),
            bio: account.profile.bio.clone(),
            avatar: avatar(account),
        }
    }
}

/// The path of somebody's picture on this server. The profile holds its whole address, so that every contract shows it;
/// a picture that lies elsewhere is none of ours.
pub(crate) fn avatar(account: &Account) -> Option<String> {
    let path = avatar_path(account.id);
    let (_host, version) = account.profile.profile_picture.split_once(&path)?;
    let is_ours = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_ours.then(|| path + version)
}

/// How the paths of somebody's pictures begin; their version follows.
pub(super) fn avatar_path(id: AccountId) -> String {
    format!("/api/v2/accounts/{id}/avatar?v=")
}

#[cfg(test)]
mod tests {
    use parlour_model::{AdminLevel, Profile, Timestamp, Username, UsernamePolicy};

    use super::*;

    fn with_picture(profile_picture: &str) -> Option<String> {
        let profile = Profile { profile_picture: profile_picture.to_owned(), ..Profile::default() };
        avatar(&Account {
            id: AccountId(12),
            username: Username::parse("ada", UsernamePolicy::Open).expect("a name"),
            email: None,
            email_verified_at: None,
            profile,
            admin_level: AdminLevel::Public,
            created_at: Timestamp(0),
            disabled_at: None,
        })
    }

    #[test]
    fn only_a_picture_of_ours_has_a_path() {
        let path = "/api/v2/accounts/12/avatar?v=9f2c01ab";
        assert_eq!(with_picture(&format!("https://chat.example{path}")), Some(path.to_owned()));
        for elsewhere in ["", "https://a.example/b.png", "/api/v2/accounts/13/avatar?v=9f2c01ab", &format!("{path}\"")]
        {
            assert_eq!(with_picture(elsewhere), None, "{elsewhere}");
        }
    }
}
