//! `native`: what an invitation is worth once its giver has less to say, and how many of them wait.

use serde_json::{Value, json};

use crate::harness::{Member, Server};
use crate::native_rooms::{kind, room};

async fn invite(server: &Server, host: &Member, name: &str, guest: &Member) -> u16 {
    let body = json!({"account": guest.id});
    server.ask(host, "POST", &room(name, "/invitations"), Some(body)).await.status
}

async fn waiting(server: &Server, who: &Member) -> usize {
    let list = server.ask(who, "GET", "/api/v2/invitations", None).await.expect(200).json();
    list["items"].as_array().unwrap().len()
}

async fn is_kept_out(server: &Server, who: &Member, name: &str) -> bool {
    let joined = server.ask(who, "PUT", &room(name, "/members/me"), None).await;
    waiting(server, who).await == 0 && joined.status == 404
}

/// Proves: native.members.invitation_stands
#[tokio::test]
async fn an_invitation_is_worth_what_its_giver_may_do() {
    let server = Server::start().await;
    let (ada, bob, eve) = (server.member("ada").await, server.member("bob").await, server.member("eve").await);
    let change = async |method: &str, rest: &str, body: Option<Value>| {
        let answer = server.ask(&ada, method, &room("tea", rest), body).await;
        assert!(matches!(answer.status, 200 | 204), "{answer:?}");
    };
    let member = format!("/members/{}", bob.id);
    server.make(&ada, "tea", "public").await;
    server.ask(&bob, "PUT", &room("tea", "/members/me"), None).await.expect(200);
    assert_eq!(invite(&server, &bob, "tea", &eve).await, 201);
    assert_eq!(waiting(&server, &eve).await, 1);
    change("PATCH", "", Some(json!({"visibility": "private"}))).await;
    assert!(is_kept_out(&server, &eve, "tea").await, "the room was made private");

    change("PATCH", &member, Some(json!({"role": "moderator"}))).await;
    assert_eq!(waiting(&server, &eve).await, 1);
    change("PATCH", &member, Some(json!({"role": "member"}))).await;
    assert!(is_kept_out(&server, &eve, "tea").await, "the moderator was demoted");
    change("PATCH", &member, Some(json!({"role": "moderator"}))).await;
    change("DELETE", &member, None).await;
    assert!(is_kept_out(&server, &eve, "tea").await, "the moderator was put out");

    server.let_in(&ada, &bob, "tea").await;
    change("PATCH", &member, Some(json!({"role": "moderator"}))).await;
    assert_eq!(waiting(&server, &eve).await, 1);
    change("PUT", &format!("/bans/{}", bob.id), Some(json!({}))).await;
    assert!(is_kept_out(&server, &eve, "tea").await, "the moderator was banned");
    assert_eq!(invite(&server, &ada, "tea", &eve).await, 201, "given anew");
    server.ask(&eve, "PUT", &room("tea", "/members/me"), None).await.expect(200);
}

/// Proves: native.members.invitations_bound
#[tokio::test]
async fn one_inviter_has_ten_waiting_with_one_person() {
    let server = Server::start().await;
    let (ada, bob, eve) = (server.member("ada").await, server.member("bob").await, server.member("eve").await);
    for number in 0..11 {
        server.make(&ada, &format!("room {number}"), "public").await;
        let body = Some(json!({"account": bob.id}));
        let answer = server.ask(&ada, "POST", &room(&format!("room {number}"), "/invitations"), body).await;
        assert_eq!(answer.status, if number < 10 { 201 } else { 409 }, "{number}");
        if number == 10 {
            assert_eq!(kind(&answer), "conflict");
        }
    }
    assert_eq!(invite(&server, &ada, "room 0", &bob).await, 201, "once more is none more");
    server.make(&eve, "tea", "private").await;
    assert_eq!(invite(&server, &eve, "tea", &bob).await, 201, "others are not in the way");
    server.ask(&bob, "DELETE", "/api/v2/invitations/room%200", None).await.expect(204);
    assert_eq!(invite(&server, &ada, "room 10", &bob).await, 201);
}
