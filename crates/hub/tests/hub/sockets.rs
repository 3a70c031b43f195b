//! The pump on real sockets: hyper's upgrade on this side, another library's client on the other.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use parlour_model::SessionId;
use parlour_websocket::{CloseCode, Connection as Socket, Handshake, Limits};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::actor::{Echo, serve};
use crate::pump::{closed, said};
use crate::support::{World, guest, owner};

type Peer = WebSocketStream<TcpStream>;

/// Answers a request with 101 and gives the socket a seat in the room.
async fn upgrade(
    world: Arc<World>,
    mut request: Request<Incoming>,
) -> Result<Response<Empty<&'static [u8]>>, Infallible> {
    let upgraded = hyper::upgrade::on(&mut request);
    let (parts, _) = request.into_parts();
    let handshake = Handshake::check(&parts, &[Method::GET]).expect("a client that knows how");
    // Taken before the answer, so that a client that has it misses nothing.
    let connection = world.connect();
    let seat = world.hub.join(&world.room, &connection, guest(None)).await.unwrap();
    let session = parts.uri.path().trim_start_matches('/').parse().unwrap();
    connection.bind(owner(session, session)).unwrap();
    tokio::spawn(async move {
        let limits = Limits { message_bytes: 1 << 16 };
        let socket = Socket::from_upgraded(upgraded.await.unwrap(), limits);
        serve(&world.hub, socket, connection, seat, Echo::new()).await
    });
    Ok(handshake.response(None).map(|()| Empty::new()))
}

async fn listen(world: Arc<World>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let world = Arc::clone(&world);
            let service = service_fn(move |request| upgrade(Arc::clone(&world), request));
            let http = hyper::server::conn::http1::Builder::new();
            tokio::spawn(http.serve_connection(TokioIo::new(stream), service).with_upgrades());
        }
    });
    port
}

async fn call(port: u16, session: i64) -> Peer {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let url = format!("ws://127.0.0.1:{port}/{session}");
    client_async(url, stream).await.unwrap().0
}

async fn hear(peer: &mut Peer) -> Message {
    let message = tokio::time::timeout(Duration::from_secs(30), peer.next()).await;
    message.expect("in time").expect("a message").expect("in order")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_talk_while_one_of_them_does_not_listen() {
    let world = Arc::new(World::new());
    let port = listen(Arc::clone(&world)).await;
    let mut deaf = call(port, 1).await;
    let (mut ada, mut bob) = (call(port, 2).await, call(port, 3).await);
    // More than the kernel keeps for a peer that does not read.
    let long = "x".repeat(16 * 1024);
    for seq in 1..=2_000 {
        world.say(&[&long]);
        let expected = said(&format!("{seq} {long}"));
        assert_eq!(hear(&mut ada).await, expected);
        assert_eq!(hear(&mut bob).await, expected);
    }
    ada.send(said("echo")).await.unwrap();
    assert_eq!(hear(&mut ada).await, said("echo"));
    let mut last = 0;
    let end = loop {
        match hear(&mut deaf).await {
            Message::Text(text) => {
                last += 1;
                assert!(text.starts_with(&format!("{last} ")), "no gap before the end");
            }
            other => break other,
        }
    };
    assert_eq!(end, closed(CloseCode::TRY_AGAIN_LATER, "resume"));
    assert!(last < 2_000);
    world.hub.end_session(SessionId(2));
    assert_eq!(hear(&mut ada).await, closed(CloseCode::POLICY, "session ended"));
    bob.close(None).await.unwrap();
    assert!(hear(&mut bob).await.is_close());
    drop((deaf, ada, bob));
    while world.hub.counts().connections > 0 {
        tokio::task::yield_now().await;
    }
}
