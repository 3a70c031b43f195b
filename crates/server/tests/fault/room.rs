//! A room of the `rooms` contract as its members see it.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::http::PATIENCE;
use crate::socket::{Closed, Handshake, Socket};

/// A message as the room has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) id: u64,
    pub(crate) key: Option<String>,
    pub(crate) sender: String,
    pub(crate) text: String,
}

impl Message {
    fn of_frame(frame: &Value) -> Self {
        let [message] = frame.as_array().unwrap().as_slice() else { panic!("not one message: {frame}") };
        Self {
            id: message["id"].as_u64().unwrap(),
            key: message["key"].as_str().map(str::to_owned),
            sender: message["sender"]["username"].as_str().unwrap().to_owned(),
            text: message["text"].as_str().unwrap().to_owned(),
        }
    }
}

/// A seat in a room.
pub(crate) struct Seat {
    pub(crate) socket: Socket,
}

impl Seat {
    /// A seat whose history begins after message `since`; without `since` it hears only what is new.
    pub(crate) async fn take(address: SocketAddr, room: &str, token: &str, since: Option<u64>) -> io::Result<Self> {
        let since = since.map_or_else(String::new, |since| format!("?since={since}"));
        let path = format!("/api/v1/rooms/{room}/messages/ws{since}");
        let handshake = Handshake::new(address, "GET", &path).subprotocols(&[token]);
        match handshake.try_attempt().await? {
            Ok((socket, _)) => Ok(Self { socket }),
            Err(refusal) => panic!("no seat: {refusal:?}"),
        }
    }

    pub(crate) async fn hear(&mut self) -> Result<Message, Closed> {
        let text = self.socket.next(PATIENCE).await?;
        Ok(Message::of_frame(&serde_json::from_str(&text).unwrap()))
    }

    /// Says something under a key, without waiting for it to be heard.
    pub(crate) async fn say(&mut self, text: &str, key: &str) {
        self.socket.send(&json!({"text": text, "key": key})).await;
    }

    /// Says something and hears it back, which is how a room acknowledges.
    pub(crate) async fn post(&mut self, text: &str, key: &str) -> Result<Message, Closed> {
        self.say(text, key).await;
        loop {
            let heard = self.hear().await?;
            if heard.key.as_deref() == Some(key) {
                return Ok(heard);
            }
        }
    }
}

/// All that was ever said in a room, up to a message that is posted here under `key` to mark the end.
///
/// # Panics
/// When the numbers are not 1, 2, 3 and so on, or a key is there twice.
pub(crate) async fn history(address: SocketAddr, room: &str, token: &str, key: &str) -> Vec<Message> {
    let mut seat = Seat::take(address, room, token, Some(0)).await.unwrap();
    seat.say("the end", key).await;
    let mut said = Vec::new();
    loop {
        let message = seat.hear().await.unwrap();
        let last = message.key.as_deref() == Some(key);
        said.push(message);
        if last {
            break;
        }
    }
    assert_whole(&said);
    said
}

fn assert_whole(said: &[Message]) {
    let mut keys = HashMap::new();
    for (id, message) in (1..).zip(said) {
        assert_eq!(message.id, id, "the numbers have a gap or a repeat");
        if let Some(first) = message.key.as_ref().and_then(|key| keys.insert(key.clone(), id)) {
            panic!("one key made messages {first} and {id}");
        }
    }
}
