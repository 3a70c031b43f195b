//! What happens in a room, in the order of its log.

use serde::{Deserialize, Serialize};

use crate::{AccountId, Role, Timestamp, Visibility};

/// An event's place in its room's log: contiguous from 1.
pub type Seq = i64;

/// Who wrote or did something, under the name they have now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// The account.
    pub id: AccountId,
    /// Its name now.
    pub username: String,
}

/// One event of a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its place in the log.
    pub seq: Seq,
    /// When the server took it; one time for everybody.
    pub at: Timestamp,
    /// What happened.
    pub body: EventBody,
}

/// What happened. A `by` of `None` is somebody whose account is gone.
///
/// As JSON it goes from node to node, of which some may be older: what is added is optional.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventBody {
    /// Somebody wrote.
    Message {
        /// Who.
        author: Author,
        /// What: UTF-8, within the configured size; as it reads now.
        text: String,
        /// The client's own key, if it gave one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        /// What it has beyond that. Few have anything, so it is in a box.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        added: Option<Box<Added>>,
    },
    /// A message got another text.
    Edited {
        /// Its author.
        by: Option<Author>,
        /// The message.
        target: Seq,
        /// What it reads now.
        text: String,
    },
    /// A message was taken away, by its author or by who may.
    Deleted {
        /// Who took it away.
        by: Option<Author>,
        /// The message.
        target: Seq,
    },
    /// Somebody reacted to a message, or took that back.
    Reaction {
        /// Who.
        by: Option<Author>,
        /// The message.
        target: Seq,
        /// With what: 1 to 16 code points.
        emoji: String,
        /// Whether it was taken back.
        withdrawn: bool,
    },
    /// Somebody's standing in the room changed.
    Member {
        /// Who did it.
        by: Option<Author>,
        /// To whom.
        subject: Author,
        /// What.
        change: MemberChange,
    },
    /// The room itself changed.
    Room {
        /// Who did it.
        by: Option<Author>,
        /// What.
        change: RoomChange,
    },
    /// Something was written here and is gone: taken away, or its author's account was deleted. The place in the log stays.
    Erased,
}

impl EventBody {
    /// A message with nothing but its text.
    pub const fn message(author: Author, text: String, key: Option<String>) -> Self {
        Self::Message { author, text, key, added: None }
    }

    /// Who did it and to whom it was done, as far as they are named.
    pub fn people(&self) -> impl Iterator<Item = &Author> {
        let (by, subject) = match self {
            Self::Message { author, .. } => (Some(author), None),
            Self::Member { by, subject, .. } => (by.as_ref(), Some(subject)),
            Self::Edited { by, .. } | Self::Deleted { by, .. } | Self::Reaction { by, .. } | Self::Room { by, .. } => {
                (by.as_ref(), None)
            }
            Self::Erased => (None, None),
        };
        by.into_iter().chain(subject)
    }

    /// Gives an account another name in what happened, or takes it out when it is gone (`None`). Whether that changed
    /// anything.
    pub fn sign(&mut self, account: AccountId, name: Option<&str>) -> bool {
        match (self, name) {
            (this @ (Self::Message { .. } | Self::Member { .. }), None) if this.is_of(account) => {
                *this = Self::Erased;
                true
            }
            (Self::Message { author, .. }, Some(name)) if author.id == account => rename(author, name),
            (Self::Member { by, subject, .. }, Some(name)) if subject.id == account => {
                let is_signed = sign(by, account, Some(name));
                rename(subject, name) || is_signed
            }
            (this, name) => this.sign_deed(account, name),
        }
    }

    /// Whether it ends with the account: who wrote it, or whom it is about.
    fn is_of(&self, account: AccountId) -> bool {
        match self {
            Self::Message { author, .. } | Self::Member { subject: author, .. } => author.id == account,
            _ => false,
        }
    }

    /// As [`EventBody::sign`], of who did something about something else.
    fn sign_deed(&mut self, account: AccountId, name: Option<&str>) -> bool {
        match self {
            Self::Edited { by, .. }
            | Self::Deleted { by, .. }
            | Self::Reaction { by, .. }
            | Self::Member { by, .. }
            | Self::Room { by, .. } => sign(by, account, name),
            Self::Message { .. } | Self::Erased => false,
        }
    }

    /// About how many bytes its texts have.
    pub fn text_bytes(&self) -> usize {
        let of = |by: &Option<Author>| by.as_ref().map_or(0, |author| author.username.len());
        match self {
            Self::Message { author, text, key, added } => {
                let added = added.as_ref().map_or(0, |added| added.reactions.len() * MOST_BYTES_A_REACTION);
                author.username.len() + text.len() + key.as_ref().map_or(0, String::len) + added
            }
            Self::Edited { by, text, .. } => of(by) + text.len(),
            Self::Reaction { by, emoji, .. } => of(by) + emoji.len(),
            Self::Member { by, subject, .. } => of(by) + subject.username.len(),
            Self::Room { by, change } => of(by) + change.topic.as_ref().map_or(0, String::len),
            Self::Deleted { by, .. } => of(by),
            Self::Erased => 0,
        }
    }
}

/// What one emoji with the names of those who reacted takes.
const MOST_BYTES_A_REACTION: usize = 256;

fn sign(by: &mut Option<Author>, account: AccountId, name: Option<&str>) -> bool {
    let Some(author) = by.as_mut().filter(|author| author.id == account) else { return false };
    if let Some(name) = name {
        return rename(author, name);
    }
    *by = None;
    true
}

fn rename(author: &mut Author, name: &str) -> bool {
    let is_new = author.username != name;
    if is_new {
        name.clone_into(&mut author.username);
    }
    is_new
}

/// What a message has beyond its text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Added {
    /// The message that it answers.
    pub reply_to: Option<Seq>,
    /// When it got the text that it has now.
    pub edited_at: Option<Timestamp>,
    /// Reactions, the first emoji first.
    pub reactions: Vec<Reaction>,
}

/// One emoji on a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    /// The emoji.
    pub emoji: String,
    /// How many people reacted with it.
    pub count: usize,
    /// The first of them, at most [`Reaction::MOST_NAMED`].
    pub by: Vec<AccountId>,
}

impl Reaction {
    /// How many of those who reacted are named.
    pub const MOST_NAMED: usize = 20;
}

/// What changed about somebody in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum MemberChange {
    /// They became a member.
    Joined,
    /// They left.
    Left,
    /// They were put out.
    Removed,
    /// They were kept out.
    Banned {
        /// Until then; `None` for good.
        until: Option<Timestamp>,
    },
    /// They may come back.
    Unbanned,
    /// They may read, but not write.
    Muted {
        /// Until then.
        until: Timestamp,
    },
    /// They may write again.
    Unmuted,
    /// They have another role.
    Role {
        /// It.
        role: Role,
    },
}

/// What changed about a room; `None` stayed as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomChange {
    /// What it is about.
    pub topic: Option<String>,
    /// Who may read it.
    pub visibility: Option<Visibility>,
    /// Seconds between two messages of one person; 0 for none.
    pub slow_mode: Option<i64>,
}
