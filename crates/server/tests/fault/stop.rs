//! SIGTERM: what was begun is finished, what was acknowledged stays, and everybody is told to come back.

use crate::http::Connection;
use crate::people::{Credential, Door, ask, member};
use crate::process::{Folder, Parlour};
use crate::room::{Seat, history};

#[tokio::test]
async fn a_server_stops_in_order() {
    let folder = Folder::new();
    let server = folder.start(&["server.drain_seconds=2"]).await;
    let token = member(server.address, "Ada").await;
    let mut ada = Seat::take(server.address, "alpha", &token, None).await.unwrap();
    let mut guest = server.socket("/api/v1/rooms/alpha/messages/ws").connect().await;
    let mut lobby = server.socket("/join").subprotocols(&[&token]).connect().await;
    ada.post("heard", "1").await.unwrap();
    let (begun, rest) = half_a_sign_up(&server, "Bob").await;
    server.ask_to_stop();
    // Who has a socket hears of it first: then the server is stopping for sure.
    assert_eq!(ada.socket.closed().await.code, Some(1012));
    let finish = async move {
        let mut begun = begun;
        begun.write(&rest).await;
        begun.response(false).await.unwrap()
    };
    let (answer, guest, lobby) = tokio::join!(finish, guest.closed(), lobby.closed());
    assert_eq!((guest.code, lobby.code), (Some(1012), Some(1012)));
    answer.expect(201);
    let status = server.ended().await;
    assert!(status.success(), "{status}");

    let server = folder.start(&[]).await;
    ask(server.address, Door::Rooms.log_in("Bob")).await.unwrap().expect(200);
    assert!(Credential::Bearer(token.clone()).opens(server.address, "Ada").await);
    let said = history(server.address, "alpha", &token, "2").await;
    assert_eq!(said[0].text, "heard");
}

/// Whoever asks whether it is ready, and has been let in, is told that it is not; nobody is kept who has no question.
#[tokio::test]
async fn a_server_that_stops_is_not_ready() {
    let folder = Folder::new();
    let server = folder.start(&["server.drain_seconds=1"]).await;
    let mut idle = Connection::to(server.address).await;
    idle.ask("/readyz").await.unwrap().expect(200);
    let mut asking = Connection::to(server.address).await;
    asking.write(b"GET /readyz HTTP/1.1\r\nHost: parlour.example\r\n").await;
    // Connections are taken in their order, and who has a socket hears of the stop.
    let mut guest = server.socket("/api/v1/rooms/alpha/messages/ws").connect().await;
    server.ask_to_stop();
    assert_eq!(guest.closed().await.code, Some(1012));
    asking.write(b"\r\n").await;
    let answer = asking.response(false).await.unwrap().expect(503);
    assert_eq!(answer.json()["status"], "draining");
    assert!(answer.header("retry-after").is_some(), "{answer:?}");
    assert!(idle.until_closed().await.is_empty());
    assert!(server.ended().await.success());
}

/// A sign-up whose last byte is still to come, on a connection that the server has taken: it has answered a later one.
async fn half_a_sign_up(server: &Parlour, name: &str) -> (Connection, Vec<u8>) {
    let (path, body, _) = Door::Rooms.sign_up(name);
    let (first, rest) =
        body.to_string().into_bytes().split_at_checked(10).map(|(a, b)| (a.to_vec(), b.to_vec())).unwrap();
    let length = (first.len() + rest.len()).to_string();
    let request = server.post(path, &body).header("Content-Length", &length).raw("application/json", first);
    let begun = request.open().await;
    ask(server.address, Door::Rooms.sign_up("Eve")).await.unwrap().expect(201);
    (begun, rest)
}

#[tokio::test]
async fn nobody_acknowledged_is_lost_when_it_stops_in_a_crowd() {
    let folder = Folder::new();
    let server = folder.start(&["server.drain_seconds=1"]).await;
    let names: Vec<String> = (0..40).map(|number| format!("member {number}")).collect();
    let crowd = names.iter().map(|name| ask(server.address, Door::Rooms.sign_up(name)));
    let stop = async {
        ask(server.address, Door::Rooms.sign_up("first")).await.unwrap().expect(201);
        server.ask_to_stop();
    };
    let (answers, ()) = tokio::join!(futures_util::future::join_all(crowd), stop);
    assert!(server.ended().await.success());

    let server = folder.start(&[]).await;
    for (name, answer) in names.iter().zip(answers) {
        // No whole answer: not acknowledged. Nobody may have been told of a fault.
        let Ok(answer) = answer else { continue };
        assert!(matches!(answer.status, 201 | 503), "{answer:?}");
        if answer.status == 201 {
            ask(server.address, Door::Rooms.log_in(name)).await.unwrap().expect(200);
        }
    }
}
