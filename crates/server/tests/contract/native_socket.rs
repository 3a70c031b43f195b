//! Somebody on the live socket of `native`: asks, hears, and keeps what came in between.

use serde_json::{Value, json};

use crate::harness::Server;
use crate::native_people::{Person, person};
use crate::socket::{Closed, Socket, WAIT};
use crate::sockets;

pub(crate) const LIVE: &str = "/api/v2/live";

/// Somebody on the live socket.
pub(crate) struct Live {
    pub(crate) socket: Socket,
    /// What came unasked and has not been looked at.
    waiting: Vec<Value>,
    asked: u64,
}

impl Live {
    /// Somebody with a token, greeted.
    pub(crate) async fn of(server: &Server, person: &Person) -> Self {
        let mut live = Self::on(server.socket(LIVE).bearer(&person.token).connect().await);
        let welcome = live.next().await;
        assert_eq!((&welcome["type"], &welcome["account"]["id"]), (&json!("welcome"), &json!(person.id)), "{welcome}");
        live
    }

    /// A guest.
    pub(crate) async fn guest(server: &Server) -> Self {
        Self::on(server.socket(LIVE).connect().await)
    }

    pub(crate) fn on(socket: Socket) -> Self {
        Self { socket, waiting: Vec::new(), asked: 0 }
    }

    /// Asks, and gives back the answer.
    pub(crate) async fn ask(&mut self, mut request: Value) -> Value {
        self.asked += 1;
        request["id"] = json!(self.asked);
        sockets::check("live", "said", &request);
        self.socket.send(&request).await;
        self.answer(self.asked).await
    }

    /// Waits for the answer to a request.
    pub(crate) async fn answer(&mut self, id: u64) -> Value {
        loop {
            let frame = self.receive().await;
            if frame["id"] == json!(id) {
                return frame;
            }
            assert_eq!(frame.get("id").filter(|id| !id.is_null()), None, "an answer to something else: {frame}");
            self.waiting.push(frame);
        }
    }

    /// Asks for what is refused, and gives back the problem's word.
    pub(crate) async fn refused(&mut self, request: Value) -> String {
        let answer = self.ask(request).await;
        assert_eq!(answer["type"], "error", "{answer}");
        word(&answer)
    }

    /// What comes next unasked.
    pub(crate) async fn next(&mut self) -> Value {
        if self.waiting.is_empty() { self.receive().await } else { self.waiting.remove(0) }
    }

    /// The next frame, which is as the server describes it.
    async fn receive(&mut self) -> Value {
        let frame = self.socket.receive().await;
        sockets::check("live", "told", &frame);
        frame
    }

    /// The next event of a room's log, whatever else comes before it.
    pub(crate) async fn event(&mut self) -> Value {
        self.told("event").await["event"].take()
    }

    /// The next of a type.
    pub(crate) async fn told(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.next().await;
            if frame["type"] == kind {
                return frame;
            }
        }
    }

    pub(crate) async fn subscribe(&mut self, room: &str, since: Option<(&str, i64)>) -> Value {
        let mut request = json!({"type": "subscribe", "room": room});
        if let Some((epoch, seq)) = since {
            request["since"] = json!({"epoch": epoch, "seq": seq});
        }
        let answer = self.ask(request).await;
        assert_eq!(answer["type"], "subscribed", "{answer}");
        answer
    }

    pub(crate) async fn post(&mut self, room: &str, text: &str, key: &str) -> Value {
        let answer = self.ask(json!({"type": "post", "room": room, "text": text, "key": key})).await;
        assert_eq!(answer["type"], "posted", "{answer}");
        answer
    }

    /// What comes until the end, and how it came.
    pub(crate) async fn end(&mut self) -> (Vec<Value>, Closed) {
        let mut rest = std::mem::take(&mut self.waiting);
        loop {
            match self.socket.next(WAIT).await {
                Ok(text) => rest.push(serde_json::from_str(&text).unwrap()),
                Err(closed) => return (rest, closed),
            }
        }
    }
}

/// Somebody who has written the first message of a room.
pub(crate) async fn ada_in(server: &Server, room: &str) -> (Person, Live) {
    let ada = person(server, "ada").await;
    first_words(server, &ada, room).await;
    let live = Live::of(server, &ada).await;
    (ada, live)
}

/// A room that nobody has written in is not there yet.
pub(crate) async fn first_words(server: &Server, who: &Person, room: &str) {
    let path = format!("/api/v1/rooms/{room}/messages/ws");
    let mut socket = server.socket(&path).bearer(&who.token).connect().await;
    socket.ask(&json!({"text": "first"})).await;
    socket.close().await;
}

/// The word of a problem.
pub(crate) fn word(answer: &Value) -> String {
    let kind = answer["problem"]["type"].as_str().unwrap();
    kind.strip_prefix("/docs#").unwrap().to_owned()
}
