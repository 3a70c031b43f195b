//! The opening handshake (RFC 6455 §4.2): is this request one for a WebSocket, and what answers it.

use std::{error, fmt};

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::header::{
    CONNECTION, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{Method, Response, StatusCode, Version, request};

use crate::extension::{Deflate, Offer};

/// Hashed after the client's key to prove that WebSocket is spoken here (§1.3).
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// A request for a WebSocket that is in order and can be answered with 101.
#[derive(Debug)]
pub struct Handshake {
    accept: HeaderValue,
    subprotocols: Vec<Subprotocol>,
    /// Compression as the client offers it.
    offer: Option<Offer>,
    /// Whether the offer is taken up.
    deflate: bool,
}

/// A subprotocol as the client offers it.
///
/// Where browsers can send no header, a token travels as one: its `Debug` shows nothing of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subprotocol(HeaderValue);

impl Handshake {
    /// Checks a request that may use one of `methods`: by the RFC just GET, but an API may promise others beside it.
    /// Whether a body comes with such a request is the caller's to look at.
    pub fn check(request: &request::Parts, methods: &[Method]) -> Result<Self, HandshakeError> {
        let headers = &request.headers;
        let upgrade = has_token(headers, &CONNECTION, "upgrade") && has_token(headers, &UPGRADE, "websocket");
        if !upgrade || request.version != Version::HTTP_11 {
            return Err(HandshakeError::NotAnUpgrade);
        }
        if !methods.contains(&request.method) {
            return Err(HandshakeError::BadMethod);
        }
        if only(headers, &SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
            return Err(HandshakeError::BadVersion);
        }
        let key = only(headers, &SEC_WEBSOCKET_KEY).filter(|key| is_nonce(key));
        Ok(Self {
            accept: accept(key.ok_or(HandshakeError::BadKey)?),
            subprotocols: subprotocols(headers)?,
            offer: Offer::first(headers).map_err(|_| HandshakeError::BadExtensions)?,
            deflate: false,
        })
    }

    /// The subprotocols that the client offers, the one it likes best first.
    pub fn subprotocols(&self) -> &[Subprotocol] {
        &self.subprotocols
    }

    /// Agrees to compressed messages (RFC 7692), if the client offers them in a way that this crate can meet. Without this
    /// call none are agreed on. What it gives belongs to the [`Connection`](crate::Connection) that comes of the handshake.
    pub fn accept_deflate(&mut self) -> Option<Deflate> {
        self.deflate = self.offer.is_some();
        self.offer.map(|_| Deflate(()))
    }

    /// The 101 response. Without one of its subprotocols chosen, a browser that offered any closes at once.
    pub fn response(&self, chosen: Option<&Subprotocol>) -> Response<()> {
        let mut response = Response::new(());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_ACCEPT, self.accept.clone());
        if let Some(Subprotocol(value)) = chosen {
            headers.insert(SEC_WEBSOCKET_PROTOCOL, value.clone());
        }
        if let Some(offer) = self.offer.filter(|_| self.deflate) {
            headers.insert(SEC_WEBSOCKET_EXTENSIONS, offer.answer());
        }
        response
    }
}

impl Subprotocol {
    /// The characters as sent.
    pub fn as_str(&self) -> &str {
        // Never the default: only visible ASCII is let in.
        self.0.to_str().unwrap_or_default()
    }
}

/// Why a request cannot become a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandshakeError {
    /// It does not ask for one: 426 with `Upgrade: websocket` (RFC 9110 §15.5.22), where nothing else is served.
    NotAnUpgrade,
    /// It asks with a method that is not allowed: 405.
    BadMethod,
    /// It asks for another version than 13: 426 with `Sec-WebSocket-Version: 13` (RFC 6455 §4.4).
    BadVersion,
    /// Its key is missing, repeated, or not 16 bytes in base64: 400.
    BadKey,
    /// It offers a subprotocol that is not made of visible ASCII characters: 400.
    BadSubprotocol,
    /// Its `Sec-WebSocket-Extensions` is not a list of extensions, which must not be passed over (RFC 6455 §9.1): 400.
    BadExtensions,
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAnUpgrade => "not a WebSocket request",
            Self::BadMethod => "the method cannot open a WebSocket",
            Self::BadVersion => "the WebSocket version is not 13",
            Self::BadKey => "Sec-WebSocket-Key is not 16 bytes in base64",
            Self::BadSubprotocol => "Sec-WebSocket-Protocol is malformed",
            Self::BadExtensions => "Sec-WebSocket-Extensions is malformed",
        })
    }
}

impl error::Error for HandshakeError {}

/// What proves to the client that its key was understood.
fn accept(key: &HeaderValue) -> HeaderValue {
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, &[key.as_bytes(), GUID].concat());
    BASE64_STANDARD.encode(hash).try_into().expect("base64 is ASCII")
}

fn is_nonce(key: &HeaderValue) -> bool {
    BASE64_STANDARD.decode(key).is_ok_and(|nonce| nonce.len() == 16)
}

/// The value of a header that stands exactly once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

/// Whether a header that is a list holds this token, in any case.
fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let lines = headers.get_all(name).iter();
    lines
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
        .any(|item| item.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

/// One list, however many lines it takes (RFC 9110 §5.3).
fn subprotocols(headers: &HeaderMap) -> Result<Vec<Subprotocol>, HandshakeError> {
    let mut offered = Vec::new();
    for line in headers.get_all(SEC_WEBSOCKET_PROTOCOL) {
        let line = line.to_str().map_err(|_| HandshakeError::BadSubprotocol)?;
        let items = line.split(',').map(str::trim_ascii).filter(|item| !item.is_empty());
        for item in items {
            offered.push(subprotocol(item)?);
        }
    }
    Ok(offered)
}

fn subprotocol(item: &str) -> Result<Subprotocol, HandshakeError> {
    if !item.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(HandshakeError::BadSubprotocol);
    }
    let mut value = HeaderValue::from_str(item).map_err(|_| HandshakeError::BadSubprotocol)?;
    value.set_sensitive(true);
    Ok(Subprotocol(value))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]
mod tests {
    use super::*;
    use http::Request;

    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
    const GOOD: [(&str, &str); 4] = [
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", KEY),
    ];

    fn request<'a>(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> request::Parts {
        let request = Request::get("/");
        let request = headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        request.body(()).unwrap().into_parts().0
    }

    fn check(request: &request::Parts) -> Result<Handshake, HandshakeError> {
        Handshake::check(request, &[Method::GET])
    }

    /// What a request is refused for when one of its good headers has another value, or (`None`) is missing.
    fn refusal(name: &str, value: Option<&str>) -> Option<HandshakeError> {
        let others = GOOD.into_iter().filter(|(other, _)| *other != name);
        check(&request(others.chain(value.map(|value| (name, value))))).err()
    }

    fn offered(lines: &[&str]) -> Result<Vec<String>, HandshakeError> {
        let lines = lines.iter().map(|line| ("sec-websocket-protocol", *line));
        let handshake = check(&request(GOOD.into_iter().chain(lines)))?;
        Ok(handshake.subprotocols().iter().map(|one| one.as_str().to_owned()).collect())
    }

    #[test]
    fn answers_the_sample_of_the_rfc() {
        // §1.3
        let response = check(&request(GOOD)).unwrap().response(None);
        assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
        assert_eq!(response.headers()[SEC_WEBSOCKET_ACCEPT], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_eq!(response.headers()[CONNECTION], "Upgrade");
        assert_eq!(response.headers()[UPGRADE], "websocket");
        assert!(!response.headers().contains_key(SEC_WEBSOCKET_PROTOCOL));
    }

    #[test]
    fn headers_are_lists_in_any_case() {
        assert_eq!(refusal("connection", Some("keep-alive, UPGRADE")), None);
        assert_eq!(refusal("upgrade", Some("h2c,WebSocket")), None);
    }

    #[test]
    fn each_flaw_has_its_name() {
        use HandshakeError::{BadExtensions, BadKey, BadVersion, NotAnUpgrade};
        let cases = [
            ("connection", None, NotAnUpgrade),
            ("connection", Some("keep-alive"), NotAnUpgrade),
            ("upgrade", None, NotAnUpgrade),
            ("upgrade", Some("websockets"), NotAnUpgrade),
            ("sec-websocket-version", None, BadVersion),
            ("sec-websocket-version", Some("8"), BadVersion),
            ("sec-websocket-key", None, BadKey),
            ("sec-websocket-key", Some(""), BadKey),
            ("sec-websocket-key", Some("c2hvcnQ="), BadKey),
            ("sec-websocket-key", Some("not base64, not base64!!"), BadKey),
            ("sec-websocket-extensions", Some("permessage-deflate; server_max_window_bits="), BadExtensions),
        ];
        for (name, value, error) in cases {
            assert_eq!(refusal(name, value), Some(error), "{name}: {value:?}");
        }
        let twice = request(GOOD.into_iter().chain([("sec-websocket-key", KEY)]));
        assert_eq!(check(&twice).err(), Some(BadKey));
    }

    #[test]
    fn only_the_methods_of_the_route_and_http_1_1() {
        let mut parts = request(GOOD);
        parts.method = Method::POST;
        assert_eq!(check(&parts).err(), Some(HandshakeError::BadMethod));
        assert!(Handshake::check(&parts, &[Method::GET, Method::POST]).is_ok());
        parts.version = Version::HTTP_10;
        assert_eq!(check(&parts).err(), Some(HandshakeError::NotAnUpgrade));
    }

    #[test]
    fn subprotocols_keep_their_order_and_spelling() {
        assert_eq!(offered(&[]), Ok(vec![]));
        let expected = ["eyJ.a-b_c.D", "Chat/2", "last"].map(str::to_owned).to_vec();
        assert_eq!(offered(&["eyJ.a-b_c.D , Chat/2,", "last"]), Ok(expected));
        assert_eq!(offered(&["two words"]), Err(HandshakeError::BadSubprotocol));
        assert_eq!(offered(&["ü"]), Err(HandshakeError::BadSubprotocol));
    }

    #[test]
    fn compression_is_agreed_on_only_if_both_want_it() {
        let offer = |offer| check(&request(GOOD.into_iter().chain([("sec-websocket-extensions", offer)]))).unwrap();
        let answer = |handshake: &Handshake| handshake.response(None).headers().get(SEC_WEBSOCKET_EXTENSIONS).cloned();

        let mut wanted = offer("permessage-deflate; server_max_window_bits=12");
        assert_eq!(answer(&wanted), None, "the server was not asked");
        assert!(wanted.accept_deflate().is_some());
        let agreed =
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12";
        assert_eq!(answer(&wanted).unwrap(), agreed);

        let mut unmet = offer("permessage-deflate; server_max_window_bits=9, x-webkit-deflate-frame");
        assert_eq!(unmet.accept_deflate(), None);
        assert_eq!(answer(&unmet), None);
        assert_eq!(check(&request(GOOD)).unwrap().accept_deflate(), None);
    }

    #[test]
    fn a_chosen_subprotocol_is_echoed_and_never_logged() {
        let offer = ("sec-websocket-protocol", "other, s3cret");
        let handshake = check(&request(GOOD.into_iter().chain([offer]))).unwrap();
        let response = handshake.response(handshake.subprotocols().get(1));
        assert_eq!(response.headers()[SEC_WEBSOCKET_PROTOCOL], "s3cret");
        assert!(!format!("{handshake:?} {response:?}").contains("s3cret"));
    }
}
