//! Somebody on the live socket who reads one room.

use serde_json::{Value, json};

use crate::http::PATIENCE;
use crate::socket::{Closed, Handshake, Socket};
use crate::town::Node;

/// A member or a guest who follows a room.
pub(crate) struct Reader {
    socket: Socket,
    room: &'static str,
    /// The answer to the last subscription.
    pub(crate) subscribed: Value,
}

impl Reader {
    pub(crate) async fn on(node: &Node, room: &'static str, token: Option<&str>) -> Self {
        let handshake = Handshake::new(node.address(), "GET", "/api/v2/live");
        let handshake = if let Some(token) = token { handshake.bearer(token) } else { handshake };
        let mut reader = Self { socket: handshake.connect().await, room, subscribed: Value::Null };
        reader.subscribe(&Value::Null).await;
        reader
    }

    /// Subscribes from a place on, or from now on.
    pub(crate) async fn subscribe(&mut self, since: &Value) {
        let mut request = json!({"type": "subscribe", "room": self.room, "id": 1});
        if !since.is_null() {
            request["since"] = since.clone();
        }
        self.socket.send(&request).await;
        self.subscribed = self.until("subscribed").await.unwrap();
    }

    /// The next frame of a type.
    pub(crate) async fn until(&mut self, kind: &str) -> Result<Value, Closed> {
        loop {
            let frame: Value = serde_json::from_str(&self.socket.next(PATIENCE).await?).unwrap();
            assert_ne!(frame["type"], "error", "{frame}");
            if frame["type"] == kind {
                return Ok(frame);
            }
        }
    }

    /// The text of the next message.
    pub(crate) async fn text(&mut self) -> String {
        let frame = self.until("event").await.unwrap();
        frame["event"]["text"].as_str().unwrap_or_else(|| panic!("{frame}")).to_owned()
    }

    /// Waits until the server ends the connection.
    pub(crate) async fn is_sent_away(&mut self) {
        while self.until("").await.is_ok() {}
    }
}
