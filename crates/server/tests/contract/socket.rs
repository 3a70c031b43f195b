//! A WebSocket client: its handshake is written by hand, its frames are checked by a foreign library.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, frame::coding::CloseCode};

use crate::http::{Connection, Request, Response};

/// How long a promised frame may take.
pub(crate) const WAIT: Duration = Duration::from_secs(10);

/// Any 16 bytes in base64 will do: the key proves only that the server has read it.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// A handshake under construction.
pub(crate) struct Handshake {
    request: Request,
}

impl Handshake {
    pub(crate) fn new(address: SocketAddr, method: &str, path: &str) -> Self {
        let request = Request::new(address, method, path)
            .header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", KEY);
        Self { request }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn subprotocols(self, offered: &[&str]) -> Self {
        self.header("Sec-WebSocket-Protocol", &offered.join(", "))
    }

    pub(crate) fn raw(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.request = self.request.raw(content_type, body);
        self
    }

    /// The open socket with the 101, or the refusal.
    pub(crate) async fn attempt(self) -> Result<(Socket, Response), Response> {
        self.try_attempt().await.unwrap()
    }

    /// As [`Handshake::attempt`], from a server that may go away meanwhile.
    pub(crate) async fn try_attempt(self) -> io::Result<Result<(Socket, Response), Response>> {
        let (connection, head) = match self.try_upgrade().await? {
            Ok(upgraded) => upgraded,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let stream = WebSocketStream::from_partially_read(connection.stream, connection.unread, Role::Client, None);
        Ok(Ok((Socket { stream: stream.await }, head)))
    }

    /// The bare connection with the 101, for frames that the foreign library cannot read.
    ///
    /// # Panics
    /// When the server refuses.
    pub(crate) async fn upgrade(self) -> (Connection, Response) {
        self.try_upgrade().await.unwrap().unwrap_or_else(|refusal| panic!("no socket: {refusal:?}"))
    }

    async fn try_upgrade(self) -> io::Result<Result<(Connection, Response), Response>> {
        let mut connection = self.request.try_open().await?;
        let head = connection.head().await?;
        if head.status != 101 {
            let refusal = connection.refusal(head).await?;
            self.request.check(&refusal);
            return Ok(Err(refusal));
        }
        self.request.check(&head);
        assert_upgraded(&head);
        Ok(Ok((connection, head)))
    }

    /// The open socket.
    ///
    /// # Panics
    /// When the server refuses.
    pub(crate) async fn connect(self) -> Socket {
        match self.attempt().await {
            Ok((socket, _)) => socket,
            Err(refusal) => panic!("no socket: {refusal:?}"),
        }
    }

    /// The refusal.
    ///
    /// # Panics
    /// When the server opens the socket.
    pub(crate) async fn refused(self) -> Response {
        match self.attempt().await {
            Ok((_, head)) => panic!("a socket was opened: {head:?}"),
            Err(refusal) => refusal,
        }
    }
}

fn assert_upgraded(head: &Response) {
    assert_eq!(head.header("sec-websocket-accept"), Some(derive_accept_key(KEY.as_bytes()).as_str()));
    assert!(head.header("upgrade").unwrap().eq_ignore_ascii_case("websocket"));
}

/// One open socket.
pub(crate) struct Socket {
    stream: WebSocketStream<TcpStream>,
}

/// How a socket ended: `None` when the line went away without a close frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Closed {
    pub(crate) code: Option<u16>,
    pub(crate) reason: String,
}

impl Socket {
    pub(crate) async fn send(&mut self, json: &Value) {
        self.send_text(&json.to_string()).await;
    }

    pub(crate) async fn send_text(&mut self, text: &str) {
        self.deliver(Message::text(text)).await;
    }

    pub(crate) async fn send_binary(&mut self, bytes: &[u8]) {
        self.deliver(Message::binary(bytes.to_vec())).await;
    }

    /// Bytes as they are, for frames that no library would send.
    pub(crate) async fn send_raw(&mut self, bytes: &[u8]) {
        let _ = self.stream.get_mut().write_all(bytes).await;
    }

    /// The next text frame as JSON.
    ///
    /// # Panics
    /// When it is no text, no JSON, does not come in time, or the socket closes.
    pub(crate) async fn receive(&mut self) -> Value {
        self.receive_within(WAIT).await
    }

    pub(crate) async fn receive_within(&mut self, wait: Duration) -> Value {
        match self.next(wait).await {
            Ok(text) => serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")),
            Err(closed) => panic!("the socket closed: {closed:?}"),
        }
    }

    /// Says something and gives back what comes next.
    pub(crate) async fn ask(&mut self, json: &Value) -> Value {
        self.send(json).await;
        self.receive().await
    }

    /// Reads over whatever is still on its way, up to the end of the socket.
    pub(crate) async fn closed(&mut self) -> Closed {
        loop {
            if let Err(closed) = self.next(WAIT).await {
                return closed;
            }
        }
    }

    /// The next text frame, or how the socket ended.
    pub(crate) async fn next(&mut self, wait: Duration) -> Result<String, Closed> {
        loop {
            let next = tokio::time::timeout(wait, self.stream.next());
            match next.await.expect("nothing came in time") {
                Some(Ok(Message::Text(text))) => return Ok(text.to_string()),
                Some(Ok(Message::Close(frame))) => return Err(Closed::by(frame)),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(other)) => panic!("not a text frame: {other:?}"),
                Some(Err(_)) | None => return Err(Closed::by(None)),
            }
        }
    }

    /// Closes cleanly and waits until the server has agreed.
    pub(crate) async fn close(mut self) {
        let frame = CloseFrame { code: CloseCode::Normal, reason: "".into() };
        let _ = self.stream.close(Some(frame)).await;
        self.closed().await;
    }

    /// Breaks the line: no close frame, as when a train enters a tunnel.
    pub(crate) fn vanish(self) {
        drop(self);
    }

    async fn deliver(&mut self, message: Message) {
        let _ = self.stream.send(message).await;
    }
}

impl Closed {
    fn by(frame: Option<CloseFrame>) -> Self {
        Self {
            code: frame.as_ref().map(|frame| frame.code.into()),
            reason: frame.map_or_else(String::new, |frame| frame.reason.to_string()),
        }
    }
}

/// One frame of a client, masked with zeros: `head` is the first byte (FIN, reserved bits, opcode).
pub(crate) fn frame(head: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![head];
    bytes.extend(length(payload.len(), 0x80));
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

/// A frame that breaks RFC 6455 section 5.1: a client's, without its mask.
pub(crate) fn unmasked(head: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![head];
    bytes.extend(length(payload.len(), 0));
    bytes.extend(payload);
    bytes
}

fn length(length: usize, mask: u8) -> Vec<u8> {
    match length {
        0..126 => vec![mask | u8::try_from(length).unwrap()],
        126..65_536 => {
            let short = u16::try_from(length).unwrap();
            [&[mask | 0x7E][..], &short.to_be_bytes()].concat()
        }
        _ => [&[mask | 0x7F][..], &(length as u64).to_be_bytes()].concat(),
    }
}
