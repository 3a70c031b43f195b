//! The reader and the writer as a program uses them: interrupted, blocked, and at the end of a connection.

use futures_util::FutureExt;
use parlour_websocket::{Close, CloseCode, Connection, Incoming, ReadError, Writer, frame};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::Instant;

use crate::client::{CLOSE, LIMITS, TEXT, masked, soon};

fn connect(pipe_bytes: usize) -> (DuplexStream, Connection) {
    let (peer, stream) = duplex(pipe_bytes);
    (peer, Connection::from_stream(stream, LIMITS))
}

/// Fills the stream and says how many bytes it took.
fn fill(writer: &mut Writer) -> usize {
    let mut total = 0;
    loop {
        match writer.try_write(&[0; 64]) {
            Ok(written) => total += written,
            Err(error) => {
                assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
                return total;
            }
        }
    }
}

#[tokio::test]
async fn next_may_be_dropped_at_any_byte() {
    let (mut peer, mut connection) = connect(1000);
    let message = masked(TEXT, "wait för it".as_bytes());
    for byte in &message[..message.len() - 1] {
        peer.write_all(&[*byte]).await.unwrap();
        assert!(connection.reader.next().now_or_never().is_none());
    }
    peer.write_all(&message[message.len() - 1..]).await.unwrap();
    let incoming = connection.reader.next().await.unwrap();
    assert_eq!(incoming, Incoming::Text("wait för it".to_owned()));
}

#[tokio::test]
async fn a_full_stream_blocks_until_the_peer_reads() {
    let (mut peer, mut connection) = connect(100);
    assert_eq!(fill(&mut connection.writer), 100);
    assert!(connection.writer.writable().now_or_never().is_none());
    let reading = tokio::spawn(async move {
        peer.read_exact(&mut [0; 40]).await.unwrap();
        peer
    });
    soon(connection.writer.writable()).await.unwrap();
    let _peer = soon(reading).await.unwrap();
    assert_eq!(fill(&mut connection.writer), 40);
}

#[tokio::test]
async fn a_frame_is_shared_and_frames_go_out_together() {
    let (mut peer, mut connection) = connect(1000);
    let shared = frame::text("one");
    let pending = [shared.clone(), shared, frame::binary(b"two")].concat();
    assert_eq!(connection.writer.try_write(&pending).unwrap(), pending.len());
    let mut received = vec![0; pending.len()];
    peer.read_exact(&mut received).await.unwrap();
    assert_eq!(received, b"\x81\x03one\x81\x03one\x82\x03two");
}

#[tokio::test]
async fn closing_waits_for_the_peer() {
    let (mut peer, connection) = connect(1000);
    let deadline = Instant::now() + std::time::Duration::from_mins(1);
    let closing = tokio::spawn(connection.close(CloseCode::SERVICE_RESTART, "back soon", deadline));
    let mut expected = [0; 13];
    peer.read_exact(&mut expected).await.unwrap();
    assert_eq!(&expected, b"\x88\x0b\x03\xf4back soon");
    let late = [masked(TEXT, b"not yet"), masked(CLOSE, b"\x03\xf4")].concat();
    peer.write_all(&late).await.unwrap();
    soon(closing).await.unwrap().unwrap();
    assert_eq!(peer.read(&mut [0]).await.unwrap(), 0, "the stream ends");
}

#[tokio::test]
async fn closing_ends_at_its_deadline() {
    let (mut peer, connection) = connect(1000);
    let result = connection.close(CloseCode::GOING_AWAY, "", Instant::now()).await;
    assert_eq!(result.unwrap_err().kind(), std::io::ErrorKind::TimedOut);
    let mut rest = Vec::new();
    peer.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"\x88\x02\x03\xe9", "the peer was told before the stream ended");
}

#[tokio::test]
async fn after_a_close_there_is_nothing() {
    let (mut peer, mut connection) = connect(1000);
    peer.write_all(&[masked(CLOSE, b"\x03\xe8bye"), masked(TEXT, b"x")].concat()).await.unwrap();
    let close = Close { code: CloseCode::NORMAL, reason: "bye".to_owned() };
    assert_eq!(connection.reader.next().await.unwrap(), Incoming::Close(Some(close)));
    assert!(matches!(connection.reader.next().await, Err(ReadError::Ended)));
}

#[tokio::test]
async fn an_end_without_a_close_is_an_error() {
    let (peer, mut connection) = connect(1000);
    drop(peer);
    assert!(matches!(connection.reader.next().await, Err(ReadError::Ended)));
}
