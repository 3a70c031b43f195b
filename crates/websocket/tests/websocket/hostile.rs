//! A client that breaks the rules is told so with the right close code; one that only stretches them is served.

use crate::client::{BINARY, CLOSE, Client, FIRST_BINARY, FIRST_TEXT, LAST, LIMITS, MORE, PING, PONG, TEXT, masked};

/// The code with which a connection is closed after these bytes.
async fn close_code(bytes: &[u8]) -> u16 {
    let mut client = Client::connect().await;
    client.send(bytes).await;
    client.closed().await
}

#[tokio::test]
async fn malformed_frames_are_protocol_errors() {
    let cases: [(&str, Vec<u8>); 15] = [
        ("unmasked", b"\x81\x05Hello".to_vec()),
        ("RSV1", masked(TEXT | 0x40, b"x")),
        ("RSV2", masked(TEXT | 0x20, b"x")),
        ("RSV3", masked(PING | 0x10, b"x")),
        ("reserved data opcode", masked(0x83, b"x")),
        ("reserved control opcode", masked(0x8b, b"")),
        ("fragmented ping", masked(PING & 0x0f, b"x")),
        ("fragmented close", masked(CLOSE & 0x0f, b"\x03\xe8")),
        ("long ping", masked(PING, &[0; 126])),
        ("length not in its shortest form", b"\x81\xfe\x00\x05".to_vec()),
        ("length over 63 bits", b"\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff".to_vec()),
        ("continuation of nothing", masked(LAST, b"x")),
        ("message within a message", [masked(FIRST_TEXT, b"x"), masked(TEXT, b"y")].concat()),
        ("close with one byte", masked(CLOSE, b"\x03")),
        ("close with 1006", masked(CLOSE, b"\x03\xee")),
    ];
    for (case, bytes) in cases {
        assert_eq!(close_code(&bytes).await, 1002, "{case}");
    }
}

#[tokio::test]
async fn text_must_be_utf8() {
    let cases = [
        ("a wrong byte", masked(TEXT, b"a\xff")),
        ("a surrogate", masked(TEXT, b"\xed\xa0\x80")),
        ("an unfinished character", masked(TEXT, b"\xe2\x82")),
        ("over fragments", [masked(FIRST_TEXT, b"\xce"), masked(LAST, b"\xceba")].concat()),
        ("before the message ends", [masked(FIRST_TEXT, b"\xf4"), masked(MORE, b"\x90")].concat()),
        ("a close reason", masked(CLOSE, b"\x03\xe8\xff")),
    ];
    for (case, bytes) in cases {
        assert_eq!(close_code(&bytes).await, 1007, "{case}");
    }
}

#[tokio::test]
async fn a_message_over_the_limit_is_refused_by_its_header() {
    let mask = [0; 4];
    let over = (LIMITS.message_bytes as u64 + 1).to_be_bytes();
    let first = masked(FIRST_BINARY, b"a byte makes the rest too long");
    let limit = (LIMITS.message_bytes as u64).to_be_bytes();
    let cases = [
        ("a byte too much", [&[BINARY, 0xff][..], &over, &mask].concat()),
        ("as much as can be said", [&[BINARY, 0xff, 0x7f][..], &[0xff; 7], &mask].concat()),
        ("in the second fragment", [&first[..], &[LAST, 0xff], &limit, &mask].concat()),
    ];
    for (case, bytes) in cases {
        assert_eq!(close_code(&bytes).await, 1009, "{case}");
    }
}

#[tokio::test]
async fn one_who_goes_on_sending_still_learns_why() {
    let mut client = Client::connect().await;
    client.send(&masked(0x83, b"")).await;
    client.send(&vec![0; 1 << 20]).await;
    assert_eq!(client.closed().await, 1002);
    for _ in 0..3 {
        client.send(b"the stream is not reset, which would fail the next send").await;
    }
}

#[tokio::test]
async fn nothing_is_read_after_a_close() {
    let mut client = Client::connect().await;
    client.send(&[masked(CLOSE, b"\x0f\xa0done"), masked(TEXT, b"more")].concat()).await;
    assert_eq!(client.receive().await, (CLOSE, b"\x0f\xa0done".to_vec()));
}

#[tokio::test]
async fn a_close_without_a_code_is_answered() {
    assert_eq!(close_code(&masked(CLOSE, b"")).await, 1000);
}

#[tokio::test]
async fn one_who_leaves_in_the_middle_of_a_message_is_let_go() {
    let mut client = Client::connect().await;
    client.send(&masked(TEXT, b"Hello")[..8]).await;
    client.hang_up().await;
    client.ended().await;
}

#[tokio::test]
async fn a_frame_may_come_byte_by_byte() {
    let mut client = Client::connect().await;
    for byte in masked(TEXT, "ä€😀".repeat(50).as_bytes()) {
        client.send(&[byte]).await;
    }
    assert_eq!(client.receive().await, (TEXT, "ä€😀".repeat(50).into_bytes()));
}

#[tokio::test]
async fn a_ping_between_fragments_is_answered_first() {
    let mut client = Client::connect().await;
    let frames = [masked(FIRST_TEXT, b"Hel"), masked(PING, b"?"), masked(LAST, b"lo")];
    client.send(&frames.concat()).await;
    assert_eq!(client.receive().await, (PONG, b"?".to_vec()));
    assert_eq!(client.receive().await, (TEXT, b"Hello".to_vec()));
}

#[tokio::test]
async fn frames_may_come_in_the_same_write_as_the_request() {
    let early = [masked(TEXT, b"one"), masked(TEXT, b"two")].concat();
    let mut client = Client::request("GET / HTTP/1.1", &early).await;
    assert!(client.response().await.starts_with("HTTP/1.1 101 "));
    assert_eq!(client.receive().await, (TEXT, b"one".to_vec()));
    assert_eq!(client.receive().await, (TEXT, b"two".to_vec()));
}

#[tokio::test]
async fn post_upgrades_where_the_route_allows_it() {
    let mut client = Client::request("POST / HTTP/1.1", b"").await;
    assert!(client.response().await.starts_with("HTTP/1.1 101 "));
    client.send(&masked(TEXT, b"Hello")).await;
    assert_eq!(client.receive().await, (TEXT, b"Hello".to_vec()));
}

#[tokio::test]
async fn other_methods_do_not_upgrade() {
    let mut client = Client::request("PUT / HTTP/1.1", b"").await;
    assert!(client.response().await.starts_with("HTTP/1.1 405 "));
}
