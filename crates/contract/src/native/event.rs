//! An event as this contract shows it, over HTTP, on the live socket and in a stream alike.

use parlour_model::{Author, Event, EventBody, MemberChange, Reaction, RoomChange, Seq, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::live::microseconds;

/// One entry of a room's log.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = Event)]
pub(crate) enum EventShape<'a> {
    /// Somebody wrote. It shows what it reads now.
    Message {
        seq: Seq,
        at: String,
        author: Name<'a>,
        text: &'a str,
        #[schema(required)]
        key: Option<&'a str>,
        #[schema(required)]
        reply_to: Option<Seq>,
        #[schema(required)]
        edited_at: Option<String>,
        reactions: Vec<ReactionShape<'a>>,
    },
    /// A message got another text.
    Edited {
        seq: Seq,
        at: String,
        #[schema(required)]
        by: Option<Name<'a>>,
        target: Seq,
        text: &'a str,
    },
    /// A message was taken away.
    Deleted {
        seq: Seq,
        at: String,
        #[schema(required)]
        by: Option<Name<'a>>,
        target: Seq,
    },
    /// Somebody reacted to a message.
    Reacted {
        seq: Seq,
        at: String,
        #[schema(required)]
        by: Option<Name<'a>>,
        target: Seq,
        emoji: &'a str,
    },
    /// Somebody took a reaction back.
    Unreacted {
        seq: Seq,
        at: String,
        #[schema(required)]
        by: Option<Name<'a>>,
        target: Seq,
        emoji: &'a str,
    },
    /// Somebody's standing in the room changed.
    Member {
        seq: Seq,
        at: String,
        #[schema(required)]
        by: Option<Name<'a>>,
        subject: Name<'a>,
        /// `joined`, `left`, `removed`, `banned`, `unbanned`, `muted`, `unmuted` or `role`.
        change: &'static str,
        #[schema(required)]
        role: Option<&'static str>,
        #[schema(required)]
        until: Option<String>,
    },
    /// The room itself changed; what is null stayed as it was.
    Room {
        seq: Seq,
        at: String,
        #[schema(required)]
        by: Option<Name<'a>>,
        #[schema(required)]
        topic: Option<&'a str>,
        #[schema(required)]
        visibility: Option<&'static str>,
        #[schema(required)]
        slow_mode: Option<i64>,
    },
    /// Something was here and is gone.
    Erased { seq: Seq, at: String },
}

/// Somebody, in few words.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = Name)]
pub(crate) struct Name<'a> {
    id: i64,
    username: &'a str,
}

/// One emoji on a message.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Reaction)]
pub(crate) struct ReactionShape<'a> {
    emoji: &'a str,
    /// How many people reacted with it.
    count: usize,
    /// The first of them, at most 20.
    by: Vec<i64>,
}

impl<'a> EventShape<'a> {
    /// An event in this contract's words.
    pub(crate) fn of(event: &'a Event) -> Self {
        let (seq, at) = (event.seq, microseconds(event.at));
        match &event.body {
            EventBody::Message { author, text, key, added } => Self::Message {
                seq,
                at,
                author: Name::of(author),
                text,
                key: key.as_deref(),
                reply_to: added.as_ref().and_then(|added| added.reply_to),
                edited_at: added.as_ref().and_then(|added| added.edited_at).map(microseconds),
                reactions: added.iter().flat_map(|added| &added.reactions).map(ReactionShape::of).collect(),
            },
            EventBody::Edited { by, target, text } => {
                Self::Edited { seq, at, by: name(by.as_ref()), target: *target, text }
            }
            EventBody::Deleted { by, target } => Self::Deleted { seq, at, by: name(by.as_ref()), target: *target },
            EventBody::Reaction { by, target, emoji, withdrawn: false } => {
                Self::Reacted { seq, at, by: name(by.as_ref()), target: *target, emoji }
            }
            EventBody::Reaction { by, target, emoji, withdrawn: true } => {
                Self::Unreacted { seq, at, by: name(by.as_ref()), target: *target, emoji }
            }
            EventBody::Member { by, subject, change } => member(seq, at, by.as_ref(), subject, *change),
            EventBody::Room { by, change } => room(seq, at, by.as_ref(), change),
            EventBody::Erased => Self::Erased { seq, at },
        }
    }
}

fn member<'a>(
    seq: Seq,
    at: String,
    by: Option<&'a Author>,
    subject: &'a Author,
    change: MemberChange,
) -> EventShape<'a> {
    let until = |until: Timestamp| Some(microseconds(until));
    let (change, role, until) = match change {
        MemberChange::Joined => ("joined", None, None),
        MemberChange::Left => ("left", None, None),
        MemberChange::Removed => ("removed", None, None),
        MemberChange::Banned { until: at } => ("banned", None, at.and_then(until)),
        MemberChange::Unbanned => ("unbanned", None, None),
        MemberChange::Muted { until: at } => ("muted", None, until(at)),
        MemberChange::Unmuted => ("unmuted", None, None),
        MemberChange::Role { role } => ("role", Some(role.name()), None),
    };
    EventShape::Member { seq, at, by: name(by), subject: Name::of(subject), change, role, until }
}

fn room<'a>(seq: Seq, at: String, by: Option<&'a Author>, change: &'a RoomChange) -> EventShape<'a> {
    EventShape::Room {
        seq,
        at,
        by: name(by),
        topic: change.topic.as_deref(),
        visibility: change.visibility.map(parlour_model::Visibility::name),
        slow_mode: change.slow_mode,
    }
}

fn name(by: Option<&Author>) -> Option<Name<'_>> {
    by.map(Name::of)
}

impl<'a> Name<'a> {
    /// Somebody under the name they have now.
    pub(crate) fn of(author: &'a Author) -> Self {
        Self { id: author.id.0, username: &author.username }
    }
}

impl<'a> ReactionShape<'a> {
    fn of(reaction: &'a Reaction) -> Self {
        let by = reaction.by.iter().map(|account| account.0).collect();
        Self { emoji: &reaction.emoji, count: reaction.count, by }
    }
}

#[cfg(test)]
mod tests {
    use parlour_model::{AccountId, Added, Role, Visibility};
    use serde_json::{Value, json};

    use super::*;

    fn shown(body: EventBody) -> Value {
        let event = Event { seq: 17, at: Timestamp(1_764_323_265_137_360), body };
        serde_json::to_value(EventShape::of(&event)).expect("JSON")
    }

    fn ada() -> Author {
        Author { id: AccountId(12), username: "ada".to_owned() }
    }

    #[test]
    fn a_message_has_all_its_fields() {
        let at = "2025-11-28T09:47:45.137360Z";
        let author = json!({"id": 12, "username": "ada"});
        let plain = EventBody::message(ada(), "Hello".to_owned(), None);
        assert_eq!(
            shown(plain),
            json!({"seq": 17, "type": "message", "at": at, "author": author, "text": "Hello", "key": null,
                "reply_to": null, "edited_at": null, "reactions": []})
        );
        let reactions = vec![Reaction { emoji: "👍".to_owned(), count: 2, by: vec![AccountId(12), AccountId(14)] }];
        let added = Added { reply_to: Some(3), edited_at: Some(Timestamp(1_764_323_265_137_360)), reactions };
        let more = EventBody::Message {
            author: ada(),
            text: "Hi".to_owned(),
            key: Some("k1".to_owned()),
            added: Some(Box::new(added)),
        };
        assert_eq!(
            shown(more),
            json!({"seq": 17, "type": "message", "at": at, "author": author, "text": "Hi", "key": "k1", "reply_to": 3,
                "edited_at": at, "reactions": [{"emoji": "👍", "count": 2, "by": [12, 14]}]})
        );
    }

    #[test]
    fn whatever_else_happens_names_its_type() {
        let by = json!({"id": 12, "username": "ada"});
        let at = "2025-11-28T09:47:45.137360Z";
        let change = MemberChange::Role { role: Role::Moderator };
        assert_eq!(
            shown(EventBody::Member { by: None, subject: ada(), change }),
            json!({"seq": 17, "type": "member", "at": at, "by": null, "subject": by, "change": "role",
                "role": "moderator", "until": null})
        );
        let change = RoomChange { visibility: Some(Visibility::Private), ..RoomChange::default() };
        assert_eq!(
            shown(EventBody::Room { by: Some(ada()), change }),
            json!({"seq": 17, "type": "room", "at": at, "by": by, "topic": null, "visibility": "private",
                "slow_mode": null})
        );
        let withdrawn = EventBody::Reaction { by: Some(ada()), target: 3, emoji: "👍".to_owned(), withdrawn: true };
        assert_eq!(
            shown(withdrawn),
            json!({"seq": 17, "type": "unreacted", "at": at, "by": by, "target": 3, "emoji": "👍"})
        );
        assert_eq!(shown(EventBody::Erased), json!({"seq": 17, "type": "erased", "at": at}));
    }
}
