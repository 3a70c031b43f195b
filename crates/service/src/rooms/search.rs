//! Searching what was said.

use parlour_model::{Event, EventBody, RoomName, words};
use parlour_store::Search;

use crate::Result;
use crate::app::App;
use crate::authenticate::Caller;
use crate::live::{index, is_admin};

/// The most words of a search that are looked at.
const MOST_WORDS: usize = 8;

/// About how many characters of a message are shown.
const SNIPPET: usize = 160;

/// How many of them stand before the word that was found.
const BEFORE: usize = 40;

/// A message that was found.
pub struct Found {
    /// Its room's name.
    pub room: String,
    /// The message.
    pub message: Event,
    /// A part of it with a word that was searched for.
    pub snippet: String,
}

impl App {
    /// Up to `limit` messages with words that begin like those of `query`, the newest first, of rooms that the caller is
    /// a member of and public ones, or of one room that they may read; and where the next ones begin, if there are more.
    ///
    /// # Errors
    /// What [`App::may_read`] refuses; [`crate::Error::Throttled`].
    pub async fn search(
        &self,
        caller: &Caller,
        query: &str,
        room: Option<&RoomName>,
        before: Option<i64>,
        limit: i64,
    ) -> Result<(Vec<Found>, Option<i64>)> {
        self.limits.message(caller.account.id)?;
        let room = match room {
            Some(room) => Some(self.readable(room, Some(caller)).await?),
            None => None,
        };
        let mut words = words(query);
        words.truncate(MOST_WORDS);
        if words.is_empty() {
            return Ok((Vec::new(), None));
        }
        let search = Search {
            words: words.clone(),
            room,
            viewer: caller.account.id,
            sees_private: room.is_some() && is_admin(caller),
            before: before.unwrap_or(i64::MAX),
            limit: limit.saturating_add(1),
            now: self.now(),
        };
        index::catch_up_a_little(self).await?;
        let mut hits = self.store.search(search).await?;
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = hits.len() > most;
        hits.truncate(most);
        let next = hits.last().filter(|_| has_more).map(|hit| hit.id);
        let places: Vec<_> = hits.iter().map(|hit| (hit.room, hit.seq)).collect();
        let messages = self.store.messages(&places).await?;
        let found = hits.into_iter().zip(messages).filter_map(|(hit, message)| {
            let message = message?;
            let snippet = snippet(&message, &words)?;
            Some(Found { room: hit.name, message, snippet })
        });
        Ok((found.collect(), next))
    }
}

/// A part of a message around the first word that was searched for. `None` when it has none any more: it was edited, and
/// the search does not know it yet.
fn snippet(message: &Event, sought: &[String]) -> Option<String> {
    let EventBody::Message { text, .. } = &message.body else { return None };
    let here = words(text);
    let is_there = |sought: &String| here.iter().any(|word| word.starts_with(sought.as_str()));
    if !sought.iter().all(is_there) {
        return None;
    }
    let is_sought =
        |piece: &&str| words(piece).iter().any(|word| sought.iter().any(|one| word.starts_with(one.as_str())));
    let found = text.split_whitespace().find(is_sought);
    // A part of `text` begins where its first byte lies.
    let at = found.map_or(0, |piece| piece.as_ptr().addr() - text.as_ptr().addr());
    let begin = text[..at].char_indices().rev().nth(BEFORE).map_or(0, |(index, _)| index);
    let rest = &text[begin..];
    let end = rest.char_indices().nth(SNIPPET).map_or(rest.len(), |(index, _)| index);
    let (before, after) = (if begin > 0 { "…" } else { "" }, if end < rest.len() { "…" } else { "" });
    Some(format!("{before}{}{after}", rest[..end].trim()))
}

#[cfg(test)]
mod tests {
    use parlour_model::{AccountId, Author, Timestamp};

    use super::*;

    #[test]
    fn a_snippet_is_short_and_shows_the_word() {
        let of = |text: &str, query: &str| {
            let author = Author { id: AccountId(1), username: "ada".to_owned() };
            let body = EventBody::message(author, text.to_owned(), None);
            snippet(&Event { seq: 1, at: Timestamp(0), body }, &words(query))
        };
        assert_eq!(of("two cups of Café", "cafe").as_deref(), Some("two cups of Café"));
        let long = format!("{} needle {}", "ä ".repeat(300), "ö ".repeat(300));
        let found = of(&long, "NEEDLE").expect("it is there");
        assert!(found.contains("needle") && found.starts_with('…') && found.ends_with('…'), "{found}");
        assert!(found.chars().count() <= SNIPPET + 2);
        assert_eq!(of("something else", "cafe"), None);
    }
}
