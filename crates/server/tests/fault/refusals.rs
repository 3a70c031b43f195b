//! What every contract says while nothing can be written: come back, and nothing else.

use std::net::SocketAddr;

use futures_util::future::join_all;

use crate::http::{Request, Response};
use crate::people::{Door, ask};
use crate::room::Seat;

const DOORS: [Door; 3] = [Door::Rooms, Door::Cookies, Door::Tokens];

/// Asks for writes by every door while none can succeed. Nobody is told of success, of a bad password or of a fault:
/// each contract says in its own words that this may work in a moment.
///
/// `known` is an account of that door, `name` none.
pub(crate) async fn everybody_is_told_to_come_back(address: SocketAddr, known: &str, name: &str) {
    let questions = DOORS.into_iter().flat_map(|door| {
        let (sign_up, log_in) = (door.sign_up(&format!("{name}{door:?}")), door.log_in(&format!("{known}{door:?}")));
        [sign_up, log_in].map(|question| async move { (door, ask(address, question).await.unwrap()) })
    });
    for (door, answer) in join_all(questions).await {
        assert_busy(door, &answer);
    }
}

fn assert_busy(door: Door, answer: &Response) {
    assert_eq!(answer.status, 503, "{answer:?}");
    let seconds: u32 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!(seconds >= 1, "{answer:?}");
    assert!(answer.cookie("sessionid").is_none(), "{answer:?}");
    assert!(!answer.text().to_lowercase().contains("locked"), "{answer:?}");
    let body = answer.json();
    let words = match door {
        Door::Rooms => &body["error"]["message"],
        Door::Cookies => &body["detail"],
        Door::Tokens => &body,
    };
    assert!(words.as_str().is_some_and(|words| !words.is_empty()), "{answer:?}");
}

/// Says something that cannot be kept: the seat is closed with the advice to resume.
pub(crate) async fn a_message_is_refused(seat: &mut Seat, key: &str) {
    let closed = seat.post("into the void", key).await.unwrap_err();
    assert_eq!((closed.code, closed.reason.as_str()), (Some(1013), "resume"));
}

/// Reading needs no write: who is logged in still is.
pub(crate) async fn reading_goes_on(address: SocketAddr, token: &str) {
    let me = Request::new(address, "GET", "/api/users/me/").bearer(token);
    me.send().await.expect(200);
}

/// An account by every door, for `known` of [`everybody_is_told_to_come_back`].
pub(crate) async fn sign_up_by_every_door(address: SocketAddr, known: &str) {
    for door in DOORS {
        let question = door.sign_up(&format!("{known}{door:?}"));
        let status = question.2;
        // A status of success: whatever was refused before has left nothing behind.
        ask(address, question).await.unwrap().expect(status);
    }
}
