//! Every contract served once: what a server has in memory before that is less than it will ever have again.

use std::net::SocketAddr;

use serde_json::json;

use crate::Result;
use crate::load::request;
use crate::load::visitor::Visitor;
use crate::people::Person;

const PASSWORD: &str = "a visitor's own password";

/// Uses each of the five contracts as its front-end does at first: signing up, logging in, opening its socket.
pub(crate) fn visit_all(address: SocketAddr, person: &Person) -> Result<()> {
    cookies(address, person)?;
    tokens(address)?;
    let token = person.token(address)?;
    let rooms = ["Sec-WebSocket-Protocol: ", &token].concat();
    socket(address, "/api/v1/rooms/tour/messages/ws", &[&rooms], &json!({"text": "hello"}))?;
    lobby(address)?;
    socket(address, "/users/", &[], &json!({"action": "ping"}))
}

fn cookies(address: SocketAddr, person: &Person) -> Result<()> {
    let mut visitor = Visitor::open(address)?;
    visitor.expect(&person.log_in(), 200)?;
    visitor.expect(&person.me_by_cookie(), 200)?;
    Ok(())
}

fn tokens(address: SocketAddr) -> Result<()> {
    let form = json!({"email": "tokens@tour.example", "password": PASSWORD, "firstName": "To", "lastName": "Kens"});
    let mut visitor = Visitor::open(address)?;
    let pair = visitor.json(&request::post("/api/v1/user/signup", &form), 201)?;
    let header = format!("X-Refresh-Token: {}", pair["refreshToken"].as_str().unwrap_or_default());
    visitor.expect(&request::bare("POST", "/api/v1/user/login/refresh", &[&header, "Content-Length: 0"]), 201)?;
    Ok(())
}

fn lobby(address: SocketAddr) -> Result<()> {
    let form = json!({"email": "lobby@tour.example", "username": "Lobby", "password": PASSWORD});
    let mut visitor = Visitor::open(address)?;
    visitor.expect(&request::post("/createUser", &form), 200)?;
    let logged_in = visitor.json(&request::post("/login", &form), 200)?;
    let bearer = format!("Authorization: Bearer {}", logged_in["token"].as_str().unwrap_or_default());
    socket(address, "/join", &[&bearer], &json!({"type": "chat_message", "msg": {"text": "hello"}}))
}

/// Opens a WebSocket, sends one message and waits until something comes back.
fn socket(address: SocketAddr, path: &str, headers: &[&str], message: &serde_json::Value) -> Result<()> {
    // The nonce of RFC 6455 §1.3: it guards against caches, and there is none here.
    let nonce = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    let handshake = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", nonce];
    let headers = [&handshake, headers].concat();
    let mut visitor = Visitor::open(address)?;
    visitor.expect(&request::get(path, &headers), 101)?;
    visitor.send(&text_frame(message.to_string().as_bytes()))?;
    visitor.receive(2)?;
    Ok(())
}

/// A short text frame (RFC 6455 §5.2), masked with zeros: a server must unmask it, and cannot tell.
fn text_frame(payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).ok().filter(|length| *length < 126);
    let length = length.expect("the tour's messages are short");
    [&[0x81, 0x80 | length, 0, 0, 0, 0], payload].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_masked_and_says_its_length() {
        assert_eq!(text_frame(b"hi"), [0x81, 0x82, 0, 0, 0, 0, b'h', b'i']);
    }
}
