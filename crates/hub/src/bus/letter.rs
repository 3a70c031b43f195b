//! A hint on its way to another node: one JSON object, with the version of its form and with who sent it.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::hint::{Hint, NodeId};

/// The form of letters. A later one is for a change that older nodes would read wrongly; what they cannot read at all, such
/// as another kind of hint, they drop.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Written<'a> {
    v: u32,
    node: NodeId,
    hint: &'a Hint,
}

#[derive(Deserialize)]
struct Read {
    v: u32,
    node: NodeId,
    hint: Hint,
}

/// Writes a letter.
pub(super) fn write(node: NodeId, hint: &Hint) -> Bytes {
    // A hint is made of texts, numbers and lists, which always have a JSON.
    serde_json::to_vec(&Written { v: VERSION, node, hint }).unwrap_or_default().into()
}

/// Reads a letter; `None` when it is broken, or of a version with other hints.
pub(super) fn read(letter: &[u8]) -> Option<(NodeId, Hint)> {
    let Read { v, node, hint } = serde_json::from_slice(letter).ok()?;
    (v == VERSION).then_some((node, hint))
}

#[cfg(test)]
mod tests {
    use parlour_model::{
        AccountId, Added, Author, Epoch, Event, EventBody, MemberChange, Reaction, RoomChange, RoomId, RoomName,
        Timestamp,
    };
    use proptest::prelude::*;

    use super::super::hint::{Change, Control, Presence, Published};
    use super::*;
    use crate::farewell::PutOut;
    use crate::note::Note;

    const NODE: NodeId = NodeId(0xabc);

    fn ada() -> Author {
        Author { id: AccountId(i64::MAX), username: "Ädä \"\\".to_owned() }
    }

    fn bodies() -> Vec<EventBody> {
        let by = Some(ada());
        let reactions = vec![Reaction { emoji: "👍".to_owned(), count: 3, by: vec![AccountId(1)] }];
        let added = Added { reply_to: Some(1), edited_at: Some(Timestamp(2)), reactions };
        let change = RoomChange { topic: Some("tea".to_owned()), ..RoomChange::default() };
        vec![
            EventBody::message(ada(), "hello\n\u{1f600}".to_owned(), Some("k".to_owned())),
            EventBody::Message { author: ada(), text: String::new(), key: None, added: Some(Box::new(added)) },
            EventBody::Edited { by: by.clone(), target: 1, text: "x".to_owned() },
            EventBody::Deleted { by: None, target: 1 },
            EventBody::Reaction { by: by.clone(), target: 1, emoji: "👍".to_owned(), withdrawn: true },
            EventBody::Member { by: by.clone(), subject: ada(), change: MemberChange::Banned { until: None } },
            EventBody::Room { by, change },
            EventBody::Erased,
        ]
    }

    fn hints() -> Vec<Hint> {
        let room = || RoomName::parse("Tea & \"cake\"").expect("a name");
        let events = (1..).zip(bodies()).map(|(seq, body)| Event { seq, at: Timestamp(seq), body }).collect();
        let (account, id) = (AccountId(1), AccountId(1));
        let published = Published { room: room(), head_id: RoomId(7), epoch: Epoch(2), events };
        let published = Hint::Published(published);
        let people = vec![ada()];
        let changes = vec![Change::Here(ada()), Change::Gone(id)];
        vec![
            published.shortened().expect("it has a last one"),
            published,
            Hint::Expelled { room: room(), account, why: PutOut::Banned },
            Hint::TurnedOut { room: room(), why: PutOut::Deleted, stay: vec![id] },
            Hint::Noted { account, note: Note::Read { room: room(), seq: 7 } },
            Hint::Noted { account, note: Note::Me },
            Hint::Typing { room: room(), author: ada() },
            Hint::Control(Control::Written(7)),
            Hint::Control(Control::Heeded(7)),
            Hint::Control(Control::Look),
            Hint::Presence(Presence::Beat { beat: 7, heeded: 8 }),
            Hint::Presence(Presence::Leaving),
            Hint::Presence(Presence::Changed { room: room(), since: 1, version: u64::MAX, changes }),
            Hint::Presence(Presence::Everybody { room: room(), version: 7, part: 0, parts: 2, people }),
            Hint::Presence(Presence::WhoIsHere { room: room(), of: Some(NODE) }),
        ]
    }

    #[test]
    fn every_hint_is_read_as_it_was_written() {
        for hint in hints() {
            let letter = write(NODE, &hint);
            assert!(!letter.contains(&b'\n'), "a letter is one line");
            assert_eq!(read(&letter), Some((NODE, hint)));
        }
    }

    #[test]
    fn what_others_have_added_is_passed_over_and_what_is_unknown_is_dropped() {
        let beat = r#"{"beat":1,"heeded":0,"mood":"good"}"#;
        let plain =
            format!(r#"{{"v":1,"node":"0000000000000abc","hint":{{"presence":{{"beat":{beat}}}}},"since":"2.0"}}"#);
        assert_eq!(read(plain.as_bytes()), Some((NODE, Hint::Presence(Presence::Beat { beat: 1, heeded: 0 }))));
        assert_eq!(read(plain.replace("\"v\":1", "\"v\":2").as_bytes()), None);
        assert_eq!(read(plain.replace("presence", "weather").as_bytes()), None);
        assert_eq!(
            read(br#"{"v":1,"node":"abc","hint":{"typing":{"room":"","author":{"id":1,"username":"a"}}}}"#),
            None
        );
    }

    proptest! {
        #[test]
        fn no_bytes_are_a_panic(bytes: Vec<u8>, cut in 0..2_000_usize, at in 0..2_000_usize, byte: u8) {
            let _ = read(&bytes);
            for hint in hints() {
                let mut letter = write(NODE, &hint).to_vec();
                let length = letter.len();
                letter[at % length] = byte;
                letter.truncate(cut);
                let _ = read(&letter);
            }
        }
    }
}
