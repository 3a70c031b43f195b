//! A connection that follows rooms as it is told to, and says what it hears with the room's name.

use std::sync::Arc;

use bytes::Bytes;
use parlour_hub::{
    Announcer, Connection, Conversation, Encoder, Ended, Flow, Followers, Found, Here, Hub, NewFollower, Note, Turn,
};
use parlour_model::{Author, Epoch, Event, RoomName, Seq, Timestamp};
use parlour_websocket::CloseCode;

use crate::actor::{Actor, Over};
use crate::lines::Way;
use crate::support::{Plain, World};

/// Says of everything where it happened.
pub(crate) struct Named;

impl Encoder for Named {
    fn event(&self, here: Here<'_>, event: &Event) -> Option<String> {
        Plain.event(here, event).map(|text| format!("{} {text}", here.room))
    }

    fn joined(&self, here: Here<'_>, who: &Author, at: Timestamp) -> Option<String> {
        Plain.joined(here, who, at).map(|text| format!("{} {text}", here.room))
    }

    fn left(&self, here: Here<'_>, who: &Author, at: Timestamp) -> Option<String> {
        Plain.left(here, who, at).map(|text| format!("{} {text}", here.room))
    }

    fn typing(&self, here: Here<'_>, who: &Author) -> Option<String> {
        Some(format!("{} typing {}", here.room, who.username))
    }
}

/// Announces in plain words.
struct Crier;

impl Announcer for Crier {
    fn ended(&self, room: &str, why: Ended) -> String {
        match why {
            Ended::PutOut(why) => format!("{room} over {}", why.word()),
            Ended::Resume => format!("{room} over resume"),
        }
    }

    fn note(&self, note: &Note) -> String {
        match note {
            Note::Read { room, seq } => format!("read {room} {seq}"),
            note => format!("changed {note:?}"),
        }
    }

    fn expiring(&self, at: Timestamp) -> String {
        format!("expiring {}", at.seconds())
    }

    fn goodbye(&self, _: CloseCode, reason: &str) -> Option<String> {
        (!reason.is_empty()).then(|| format!("bye {reason}"))
    }
}

/// Does as it is told: `follow den`, `follow den 0 7`, `leave den`, `bye`; everything else it repeats.
struct Guide {
    hub: Hub,
    connection: Arc<Connection>,
    followers: Followers,
    person: Option<Author>,
}

impl Guide {
    async fn follow(&self, room: &str, since: Option<(Epoch, Seq)>, turn: Turn) {
        let new = NewFollower { person: self.person.clone(), encoder: &Named, since, most_people: 200 };
        let room = RoomName::parse(room).unwrap();
        let (follower, found) = self.hub.follow(&room, &self.connection, new).await.unwrap();
        turn.settle(Flow::Reply(words(&found)));
        if let Err(refused) = self.followers.add(follower) {
            self.followers.say(format!("{refused:?}"));
        }
    }
}

fn words(found: &Found) -> String {
    let mut names: Vec<_> = found.people.iter().map(|who| who.username.as_str()).collect();
    names.sort_unstable();
    let Found { room, epoch, seq, recovered, count, .. } = found;
    format!("following {room} {} {seq} {recovered} {count}:{}", epoch.0, names.join(","))
}

impl Conversation for Guide {
    async fn text(&mut self, text: String, turn: Turn) {
        let words: Vec<_> = text.split(' ').collect();
        match words[..] {
            ["follow", room] => self.follow(room, None, turn).await,
            ["follow", room, epoch, seq] => {
                let since = (Epoch(epoch.parse().unwrap()), seq.parse().unwrap());
                self.follow(room, Some(since), turn).await;
            }
            ["leave", room] => {
                let was_followed = self.followers.remove(&RoomName::parse(room).unwrap());
                turn.settle(Flow::Reply(format!("left it: {was_followed}")));
            }
            ["bye"] => turn.settle(Flow::Close(CloseCode::POLICY, "as you wish".to_owned())),
            _ => turn.settle(Flow::Reply(text)),
        }
    }

    async fn binary(&mut self, _: Bytes, turn: Turn) {
        turn.settle(Flow::Go);
    }
}

impl World {
    /// A connection that follows nothing yet.
    pub(crate) async fn guide(&self, way: Way, person: Option<Author>) -> (Actor, Followers) {
        self.guide_on(way, person, self.connect()).await
    }

    pub(crate) async fn guide_on(&self, way: Way, person: Option<Author>, on: Connection) -> (Actor, Followers) {
        let (connection, (socket, stream)) = (Arc::new(on), way.open().await);
        let followers = Followers::new(&connection, Crier);
        let guide =
            Guide { hub: self.hub.clone(), connection: connection.clone(), followers: followers.clone(), person };
        let served = self.hub.converse_following(socket, connection, followers.clone(), guide);
        (Actor::new(stream, tokio::spawn(served)), followers)
    }

    /// One that follows the world's room, and has been told so.
    pub(crate) async fn follower(&self, way: Way, person: Option<Author>, since: Option<(i64, Seq)>) -> Actor {
        let (mut actor, _) = self.guide(way, person).await;
        actor.follow(self.room.as_str(), since).await.unwrap();
        actor
    }
}

impl Actor {
    /// Asks to follow a room and waits for the answer.
    pub(crate) async fn follow(&mut self, room: &str, since: Option<(i64, Seq)>) -> Result<String, Over> {
        let since = since.map_or_else(String::new, |(epoch, seq)| format!(" {epoch} {seq}"));
        self.wire.say(&format!("follow {room}{since}")).await;
        let answer = format!("following {room} ");
        loop {
            self.next().await?;
            if let Some(last) = self.heard.last().filter(|text| text.starts_with(&answer)) {
                return Ok(last.clone());
            }
        }
    }

    /// The events of a room that came.
    pub(crate) fn seqs_in(&self, room: &str) -> Vec<Seq> {
        self.heard.iter().filter_map(|text| seq_in(room, text)).collect()
    }

    /// Reads until an event of a room has come.
    pub(crate) async fn read_to_in(&mut self, room: &str, seq: Seq) -> Result<(), Over> {
        while self.heard.iter().rev().find_map(|text| seq_in(room, text)).is_none_or(|last| last < seq) {
            self.next().await?;
        }
        Ok(())
    }
}

fn seq_in(room: &str, text: &str) -> Option<Seq> {
    text.strip_prefix(room)?.strip_prefix(' ')?.split(' ').next()?.parse().ok()
}
