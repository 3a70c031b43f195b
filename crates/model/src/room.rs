//! A room: a name that people meet under, and a log that outlives them.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::username::{checked_name, folded_key};
use crate::{AccountId, Field, Violation};

/// The most characters of a room's name, after NFC.
pub const MOST_CHARACTERS: usize = 64;

/// The reserved room that the `lobby` contract serves.
pub const LOBBY: &str = "lobby";

/// The room's number. It stays when the room is renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RoomId(pub i64);

/// Which life of a room's log a seq belongs to. A restore from a backup starts a new one, because numbers
/// given out after the backup would otherwise be given out twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Epoch(pub i64);

/// A name that can name a room: 1 to 64 characters under the rules of usernames. Cheap to clone. However it is spelled, it
/// is equal to every other name of the same room.
#[derive(Clone, Debug)]
pub struct RoomName {
    text: Arc<str>,
    key: Arc<str>,
}

/// How the names of direct rooms begin.
const DIRECT: &str = "direct:";

impl RoomName {
    /// Takes a name, percent-decoded where it came in a path.
    ///
    /// # Errors
    /// The one [`Violation`] that names what is wrong.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let text = checked_name(text, MOST_CHARACTERS).map_err(|rule| Violation::new(Field::RoomName, rule))?;
        let (text, key) = (Arc::from(text.as_str()), folded_key(&text));
        let key = if *text == *key { Arc::clone(&text) } else { Arc::from(key) };
        Ok(Self { text, key })
    }

    /// The reserved lobby.
    pub fn lobby() -> Self {
        let text: Arc<str> = Arc::from(LOBBY);
        Self { key: Arc::clone(&text), text }
    }

    /// The room of two people, whichever of them asks. Its name is reserved for them: see [`RoomName::pair`].
    pub fn direct(one: AccountId, other: AccountId) -> Self {
        let text: Arc<str> = Arc::from(format!("{DIRECT}{}:{}", one.min(other), one.max(other)));
        Self { key: Arc::clone(&text), text }
    }

    /// Whether the name begins as those of direct rooms do, however it is spelled. All of these are reserved: one that is
    /// no [`RoomName::pair`] names a room that there is not, or somebody would take it for a room of two.
    pub fn is_direct(&self) -> bool {
        self.key.starts_with(DIRECT)
    }

    /// The two people of a direct room, the lower number first; `None` for every other name.
    pub fn pair(&self) -> Option<(AccountId, AccountId)> {
        let (low, high) = self.key.strip_prefix(DIRECT)?.split_once(':')?;
        let (low, high) = (AccountId(low.parse().ok()?), AccountId(high.parse().ok()?));
        (*Self::direct(low, high).key == *self.key && low < high).then_some((low, high))
    }

    /// The other one of a direct room.
    pub fn other_of(&self, viewer: AccountId) -> Option<AccountId> {
        let (low, high) = self.pair()?;
        Some(if viewer == low { high } else { low })
    }

    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What is compared: equal keys are one room.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Whether this is the reserved lobby, however it is spelled.
    pub fn is_lobby(&self) -> bool {
        *self.key == *LOBBY
    }
}

impl PartialEq for RoomName {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for RoomName {}

impl Hash for RoomName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

/// As it is written.
impl Serialize for RoomName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// With the rules that hold for every name.
impl<'de> Deserialize<'de> for RoomName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(|_violation| D::Error::custom("no name of a room"))
    }
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

/// Who may read a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Anybody.
    #[default]
    Public,
    /// Its members.
    Private,
    /// Two people, nobody else ever.
    Direct,
}

impl Visibility {
    /// Every kind of room.
    pub const ALL: [Self; 3] = [Self::Public, Self::Private, Self::Direct];

    /// Its name, in the database and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Direct => "direct",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|visibility| visibility.name() == name)
    }
}

/// What a member may do in a room. The later may do what the earlier may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Read and write.
    Member,
    /// Keep order.
    Moderator,
    /// Everything.
    Owner,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Member, Self::Moderator, Self::Owner];

    /// Its name, in the database and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Moderator => "moderator",
            Self::Owner => "owner",
        }
    }

    /// The role of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// How much somebody may do in a room: their role, or what an administrator may. The later may do what the earlier may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Power {
    /// What anybody may.
    Nobody,
    /// What a member may.
    Member,
    /// What a moderator may.
    Moderator,
    /// What an owner may.
    Owner,
    /// What an administrator may in every room that is not direct.
    Administrator,
}

impl Power {
    /// Of somebody with that role, or none, in a room of that kind.
    pub fn of(role: Option<Role>, is_admin: bool, visibility: Visibility) -> Self {
        match role {
            _ if is_admin && visibility != Visibility::Direct => Self::Administrator,
            None => Self::Nobody,
            Some(Role::Member) => Self::Member,
            Some(Role::Moderator) => Self::Moderator,
            Some(Role::Owner) => Self::Owner,
        }
    }

    /// Whether it is enough to moderate somebody: a moderator neither an owner nor another moderator, an administrator
    /// everybody.
    pub fn moderates(self, other: Self) -> bool {
        match self {
            Self::Nobody | Self::Member => false,
            Self::Moderator => other < Self::Moderator,
            Self::Owner => other <= Self::Owner,
            Self::Administrator => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lobby_cannot_be_entered_under_another_spelling() {
        for text in ["lobby", "LOBBY", "Lobby", "ｌobby"] {
            assert!(RoomName::parse(text).expect("a name").is_lobby(), "{text:?}");
        }
        assert!(!RoomName::parse("lobby 2").expect("a name").is_lobby());
    }

    #[test]
    fn all_that_looks_like_a_direct_room_is_reserved() {
        let name = |text| RoomName::parse(text).expect("a name");
        for (text, is_pair) in [
            ("direct:1:2", true),
            ("DIRECT:1:2", true),
            ("ｄirect：1:2", true),
            ("direct:2:1", false),
            ("direct:1:1", false),
            ("DIRECT:02:1", false),
            ("direct:+1:2", false),
            ("direct:", false),
            ("direct: 1:2", false),
        ] {
            assert!(name(text).is_direct(), "{text}");
            assert_eq!(name(text).pair().is_some(), is_pair, "{text}");
        }
        assert!(!name("direct").is_direct() && !name("a direct:1:2").is_direct());
        assert_eq!(name("direct:1:2").other_of(AccountId(2)), Some(AccountId(1)));
    }

    #[test]
    fn a_room_is_the_same_however_it_is_spelled() {
        let name = |text| RoomName::parse(text).expect("a name");
        let names = std::collections::HashSet::from([name("tea"), name("TEA"), name("ｔea"), name("tea 2")]);
        assert_eq!(names.len(), 2);
    }

    #[test]
    fn long_and_hidden_names_are_refused() {
        assert!(RoomName::parse(&"r".repeat(64)).is_ok());
        for text in [&"r".repeat(65), "", " ", "a\u{0}b", "a\r\nb", "a\u{202e}"] {
            assert!(RoomName::parse(text).is_err(), "{text:?} was taken");
        }
    }
}
