//! A small HTTP/1.1 client: one connection a request, every byte under the test's control.

use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::described;

/// How long anything may take before a test gives up on it.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A request under construction; nothing is sent before [`Request::send`].
#[derive(Clone)]
pub(crate) struct Request {
    address: SocketAddr,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    pub(crate) fn new(address: SocketAddr, method: &str, path: &str) -> Self {
        Self { address, method: method.to_owned(), path: path.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn session(self, id: &str) -> Self {
        self.header("Cookie", &format!("sessionid={id}"))
    }

    /// A JSON body under its Content-Type, unless the test has named another type.
    pub(crate) fn json(self, body: &Value) -> Self {
        self.raw("application/json", body.to_string())
    }

    /// Any body; `content_type` yields to a Content-Type that the test has set already.
    pub(crate) fn raw(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        if !self.has("content-type") {
            self = self.header("Content-Type", content_type);
        }
        self.body = body.into();
        self
    }

    /// The answer.
    ///
    /// # Panics
    /// When the server gives none.
    pub(crate) async fn send(self) -> Response {
        self.attempt().await.unwrap()
    }

    /// The answer, or how the server failed to give a whole one.
    pub(crate) async fn attempt(self) -> io::Result<Response> {
        let connection = self.try_open().await?;
        let response = connection.response(self.method == "HEAD").await?;
        self.check(&response);
        Ok(response)
    }

    /// Fails the test when this is no answer that the server's description has for such a request.
    ///
    /// # Panics
    /// Then.
    pub(crate) fn check(&self, response: &Response) {
        // Whether a page may ask is no operation.
        if self.method != "OPTIONS" {
            described::check(&self.method, &self.path, response);
        }
    }

    /// Sends the request and leaves the connection open: what a WebSocket handshake needs.
    pub(crate) async fn open(&self) -> Connection {
        self.try_open().await.unwrap()
    }

    pub(crate) async fn try_open(&self) -> io::Result<Connection> {
        let mut connection = Connection::try_to(self.address).await?;
        connection.write(self.head().as_bytes()).await;
        connection.write(&self.body).await;
        Ok(connection)
    }

    fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    fn head(&self) -> String {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        if !self.has("host") {
            write!(head, "Host: {}\r\n", self.address).unwrap();
        }
        for (name, value) in &self.headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        if !self.body.is_empty() && !self.has("content-length") {
            write!(head, "Content-Length: {}\r\n", self.body.len()).unwrap();
        }
        if !self.has("connection") {
            head.push_str("Connection: close\r\n");
        }
        head + "\r\n"
    }
}

/// One TCP connection and what was read from it but not yet used.
pub(crate) struct Connection {
    pub(crate) stream: TcpStream,
    pub(crate) unread: Vec<u8>,
}

impl Connection {
    pub(crate) async fn to(address: SocketAddr) -> Self {
        Self::try_to(address).await.unwrap()
    }

    async fn try_to(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, unread: Vec::new() })
    }

    /// Writes what the server is still willing to take: it may hang up on a bad request before reading all of it.
    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
        let _ = self.stream.flush().await;
    }

    /// The whole answer, unless the server hangs up before its end.
    ///
    /// # Panics
    /// When it takes too long.
    pub(crate) async fn response(mut self, head_only: bool) -> io::Result<Response> {
        let mut response = self.head().await?;
        if !head_only {
            response.body = self.body(&response).await?;
        }
        Ok(response)
    }

    /// The answer to a GET on this connection, which stays open unless the server wants otherwise.
    pub(crate) async fn ask(&mut self, path: &str) -> io::Result<Response> {
        self.write(format!("GET {path} HTTP/1.1\r\nHost: parlour.example\r\n\r\n").as_bytes()).await;
        let mut response = self.head().await?;
        response.body = self.body(&response).await?;
        described::check("GET", path, &response);
        Ok(response)
    }

    /// Status and headers only; what follows stays in `unread`.
    pub(crate) async fn head(&mut self) -> io::Result<Response> {
        let end = loop {
            if let Some(at) = find(&self.unread, b"\r\n\r\n") {
                break at + 4;
            }
            self.need_more("the server hung up without an answer").await?;
        };
        let head: Vec<u8> = self.unread.drain(..end).collect();
        Ok(Response::of_head(std::str::from_utf8(&head).unwrap()))
    }

    /// All that comes until the server hangs up; empty when it hangs up at once.
    pub(crate) async fn until_closed(mut self) -> Vec<u8> {
        while self.more().await {}
        self.unread
    }

    /// The body of an answer whose head was read already, and the head with it.
    pub(crate) async fn refusal(mut self, mut head: Response) -> io::Result<Response> {
        head.body = self.body(&head).await?;
        Ok(head)
    }

    async fn body(&mut self, response: &Response) -> io::Result<Vec<u8>> {
        if response.header("transfer-encoding") == Some("chunked") {
            return self.chunks().await;
        }
        if response.status == 204 || response.status == 304 || response.status < 200 {
            return Ok(Vec::new());
        }
        if let Some(length) = response.header("content-length") {
            return self.exactly(length.parse().unwrap()).await;
        }
        while self.more().await {}
        Ok(std::mem::take(&mut self.unread))
    }

    async fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let chunk = self.next_chunk().await?;
            if chunk.is_empty() {
                return Ok(body);
            }
            body.extend(chunk);
        }
    }

    /// The next chunk of a body that comes in them; `None` at its end.
    pub(crate) async fn chunk(&mut self) -> Option<String> {
        let chunk = self.next_chunk().await.ok().filter(|chunk| !chunk.is_empty())?;
        Some(String::from_utf8(chunk).unwrap())
    }

    async fn next_chunk(&mut self) -> io::Result<Vec<u8>> {
        let line = self.line().await?;
        let size = usize::from_str_radix(line.split(';').next().unwrap().trim(), 16).unwrap();
        let chunk = self.exactly(size).await?;
        self.line().await?;
        Ok(chunk)
    }

    async fn line(&mut self) -> io::Result<String> {
        let end = loop {
            if let Some(at) = find(&self.unread, b"\r\n") {
                break at;
            }
            self.need_more("the body ended in the middle of a chunk").await?;
        };
        let line = self.unread.drain(..end + 2).take(end).collect();
        Ok(String::from_utf8(line).unwrap())
    }

    /// The next bytes, so many.
    pub(crate) async fn exactly(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.unread.len() < length {
            self.need_more("there is less than was announced").await?;
        }
        Ok(self.unread.drain(..length).collect())
    }

    async fn need_more(&mut self, complaint: &str) -> io::Result<()> {
        let more = self.more().await;
        more.then_some(()).ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, complaint))
    }

    /// Reads once; `false` when the server is done, politely or with a reset.
    async fn more(&mut self) -> bool {
        let read = self.stream.read_buf(&mut self.unread);
        let read = tokio::time::timeout(PATIENCE, read);
        matches!(read.await.expect("the server says nothing"), Ok(1..))
    }
}

/// An answer, its body still bytes.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    fn of_head(head: &str) -> Self {
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        let headers = lines
            .take_while(|line| !line.is_empty())
            .map(|line| line.split_once(':').unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        Self { status: status.parse().unwrap(), headers, body: Vec::new() }
    }

    /// The value of the first header of that name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.all(name).first().copied()
    }

    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.headers
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
            .collect()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.text()))
    }

    /// The cookie that this answer sets under `name`.
    pub(crate) fn cookie(&self, name: &str) -> Option<Cookie> {
        self.all("set-cookie").into_iter().map(Cookie::parse).find(|cookie| cookie.name == name)
    }

    /// Fails the test unless the status is `status`; gives the answer back for what comes next.
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }
}

/// One `Set-Cookie` header.
#[derive(Debug)]
pub(crate) struct Cookie {
    pub(crate) name: String,
    pub(crate) value: String,
    /// As written, without spaces around them.
    pub(crate) attributes: Vec<String>,
}

impl Cookie {
    fn parse(header: &str) -> Self {
        let mut parts = header.split(';').map(str::trim);
        let (name, value) = parts.next().unwrap().split_once('=').unwrap();
        Self { name: name.to_owned(), value: value.to_owned(), attributes: parts.map(str::to_owned).collect() }
    }

    pub(crate) fn has(&self, attribute: &str) -> bool {
        self.attributes.iter().any(|known| known.eq_ignore_ascii_case(attribute))
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// A text as it may stand anywhere in a path or a query: every byte percent-encoded.
pub(crate) fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        // A text takes every write.
        let _ = write!(encoded, "%{byte:02X}");
        encoded
    })
}
