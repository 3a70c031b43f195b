//! Events as they are read: a room's log, its timeline, single messages.

use std::collections::HashMap;

use parlour_model::{
    AccountId, Added, Author, Event, EventBody, MemberChange, Reaction, RoomChange, RoomId, Seq, Timestamp,
};

use crate::database::{FromRow, Params, Row, Sql};
use crate::{Result, Store, params, sql};

/// What an event is read from: its row, the names that its people have now, and the message that an edit is about.
pub(crate) const EVENT_COLUMNS: &str = "event.seq, event.at, event.kind, event.text, event.client_key, \
     event.reply_to, event.edited_at, event.erased_at, event.reacted_at, event.target_seq, \
     author.id, author.username, subject.id, subject.username, target.text, target.author_id, target.erased_at";

/// Where [`EVENT_COLUMNS`] stand.
pub(crate) const EVENT_TABLES: &str = "event LEFT JOIN account AS author ON author.id = event.author_id \
     LEFT JOIN account AS subject ON subject.id = event.subject_id \
     LEFT JOIN event AS target ON event.kind = 'edited' AND target.room_id = event.room_id \
     AND target.seq = event.target_seq";

/// What makes a row a message that can be shown.
pub(crate) const IS_MESSAGE: &str =
    "event.kind = 'message' AND event.erased_at IS NULL AND event.author_id IS NOT NULL";

/// An event as its row has it, before its reactions are known.
pub(crate) struct Recorded {
    pub(crate) event: Event,
    /// Whether there are reactions to look for.
    reacted: bool,
}

/// Which messages of a timeline are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// The newest before this seq.
    Before(Seq),
    /// The oldest after this seq.
    After(Seq),
}

const ONE_MESSAGE: Sql = sql!(
    "SELECT ",
    EVENT_COLUMNS,
    " FROM ",
    EVENT_TABLES,
    " WHERE event.room_id = $1 AND event.seq = $2 AND ",
    IS_MESSAGE
);

impl Store {
    /// Up to `limit` events after `after`, in order, their authors under the names they have now.
    pub async fn history(&self, room: RoomId, after: Seq, limit: i64) -> Result<Vec<Event>> {
        let page = sql!(
            "SELECT ",
            EVENT_COLUMNS,
            " FROM ",
            EVENT_TABLES,
            " WHERE event.room_id = $1 AND event.seq > $2 ORDER BY event.seq LIMIT $3"
        );
        let recorded = self.db.all(page, params![room, after, limit]).await?;
        self.with_reactions(room, recorded).await
    }

    /// Up to `limit` messages of a span, the oldest first. What was taken away is none.
    pub async fn timeline(&self, room: RoomId, span: Span, limit: i64) -> Result<Vec<Event>> {
        let before = sql!(
            "SELECT ",
            EVENT_COLUMNS,
            " FROM ",
            EVENT_TABLES,
            " WHERE event.room_id = $1 AND event.seq < $2 AND ",
            IS_MESSAGE,
            " ORDER BY event.seq DESC LIMIT $3"
        );
        let after = sql!(
            "SELECT ",
            EVENT_COLUMNS,
            " FROM ",
            EVENT_TABLES,
            " WHERE event.room_id = $1 AND event.seq > $2 AND ",
            IS_MESSAGE,
            " ORDER BY event.seq LIMIT $3"
        );
        let recorded = match span {
            Span::Before(seq) => {
                let mut newest_first: Vec<Recorded> = self.db.all(before, params![room, seq, limit]).await?;
                newest_first.reverse();
                newest_first
            }
            Span::After(seq) => self.db.all(after, params![room, seq, limit]).await?,
        };
        self.with_reactions(room, recorded).await
    }

    /// One message; `None` for every other event, and when it was taken away.
    pub async fn message(&self, room: RoomId, seq: Seq) -> Result<Option<Event>> {
        let recorded: Option<Recorded> = self.db.get(ONE_MESSAGE, params![room, seq]).await?;
        Ok(self.with_reactions(room, recorded.into_iter().collect()).await?.pop())
    }

    /// Messages of several rooms, each as [`Store::message`] has it, in the order asked for.
    pub async fn messages(&self, places: &[(RoomId, Seq)]) -> Result<Vec<Option<Event>>> {
        let each: Vec<Params> = places.iter().map(|(room, seq)| params![*room, *seq]).collect();
        let found: Vec<Option<Recorded>> = self.db.get_each(ONE_MESSAGE, each).await?;
        let mut messages = Vec::with_capacity(found.len());
        for (recorded, (room, _)) in found.into_iter().zip(places) {
            messages.push(match recorded {
                Some(recorded) if recorded.reacted => self.with_reactions(*room, vec![recorded]).await?.pop(),
                recorded => recorded.map(|recorded| recorded.event),
            });
        }
        Ok(messages)
    }

    /// Events of one room in the order of its log, with the reactions to those that have any: one more read, if any.
    async fn with_reactions(&self, room: RoomId, recorded: Vec<Recorded>) -> Result<Vec<Event>> {
        let reacted = || recorded.iter().filter(|one| one.reacted).map(|one| one.event.seq);
        let (Some(first), Some(last)) = (reacted().next(), reacted().next_back()) else {
            return Ok(recorded.into_iter().map(|one| one.event).collect());
        };
        let rows: Vec<ReactionRow> = self.db.all(REACTIONS, params![room, first, last]).await?;
        let mut reactions = gathered(rows);
        let with = |mut one: Recorded| {
            if let (EventBody::Message { added, .. }, Some(found)) =
                (&mut one.event.body, reactions.remove(&one.event.seq))
            {
                added.get_or_insert_default().reactions = found;
            }
            one.event
        };
        Ok(recorded.into_iter().map(with).collect())
    }
}

/// Of each emoji how many reacted, and the first [`Reaction::MOST_NAMED`] of them; the first emoji first.
const REACTIONS: Sql = sql!(
    "SELECT seq, emoji, total, account_id FROM (SELECT seq, emoji, account_id, \
     COUNT(*) OVER (PARTITION BY seq, emoji) AS total, MIN(at) OVER (PARTITION BY seq, emoji) AS since, \
     ROW_NUMBER() OVER (PARTITION BY seq, emoji ORDER BY at, account_id) AS place \
     FROM reaction WHERE room_id = $1 AND seq >= $2 AND seq <= $3) AS placed \
     WHERE place <= 20 ORDER BY seq, since, emoji, place"
);

type ReactionRow = (Seq, String, i64, AccountId);

fn gathered(rows: Vec<ReactionRow>) -> HashMap<Seq, Vec<Reaction>> {
    let mut reactions: HashMap<Seq, Vec<Reaction>> = HashMap::new();
    for (seq, emoji, total, account) in rows {
        let on_this = reactions.entry(seq).or_default();
        if let Some(last) = on_this.last_mut().filter(|last| last.emoji == emoji) {
            last.by.push(account);
            continue;
        }
        let count = usize::try_from(total).unwrap_or(usize::MAX);
        on_this.push(Reaction { emoji, count, by: vec![account] });
    }
    reactions
}

/// The columns of [`EVENT_COLUMNS`] behind the seq and the time.
struct Parts {
    kind: String,
    text: String,
    key: Option<String>,
    reply_to: Option<Seq>,
    edited_at: Option<Timestamp>,
    erased_at: Option<Timestamp>,
    target: Option<Seq>,
    author: Option<Author>,
    subject: Option<Author>,
    /// The text that the message of an edit has now; `None` when it is gone.
    target_text: Option<String>,
}

impl Parts {
    /// What happened. What a later program wrote and this one does not know is a place without anything in it.
    fn body(self) -> EventBody {
        let body = match self.kind.as_str() {
            "message" => self.message(),
            "edited" => self.edited(),
            "deleted" => self.target.map(|target| EventBody::Deleted { by: self.author, target }),
            "reacted" | "unreacted" => self.target.map(|target| EventBody::Reaction {
                by: self.author,
                target,
                emoji: self.text,
                withdrawn: self.kind == "unreacted",
            }),
            "member" => {
                let change = serde_json::from_str::<MemberChange>(&self.text).ok();
                let known = self.subject.zip(change);
                known.map(|(subject, change)| EventBody::Member { by: self.author, subject, change })
            }
            "room" => {
                let change = serde_json::from_str::<RoomChange>(&self.text).ok();
                change.map(|change| EventBody::Room { by: self.author, change })
            }
            _ => None,
        };
        body.unwrap_or(EventBody::Erased)
    }

    fn message(self) -> Option<EventBody> {
        let author = self.author.filter(|_| self.erased_at.is_none())?;
        let (reply_to, edited_at) = (self.reply_to, self.edited_at);
        let has_more = reply_to.is_some() || edited_at.is_some();
        let added = has_more.then(|| Box::new(Added { reply_to, edited_at, reactions: Vec::new() }));
        Some(EventBody::Message { author, text: self.text, key: self.key, added })
    }

    fn edited(self) -> Option<EventBody> {
        Some(EventBody::Edited { by: self.author, target: self.target?, text: self.target_text? })
    }
}

impl FromRow for Recorded {
    fn from_row(row: &mut Row<'_>) -> Result<Self> {
        let (seq, at) = (row.take()?, row.take()?);
        let (kind, text, key, reply_to) = (row.take()?, row.take()?, row.take()?, row.take()?);
        let (edited_at, erased_at) = (row.take()?, row.take()?);
        let reacted_at: Option<Timestamp> = row.take()?;
        let (target, author, subject) = (row.take()?, person(row)?, person(row)?);
        let (target_text, target_author): (Option<String>, Option<AccountId>) = (row.take()?, row.take()?);
        let target_erased: Option<Timestamp> = row.take()?;
        let target_text = target_text.filter(|_| target_author.is_some() && target_erased.is_none());
        let parts = Parts { kind, text, key, reply_to, edited_at, erased_at, target, author, subject, target_text };
        let body = parts.body();
        let reacted = reacted_at.is_some() && matches!(body, EventBody::Message { .. });
        Ok(Self { event: Event { seq, at, body }, reacted })
    }
}

fn person(row: &mut Row<'_>) -> Result<Option<Author>> {
    let id: Option<AccountId> = row.take()?;
    let username: Option<String> = row.take()?;
    Ok(id.zip(username).map(|(id, username)| Author { id, username }))
}
