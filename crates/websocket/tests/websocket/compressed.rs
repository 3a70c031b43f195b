//! Messages in compressed frames: the samples of RFC 7692, the ways in which they can be cut and broken, and the answers.

use flate2::{Decompress, FlushDecompress};
use parlour_websocket::frame;
use proptest::prelude::*;

use crate::client::{
    BINARY, Client, DEFLATED, FIRST_BINARY, FIRST_TEXT, LAST, LIMITS, MORE, PING, PONG, TEXT, deflated, masked,
};

/// A client of the plainest kind of offer.
async fn connect() -> Client {
    Client::compressing("permessage-deflate").await
}

/// The code with which a connection is closed after these bytes.
async fn close_code(bytes: &[u8]) -> u16 {
    let mut client = connect().await;
    client.send(bytes).await;
    client.closed().await
}

/// Inflates a server's payload with the window that it promises to keep within.
fn inflated(payload: &[u8], most: usize) -> Vec<u8> {
    let mut message = Vec::with_capacity(most + 1);
    let mut stream = Decompress::new_with_window_bits(false, 12);
    let payload = [payload, b"\0\0\xff\xff"].concat();
    stream.decompress_vec(&payload, &mut message, FlushDecompress::Sync).unwrap();
    assert_eq!(stream.total_in(), payload.len() as u64, "all of it is read");
    message
}

/// Sends a compressed message in frames of up to `size` bytes, and expects it back.
async fn echoes(client: &mut Client, opcode: u8, message: &[u8], window_bits: u8, size: usize) {
    let payload = deflated(message, 6, window_bits);
    let pieces: Vec<_> = payload.chunks(size).collect();
    for (number, piece) in pieces.iter().enumerate() {
        let begin = if number == 0 { opcode | DEFLATED } else { MORE };
        let end = if number + 1 == pieces.len() { LAST } else { 0 };
        client.send(&masked(begin | end, piece)).await;
    }
    let (first, answer) = client.receive().await;
    let answer = if first & DEFLATED == 0 { answer } else { inflated(&answer, message.len()) };
    assert_eq!(first & !DEFLATED, LAST | opcode);
    assert!(answer == message, "{} bytes come back", message.len());
}

#[tokio::test]
async fn the_samples_of_the_rfc_are_read() {
    // RFC 7692 §7.2.3.1 in one frame and in two, then §7.2.3.3 to §7.2.3.6.
    let hello = b"\xf2\x48\xcd\xc9\xc9\x07\x00";
    let cases = [
        (masked(0xc1, hello), "Hello"),
        ([masked(0x41, &hello[..3]), masked(0x80, &hello[3..])].concat(), "Hello"),
        (masked(0xc1, b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"), "Hello"),
        (masked(0xc1, b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), "Hello"),
        (masked(0xc1, b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"), "Hello"),
        (masked(0xc1, b"\x00"), ""),
    ];
    let mut client = connect().await;
    for (frames, message) in cases {
        client.send(&frames).await;
        assert_eq!(client.receive().await, (TEXT, message.as_bytes().to_vec()), "{frames:x?}");
    }
}

#[tokio::test]
async fn messages_of_every_size_come_back_however_they_are_cut() {
    let mut client = Client::compressing("permessage-deflate; client_max_window_bits; server_max_window_bits=12").await;
    let pattern = "{\"text\": \"grüße\", \"at\": 1234567890}, ".bytes().cycle();
    for size in [0, 1, 16, 64, 256, 1024, 4096, 8192, 32_768, 131_072] {
        // Whole characters only: what is cut at the end is made up for.
        let text: Vec<u8> = pattern.clone().take(size).collect();
        let text = String::from_utf8_lossy(&text).into_owned();
        for (window_bits, piece) in [(9, 1 << 20), (12, 256), (15, 7)] {
            echoes(&mut client, FIRST_TEXT, text.as_bytes(), window_bits, piece).await;
            echoes(&mut client, FIRST_BINARY, &vec![0xfe; size], window_bits, piece).await;
        }
    }
}

#[tokio::test]
async fn what_is_worth_it_is_answered_compressed_and_the_rest_plain() {
    let mut client = connect().await;
    for (opcode, long) in [(TEXT, "ab".repeat(500)), (BINARY, "cd".repeat(500))] {
        client.send(&masked(opcode, long.as_bytes())).await;
        let (first, payload) = client.receive().await;
        assert_eq!(first, opcode | DEFLATED, "an uncompressed message is read too");
        assert_eq!(inflated(&payload, 1000), long.as_bytes());
        client.send(&masked(opcode, b"short")).await;
        assert_eq!(client.receive().await, (opcode, b"short".to_vec()));
    }
}

#[tokio::test]
async fn a_ping_between_compressed_fragments_is_answered_first() {
    let mut client = connect().await;
    let payload = deflated(b"Hello", 6, 15);
    let frames = [
        masked(FIRST_TEXT | DEFLATED, &payload[..2]),
        masked(PING, b"?"),
        masked(MORE, b""),
        masked(LAST, &payload[2..]),
    ];
    for byte in frames.concat() {
        client.send(&[byte]).await;
    }
    assert_eq!(client.receive().await, (PONG, b"?".to_vec()));
    assert_eq!(client.receive().await, (TEXT, b"Hello".to_vec()));
}

#[tokio::test]
async fn the_bit_stands_only_where_a_message_begins() {
    let begin = masked(FIRST_TEXT | DEFLATED, b"\xf2\x48");
    let cases = [
        ("ping", masked(PING | DEFLATED, b"")),
        ("continuation", [begin.clone(), masked(LAST | DEFLATED, b"\xcd\xc9\xc9\x07\x00")].concat()),
        ("continuation of a plain message", [masked(FIRST_TEXT, b"x"), masked(LAST | DEFLATED, b"\x00")].concat()),
        ("RSV2 beside it", masked(TEXT | DEFLATED | 0x20, b"\x00")),
        ("RSV3 alone", masked(BINARY | 0x10, b"")),
        ("a message within a message", [begin, masked(TEXT | DEFLATED, b"\x00")].concat()),
    ];
    for (case, bytes) in cases {
        assert_eq!(close_code(&bytes).await, 1002, "{case}");
    }
}

#[tokio::test]
async fn compressed_nonsense_is_invalid_data() {
    let cases = [
        ("no deflate stream", masked(BINARY | DEFLATED, b"\xff\xff\xff")),
        ("a stream that is cut", masked(TEXT | DEFLATED, b"\xf2\x48\xcd")),
        ("context taken over", [masked(TEXT, b"Hello"), masked(TEXT | DEFLATED, b"\xf2\x00\x11\x00\x00")].concat()),
        ("text that is not UTF-8", masked(TEXT | DEFLATED, &deflated(b"a\xff", 6, 15))),
        ("half a character", masked(TEXT | DEFLATED, &deflated(b"\xe2\x82", 6, 15))),
    ];
    for (case, bytes) in cases {
        let mut client = connect().await;
        client.send(&bytes).await;
        let (first, payload) = client.receive().await;
        let closed = if first == TEXT { client.closed().await } else { u16::from_be_bytes([payload[0], payload[1]]) };
        assert_eq!(closed, 1007, "{case}");
    }
}

#[tokio::test]
async fn a_message_is_bounded_before_and_after_inflating() {
    let fits = deflated(&vec![0; LIMITS.message_bytes], 9, 15);
    let bomb = deflated(&vec![0; LIMITS.message_bytes + 1], 9, 15);
    assert!(bomb.len() < 8 << 10);
    let mut client = connect().await;
    client.send(&masked(BINARY | DEFLATED, &fits)).await;
    let (first, payload) = client.receive().await;
    assert_eq!(first, BINARY | DEFLATED);
    assert!(inflated(&payload, LIMITS.message_bytes) == vec![0; LIMITS.message_bytes]);

    assert_eq!(close_code(&masked(BINARY | DEFLATED, &bomb)).await, 1009, "in one frame");
    let frames: Vec<_> = bomb.chunks(100).map(|piece| masked(MORE, piece)).collect();
    let fragments = [masked(FIRST_TEXT | DEFLATED, b""), frames.concat(), masked(LAST, b"")].concat();
    assert_eq!(close_code(&fragments).await, 1009, "in fragments");
    let over = (LIMITS.message_bytes as u64 + 1).to_be_bytes();
    assert_eq!(close_code(&[&[BINARY | DEFLATED, 0xff][..], &over, &[0; 4]].concat()).await, 1009, "as it comes");
}

#[tokio::test]
async fn an_offer_that_cannot_be_met_is_passed_over_and_a_malformed_one_refused() {
    let with = |offer| format!("GET / HTTP/1.1\r\nsec-websocket-extensions: {offer}");
    let mut client = Client::request(&with("permessage-deflate; server_max_window_bits=8, permessage-zstd"), b"").await;
    let response = client.response().await;
    assert!(response.starts_with("HTTP/1.1 101 ") && !response.contains("extensions"), "{response}");
    client.send(&masked(TEXT | DEFLATED, b"\x00")).await;
    assert_eq!(client.closed().await, 1002);

    let mut client = Client::request(&with("permessage-deflate; client_max_window_bits="), b"").await;
    assert!(client.response().await.starts_with("HTTP/1.1 400 "));
}

/// A payload that repeats itself near and far, so that there is something to compress.
fn repetitive() -> impl Strategy<Value = String> {
    let words = proptest::collection::vec(".{1,40}", 1..20);
    (words, proptest::collection::vec(any::<prop::sample::Index>(), 0..600))
        .prop_map(|(words, order)| order.iter().map(|index| index.get(&words).as_str()).collect())
}

proptest! {
    #[test]
    fn a_compressed_frame_says_the_same_in_fewer_bytes(message in repetitive()) {
        if let Some(deflated) = frame::deflated_text(&message) {
            prop_assert!(deflated.len() < frame::text(&message).len());
            prop_assert_eq!(deflated[0], TEXT | DEFLATED);
            let header = match deflated[1] { 126 => 4, 127 => 10, _ => 2 };
            prop_assert_eq!(inflated(&deflated[header..], message.len()), message.as_bytes());
        } else {
            let shorter = frame::deflated_binary(&[message.as_bytes(), &[b' '; 4096]].concat());
            prop_assert!(shorter.is_some(), "what is saved on blanks is worth it");
        }
    }
}
