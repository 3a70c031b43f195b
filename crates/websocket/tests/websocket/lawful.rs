//! What the RFC lets a client do, and this server must bear: the cases of the public test suites that no other file has.

use crate::client::{BINARY, CLOSE, Client, FIRST_BINARY, FIRST_TEXT, LAST, MORE, PING, PONG, TEXT, masked};

#[tokio::test]
async fn pings_of_every_length_are_answered_alike() {
    let mut client = Client::connect().await;
    for payload in [&b""[..], b"Hello", b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff", &[0xfe; 125]] {
        client.send(&masked(PING, payload)).await;
        assert_eq!(client.receive().await, (PONG, payload.to_vec()));
    }
}

#[tokio::test]
async fn pings_are_answered_in_order_and_pongs_not_at_all() {
    let mut client = Client::connect().await;
    let pings: Vec<_> = (0..10_u8).map(|n| masked(PING, &[n])).collect();
    for byte in [masked(PONG, b"unasked"), pings.concat()].concat() {
        client.send(&[byte]).await;
    }
    for n in 0..10 {
        assert_eq!(client.receive().await, (PONG, vec![n]));
    }
}

#[tokio::test]
async fn a_message_may_have_many_fragments_and_pings_among_them() {
    let mut client = Client::connect().await;
    for (first, whole) in [(FIRST_TEXT, TEXT), (FIRST_BINARY, BINARY)] {
        client.send(&masked(first, b"")).await;
        for n in 0..100_u8 {
            client.send(&[masked(MORE, &[n]), masked(MORE, b""), masked(PING, &[n])].concat()).await;
            assert_eq!(client.receive().await, (PONG, vec![n]));
        }
        client.send(&masked(LAST, b"")).await;
        assert_eq!(client.receive().await, (whole, (0..100).collect()));
    }
}

#[tokio::test]
async fn a_length_of_64_bits_may_come_chopped() {
    let message: Vec<u8> = "long ".bytes().cycle().take(65_536 + 17).collect();
    let bytes = masked(TEXT, &message);
    for size in [997, 64] {
        let mut client = Client::connect().await;
        let (head, rest) = bytes.split_at(14);
        for byte in head {
            client.send(&[*byte]).await;
        }
        for piece in rest.chunks(size) {
            client.send(piece).await;
        }
        assert!(client.receive().await == (TEXT, message.clone()), "in pieces of {size}");
    }
}

#[tokio::test]
async fn every_reserved_opcode_ends_the_connection_after_what_came_before_it() {
    for opcode in (0x3..=0x7).chain(0xb..=0xf) {
        let mut client = Client::connect().await;
        client.send(&[masked(TEXT, b"before"), masked(LAST | opcode, b""), masked(PING, b"after")].concat()).await;
        assert_eq!(client.receive().await, (TEXT, b"before".to_vec()));
        assert_eq!(client.closed().await, 1002, "opcode {opcode:x}");
    }
}

#[tokio::test]
async fn a_close_code_that_may_be_sent_is_sent_back() {
    let valid = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999];
    let invalid = [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535];
    let cases = valid.map(|code| (code, code)).into_iter().chain(invalid.map(|code| (code, 1002)));
    for (code, expected) in cases {
        let mut client = Client::connect().await;
        client.send(&masked(CLOSE, &u16::to_be_bytes(code))).await;
        assert_eq!(client.closed().await, expected, "{code}");
    }
}

#[tokio::test]
async fn a_close_reason_may_fill_its_frame() {
    let mut client = Client::connect().await;
    let payload = [&b"\x03\xe8"[..], &[b'*'; 123]].concat();
    client.send(&masked(CLOSE, &payload)).await;
    assert_eq!(client.receive().await, (CLOSE, payload));
    client.ended().await;
}

#[tokio::test]
async fn text_fails_at_the_first_hopeless_byte_and_not_before() {
    // Each is a hopeless sequence, and how many of its bytes could still become a character.
    let cases: [(&[u8], usize); 7] = [
        (b"\xff", 0),
        (b"\x80", 0),
        (b"\xc0\xaf", 0),
        (b"\xe0\x80\x80", 1),
        (b"\xed\xa0\x80", 1),
        (b"\xf4\x90\x80\x80", 1),
        (b"\xce\xba\xf0\x9f\x98z", 5),
    ];
    for (text, hopeful) in cases {
        let mut client = Client::connect().await;
        client.send(&[masked(FIRST_TEXT, &text[..hopeful]), masked(PING, b"")].concat()).await;
        assert_eq!(client.receive().await, (PONG, vec![]), "{text:x?}");
        // The next frame is never finished: nothing but the hopeless byte can end the connection.
        let mut rest = text[hopeful..].to_vec();
        rest.resize(100, b'.');
        client.send(&masked(LAST, &rest)[..7]).await;
        assert_eq!(client.closed().await, 1007, "{text:x?}");
    }
}
