//! A guest on the live socket who watches who comes and goes.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;

use crate::http::PATIENCE;
use crate::socket::{Handshake, Socket};
use crate::town::Node;

/// Somebody who only looks.
pub(crate) struct Watcher {
    socket: Socket,
    /// Who was there at the beginning.
    present: Vec<String>,
    /// How many that were, listed or not.
    count: u64,
}

impl Watcher {
    /// In a room where something was said, when these people are there: a socket is open before its seat is taken, and
    /// other nodes hear of it a moment later.
    pub(crate) async fn when(node: &Node, room: &str, people: &[&str]) -> Self {
        Self::once(node, room, |watcher| watcher.present == people).await
    }

    /// When so many people are there.
    pub(crate) async fn when_many(node: &Node, room: &str, count: u64) -> Self {
        Self::once(node, room, |watcher| watcher.count == count).await
    }

    async fn once(node: &Node, room: &str, holds: impl Fn(&Self) -> bool) -> Self {
        let watching = async {
            loop {
                let watcher = Self::of(node, room).await;
                if holds(&watcher) {
                    return watcher;
                }
                // sleep: polls what several processes do.
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, watching).await.expect("these people are never there")
    }

    async fn of(node: &Node, room: &str) -> Self {
        let mut socket = Handshake::new(node.address(), "GET", "/api/v2/live").connect().await;
        socket.send(&json!({"type": "subscribe", "room": room, "id": 1})).await;
        let mut watcher = Self { socket, present: Vec::new(), count: 0 };
        let subscribed = watcher.next("subscribed").await;
        let people = subscribed["present"]["people"].as_array().unwrap();
        watcher.present = people.iter().map(|one| one["username"].as_str().unwrap().to_owned()).collect();
        watcher.present.sort();
        watcher.count = subscribed["present"]["count"].as_u64().unwrap();
        watcher
    }

    /// The next frame of a type.
    async fn next(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.frame().await;
            assert_ne!(frame["type"], "error", "{frame}");
            if frame["type"] == kind {
                return frame;
            }
        }
    }

    async fn frame(&mut self) -> Value {
        let text = self.socket.next(PATIENCE).await.unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// What happens to people until somebody has come or gone: `joined ada`, `left bob`.
    pub(crate) async fn until(&mut self, last: &str) -> Vec<String> {
        let mut seen = Vec::new();
        while seen.last().is_none_or(|seen| seen != last) {
            let frame = self.frame().await;
            let kind = frame["type"].as_str().unwrap();
            if matches!(kind, "joined" | "left") {
                seen.push(format!("{kind} {}", frame["person"]["username"].as_str().unwrap()));
            }
        }
        seen
    }
}
