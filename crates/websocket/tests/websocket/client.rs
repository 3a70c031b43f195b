//! A client that sends any bytes it is told to, and the server that it talks to.

use std::time::Duration;

use flate2::{Compress, Compression, FlushCompress};
use parlour_websocket::{Deflate, Handshake, Limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::server;

/// What the servers of these tests take.
pub(crate) const LIMITS: Limits = Limits { message_bytes: 4 << 20 };

/// The first byte of a frame that is a whole message or a control frame, and of one that begins or continues a message.
pub(crate) const TEXT: u8 = 0x81;
pub(crate) const BINARY: u8 = 0x82;
pub(crate) const CLOSE: u8 = 0x88;
pub(crate) const PING: u8 = 0x89;
pub(crate) const PONG: u8 = 0x8a;
pub(crate) const FIRST_TEXT: u8 = 0x01;
pub(crate) const FIRST_BINARY: u8 = 0x02;
pub(crate) const MORE: u8 = 0x00;
pub(crate) const LAST: u8 = 0x80;
/// Added to the first byte of a message's first frame: it is compressed (RSV1).
pub(crate) const DEFLATED: u8 = 0x40;

/// A client's frame: its first byte as given, its payload masked with `key`.
pub(crate) fn frame(first: u8, payload: &[u8], key: [u8; 4]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..=125 => frame.push(0x80 | u8::try_from(length).unwrap()),
        length @ 126..=0xffff => {
            frame.push(0xfe);
            frame.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
        length => {
            frame.push(0xff);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(key);
    frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

/// The same with a key that is as good as any.
pub(crate) fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    frame(first, payload, [0x12, 0xe4, 0x56, 0x78])
}

/// A message's payload, compressed as hard as `level` says, looking back as far as `window_bits`.
pub(crate) fn deflated(message: &[u8], level: u32, window_bits: u8) -> Vec<u8> {
    let mut stream = Compress::new_with_window_bits(Compression::new(level), false, window_bits);
    let mut payload = Vec::with_capacity(message.len() + message.len() / 100 + 100);
    stream.compress_vec(message, &mut payload, FlushCompress::Sync).unwrap();
    payload.truncate(payload.strip_suffix(b"\0\0\xff\xff").unwrap().len());
    payload
}

/// What a handshake gives that agrees to compression.
pub(crate) fn agreed() -> Option<Deflate> {
    let request = http::Request::get("/")
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("sec-websocket-extensions", "permessage-deflate");
    let (request, ()) = request.body(()).unwrap().into_parts();
    Handshake::check(&request, &[http::Method::GET]).unwrap().accept_deflate()
}

/// Waits for something that must happen, so that a fault fails a test instead of hanging it.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(30), what).await.expect("it happens")
}

/// An echo server on a free port.
pub(crate) async fn echo_server() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(server::serve(listener, LIMITS));
    address
}

/// A socket to an echo server.
pub(crate) struct Client {
    stream: TcpStream,
}

impl Client {
    /// Sends a request line and headers, then `early` in the same write.
    pub(crate) async fn request(start: &str, early: &[u8]) -> Self {
        let mut stream = TcpStream::connect(echo_server().await).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let headers = "\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        let bytes = [start.as_bytes(), headers.as_bytes(), early].concat();
        stream.write_all(&bytes).await.unwrap();
        Self { stream }
    }

    /// A client whose handshake is done.
    pub(crate) async fn connect() -> Self {
        let mut client = Self::request("GET / HTTP/1.1", b"").await;
        assert!(client.response().await.starts_with("HTTP/1.1 101 "));
        client
    }

    /// A client that offers compression so; it must be agreed to.
    pub(crate) async fn compressing(offer: &str) -> Self {
        let start = format!("GET / HTTP/1.1\r\nsec-websocket-extensions: {offer}");
        let mut client = Self::request(&start, b"").await;
        let response = client.response().await;
        assert!(response.contains("\r\nsec-websocket-extensions: permessage-deflate;"), "{response}");
        client
    }

    /// The response's head.
    pub(crate) async fn response(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(soon(self.stream.read_u8()).await.unwrap());
        }
        String::from_utf8(head).unwrap()
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        soon(self.stream.write_all(bytes)).await.unwrap();
    }

    /// The next frame of the server: its first byte and its payload.
    pub(crate) async fn receive(&mut self) -> (u8, Vec<u8>) {
        let first = soon(self.stream.read_u8()).await.unwrap();
        let length = match soon(self.stream.read_u8()).await.unwrap() {
            126 => self.stream.read_u16().await.unwrap().into(),
            127 => usize::try_from(self.stream.read_u64().await.unwrap()).unwrap(),
            short => short.into(),
        };
        let mut payload = vec![0; length];
        soon(self.stream.read_exact(&mut payload)).await.unwrap();
        (first, payload)
    }

    /// Expects a close frame, then the end of the stream, and gives the code.
    pub(crate) async fn closed(&mut self) -> u16 {
        let (first, payload) = self.receive().await;
        assert_eq!(first, CLOSE, "the frame is a close frame");
        self.ended().await;
        u16::from_be_bytes(*payload.first_chunk().unwrap())
    }

    /// Expects the end of the stream, in order and not by a reset.
    pub(crate) async fn ended(&mut self) {
        assert_eq!(soon(self.stream.read(&mut [0])).await.unwrap(), 0, "the stream ends");
    }

    /// Says that nothing more will come.
    pub(crate) async fn hang_up(&mut self) {
        self.stream.shutdown().await.unwrap();
    }
}
