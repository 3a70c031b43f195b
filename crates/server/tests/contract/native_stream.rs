//! `native`: one room as Server-Sent Events.

use serde_json::{Value, json};

use crate::harness::Server;
use crate::http::{Connection, Request, Response};
use crate::native_people::problem;
use crate::native_socket::ada_in;

const STREAM: &str = "/api/v2/rooms/tea/stream";

/// One event of a stream.
#[derive(Debug)]
struct Told {
    id: Option<String>,
    kind: String,
    data: Value,
}

/// Somebody who reads a stream.
struct Reader {
    connection: Connection,
    head: Response,
    text: String,
}

impl Reader {
    async fn open(request: Request) -> Self {
        let mut connection = request.open().await;
        let head = connection.head().await.unwrap();
        assert_eq!(head.status, 200, "{head:?}");
        assert_eq!(head.header("content-type"), Some("text/event-stream"));
        assert_eq!(head.header("cache-control"), Some("no-store"));
        Self { connection, head, text: String::new() }
    }

    /// The next event; comments are passed over. `None` at the end.
    async fn next(&mut self) -> Option<Told> {
        loop {
            while let Some(end) = self.text.find("\n\n") {
                let told = Told::of(&self.text.drain(..end + 2).collect::<String>());
                if told.is_some() {
                    return told;
                }
            }
            self.text.push_str(&self.connection.chunk().await?);
        }
    }
}

impl Told {
    fn of(event: &str) -> Option<Self> {
        let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        let data = serde_json::from_str(field("data")?).unwrap();
        Some(Self { id: field("id").map(str::to_owned), kind: field("event")?.to_owned(), data })
    }
}

/// Proves: native.stream.events, native.stream.resume
#[tokio::test]
async fn a_stream_tells_what_the_socket_would_and_resumes() {
    let server = Server::start().await;
    let (ada, mut live) = ada_in(&server, "tea").await;
    let mut reader = Reader::open(server.get(STREAM)).await;
    assert_eq!(reader.head.header("x-accel-buffering"), Some("no"));
    let begin = reader.next().await.unwrap();
    let epoch = begin.data["epoch"].as_str().unwrap().to_owned();
    assert_eq!((begin.kind.as_str(), begin.id), ("subscribed", Some(format!("{epoch}.1"))));
    assert_eq!((&begin.data["type"], &begin.data["room"]), (&json!("subscribed"), &json!("tea")));
    live.post("tea", "line\nbreak", "k1").await;
    let told = reader.next().await.unwrap();
    assert_eq!((told.kind.as_str(), told.id.as_deref()), ("event", Some(format!("{epoch}.2").as_str())));
    assert_eq!((&told.data["type"], &told.data["event"]["text"]), (&json!("event"), &json!("line\nbreak")));
    live.subscribe("tea", None).await;
    let told = reader.next().await.unwrap();
    assert_eq!((told.kind.as_str(), told.id, &told.data["person"]["id"]), ("joined", None, &json!(ada.id)));
    drop(reader);
    live.post("tea", "missed", "k2").await;
    live.ask(json!({"type": "react", "room": "tea", "seq": 2, "emoji": "👍"})).await;
    let by_address = server.get(&format!("{STREAM}?since={epoch}.2"));
    let by_header = server.get(&format!("{STREAM}?since={epoch}.1")).header("Last-Event-ID", &format!("{epoch}.2"));
    for request in [by_address, by_header] {
        let mut reader = Reader::open(request).await;
        let begin = reader.next().await.unwrap();
        assert_eq!((&begin.data["recovered"], begin.id), (&json!(true), Some(format!("{epoch}.2"))));
        for (seq, kind) in [(3, "message"), (4, "reacted")] {
            let told = reader.next().await.unwrap();
            assert_eq!((told.id, &told.data["event"]["type"]), (Some(format!("{epoch}.{seq}")), &json!(kind)));
        }
    }
    let mut late = Reader::open(server.get(&format!("{STREAM}?since=7.2"))).await;
    assert_eq!(late.next().await.unwrap().data["recovered"], false);
}

/// Proves: native.stream.refused
#[tokio::test]
async fn who_may_not_read_is_refused() {
    let server = Server::start().await;
    ada_in(&server, "tea").await;
    problem(&server.get("/api/v2/rooms/nowhere/stream").send().await.expect(404), "not_found");
    problem(&server.get("/api/v2/rooms/lobby/stream").send().await.expect(401), "unauthenticated");
    problem(&server.get(STREAM).bearer("nonsense").send().await.expect(401), "unauthenticated");
    for bad in ["x", "1", "1.x"] {
        let request = server.get(&format!("{STREAM}?since={bad}"));
        problem(&request.send().await.expect(400), "malformed");
    }
}

/// Proves: native.stream.ended
#[tokio::test]
async fn an_ended_session_is_the_end_of_its_stream() {
    let server = Server::start().await;
    let (ada, _live) = ada_in(&server, "tea").await;
    let mut reader = Reader::open(server.get(STREAM).bearer(&ada.token)).await;
    assert_eq!(reader.next().await.unwrap().data["present"]["count"], 1);
    server.delete("/api/v2/sessions/current").bearer(&ada.token).send().await.expect(204);
    let bye = reader.next().await.unwrap();
    assert_eq!((bye.kind.as_str(), &bye.data["reason"]), ("bye", &json!("session ended")));
    assert!(reader.next().await.is_none());
}

/// Proves: native.stream.calm
#[tokio::test]
async fn a_quiet_stream_stays_open() {
    let server = Server::start().await;
    let (_, mut live) = ada_in(&server, "tea").await;
    let mut reader = Reader::open(server.get(STREAM)).await;
    reader.next().await.unwrap();
    // Two comments, the second of which comes after a quiet connection would have been closed.
    for _ in 0..2 {
        assert_eq!(reader.connection.chunk().await.as_deref(), Some(":\n\n"));
    }
    live.post("tea", "still there", "k1").await;
    assert_eq!(reader.next().await.unwrap().data["event"]["text"], "still there");
}
