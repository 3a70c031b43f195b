//! Who may hold a name or an address, and for how long: the same whichever contract asks.

use serde_json::{Value, json};

use crate::harness::{PASSWORD, Server};

const DAY: u64 = 24 * 60;

async fn sign_up(server: &Server, username: &str) -> u16 {
    let account = json!({"username": username, "secret": PASSWORD});
    server.post("/api/v1/users", &account).send().await.status
}

/// Renames an account through a fresh login of it, and gives the answer back.
async fn rename(server: &Server, from: &str, to: &str) -> Value {
    let member = server.log_in(from).await;
    let mut users = server.socket("/users/").bearer(&member.token).connect().await;
    users.ask(&json!({"action": "edit", "data": {"username": to}})).await
}

#[tokio::test]
async fn a_name_given_up_rests_before_somebody_else_may_have_it() {
    let server = Server::start().await;
    server.member("ada").await;
    assert_eq!(rename(&server, "ada", "countess").await["data"]["username"], "countess");
    assert_eq!(sign_up(&server, "ada").await, 400);
    assert_eq!(sign_up(&server, "ADA").await, 400);
    server.wait_minutes(29 * DAY);
    assert_eq!(sign_up(&server, "ada").await, 400);
    server.wait_minutes(2 * DAY);
    assert_eq!(sign_up(&server, "ada").await, 201);
}

#[tokio::test]
async fn who_gave_a_name_up_may_have_it_back() {
    let server = Server::start().await;
    server.member("ada").await;
    rename(&server, "ada", "countess").await;
    assert_eq!(rename(&server, "countess", "ada").await["data"]["username"], "ada");
}

#[tokio::test]
async fn a_name_given_up_logs_nobody_in() {
    let server = Server::start().await;
    server.member("ada").await;
    rename(&server, "ada", "countess").await;
    let credentials = json!({"username": "ada", "secret": PASSWORD});
    let answer = server.post("/api/v1/login", &credentials).send().await.expect(400);
    assert_eq!(answer.json()["error"]["type"], "USER_NOT_FOUND");
}

async fn claim(server: &Server, number: usize, email: &str) -> u16 {
    let account = json!({"username": format!("claimant {number}"), "email": email, "password": PASSWORD});
    server.post("/createUser", &account).send().await.status
}

#[tokio::test]
async fn a_squatter_cannot_keep_an_address_from_its_owner() {
    let server = Server::start().await;
    let email = "ada@example.com";
    assert_eq!(claim(&server, 1, email).await, 200);
    server.wait_minutes(6 * DAY);
    assert_eq!(claim(&server, 2, email).await, 409);
    server.wait_minutes(DAY + 1);
    assert_eq!(claim(&server, 2, email).await, 200);
}

#[tokio::test]
async fn a_proven_address_stays_with_its_owner() {
    let server = Server::start().await;
    let email = "ada@example.com";
    assert_eq!(claim(&server, 1, email).await, 200);
    let secret = server.mail(email, 1).await.secret();
    let verify = server.get(&format!("/api/v1/user/verify/{secret}"));
    verify.send().await.expect(200);
    server.wait_minutes(60 * DAY);
    assert_eq!(claim(&server, 2, email).await, 409);
}

/// Login matches the name itself, never what merely looks like it.
#[tokio::test]
async fn a_name_that_looks_alike_logs_nobody_in() {
    let server = Server::start().await;
    server.member("Alice").await;
    let credentials = json!({"username": "\u{410}lice", "secret": PASSWORD});
    server.post("/api/v1/login", &credentials).send().await.expect(400);
    let credentials = json!({"username": "alice", "secret": PASSWORD});
    server.post("/api/v1/login", &credentials).send().await.expect(200);
}
