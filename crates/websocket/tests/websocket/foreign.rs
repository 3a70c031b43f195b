//! A client written by others understands this server, over TCP and over a stream that is not TCP.

use futures_util::future::join;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::client::{LIMITS, echo_server, soon};
use crate::server;

async fn over_tcp() -> WebSocketStream<TcpStream> {
    let stream = TcpStream::connect(echo_server().await).await.unwrap();
    client_async("ws://localhost/", stream).await.unwrap().0
}

/// A pipe that holds less than most frames, so that both ends often have to wait.
async fn over_pipe() -> WebSocketStream<tokio::io::DuplexStream> {
    let (client, server) = tokio::io::duplex(1000);
    tokio::spawn(server::serve_stream(server, LIMITS));
    client_async("ws://localhost/", client).await.unwrap().0
}

async fn echoes<S: AsyncRead + AsyncWrite + Unpin>(mut socket: WebSocketStream<S>) {
    for size in [0, 1, 125, 126, 65_535, 65_536, 1 << 20] {
        for message in [Message::text("ä".repeat(size)), Message::binary(vec![0xa5; size])] {
            let (mut sink, mut stream) = (&mut socket).split();
            let (sent, echo) = soon(join(sink.send(message.clone()), stream.next())).await;
            sent.unwrap();
            assert!(echo.unwrap().unwrap() == message, "{size} characters or bytes come back");
        }
    }
    socket.send(Message::Ping("are you there".into())).await.unwrap();
    assert_eq!(soon(socket.next()).await.unwrap().unwrap(), Message::Pong("are you there".into()));
}

async fn closes<S: AsyncRead + AsyncWrite + Unpin>(mut socket: WebSocketStream<S>) {
    let close = CloseFrame { code: CloseCode::Library(4001), reason: "enough".into() };
    socket.close(Some(close.clone())).await.unwrap();
    assert_eq!(soon(socket.next()).await.unwrap().unwrap(), Message::Close(Some(close)));
    assert!(soon(socket.next()).await.is_none(), "the stream ends after both have said goodbye");
}

#[tokio::test]
async fn messages_come_back_over_tcp() {
    echoes(over_tcp().await).await;
}

#[tokio::test]
async fn messages_come_back_over_another_stream() {
    echoes(over_pipe().await).await;
}

#[tokio::test]
async fn a_close_is_answered_over_tcp() {
    closes(over_tcp().await).await;
}

#[tokio::test]
async fn a_close_is_answered_over_another_stream() {
    closes(over_pipe().await).await;
}

#[tokio::test]
async fn the_chosen_subprotocol_satisfies_the_client() {
    let mut request = "ws://localhost/".into_client_request().unwrap();
    let offer = "eyJhbGciOi.J-_9, chat".parse().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", offer);
    let stream = TcpStream::connect(echo_server().await).await.unwrap();
    let (_, response) = client_async(request, stream).await.unwrap();
    assert_eq!(response.headers()["sec-websocket-protocol"], "eyJhbGciOi.J-_9");
}

#[tokio::test]
async fn another_version_is_told_the_right_one() {
    let mut request = "ws://localhost/".into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-version", "8".parse().unwrap());
    let stream = TcpStream::connect(echo_server().await).await.unwrap();
    let Err(Error::Http(response)) = client_async(request, stream).await else {
        panic!("the server refuses");
    };
    assert_eq!(response.status(), 426);
    assert_eq!(response.headers()["sec-websocket-version"], "13");
}
