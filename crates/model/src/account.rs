//! An account: one person, whichever contract they came through.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Email, Timestamp, Username};

/// The account's number, the same in every contract. Positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AccountId(pub i64);

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What somebody may do beyond their own account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AdminLevel {
    /// 0: the general public.
    #[default]
    Public,
    /// 1: a participating family.
    Family,
    /// 2: an administrator.
    Admin,
}

impl AdminLevel {
    /// The number that tokens and the database carry.
    pub const fn number(self) -> i64 {
        match self {
            Self::Public => 0,
            Self::Family => 1,
            Self::Admin => 2,
        }
    }

    /// The level of a number; `None` for a number that is no level.
    pub const fn from_number(number: i64) -> Option<Self> {
        match number {
            0 => Some(Self::Public),
            1 => Some(Self::Family),
            2 => Some(Self::Admin),
            _ => None,
        }
    }
}

/// One person's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub id: AccountId,
    /// Its name now; a rename changes it everywhere.
    pub username: Username,
    /// Its address, verified or claimed at sign-up; `None` until its owner adds one.
    pub email: Option<Email>,
    /// When the address was proven to belong to the person.
    pub email_verified_at: Option<Timestamp>,
    /// What the person says of themselves.
    pub profile: Profile,
    /// What the person may do.
    pub admin_level: AdminLevel,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when an administrator keeps it out; `None` for an account in use.
    pub disabled_at: Option<Timestamp>,
}

/// What a person says of themselves: the union of the contracts' fields. A text that was never given is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// The name that others see.
    pub display_name: String,
    /// The facility the person belongs to, in the operator's own numbering.
    pub facility_id: String,
    /// The address of a picture.
    pub profile_picture: String,
    /// A few words about oneself.
    pub bio: String,
    /// When the person gave their consent; `None` while they have not.
    pub consent_at: Option<Timestamp>,
}

/// A change of the profile: `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileChange {
    /// New given name.
    pub first_name: Option<String>,
    /// New family name.
    pub last_name: Option<String>,
    /// New name that others see.
    pub display_name: Option<String>,
    /// New facility.
    pub facility_id: Option<String>,
    /// New address of a picture.
    pub profile_picture: Option<String>,
    /// New words about oneself.
    pub bio: Option<String>,
    /// Consent given (`true`) or taken back (`false`).
    pub consent: Option<bool>,
}
