//! `tokens`: access and refresh tokens in headers, and addresses that are verified.

use serde_json::{Value, json};

use crate::cors;
use crate::forge;
use crate::harness::Server;
use crate::http::Response;
use crate::replay::replay;

const DELETE_ME: &str = "/api/v1/protected/user";

/// Minutes after which the next verification mail may go to the same account, and one more.
const QUARTER: u64 = 16;

#[tokio::test]
async fn published_examples_replay() {
    replay("tokens").await;
}

/// The pair of tokens of one session.
struct Pair {
    access: String,
    refresh: String,
}

impl Pair {
    fn of(body: &Value) -> Self {
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        Self { access: text("accessToken"), refresh: text("refreshToken") }
    }
}

async fn sign_up_named(server: &Server, email: &str, first: &str, last: &str) -> Pair {
    let form = json!({"email": email, "password": "password", "firstName": first, "lastName": last});
    let answer = server.post("/api/v1/user/signup", &form).send().await;
    Pair::of(&answer.expect(201).json())
}

async fn sign_up(server: &Server, email: &str) -> Pair {
    sign_up_named(server, email, "Ada", "Lovelace").await
}

async fn refresh(server: &Server, token: &str, query: &str) -> Response {
    let path = format!("/api/v1/user/login/refresh{query}");
    let request = server.request("POST", &path).header("X-Refresh-Token", token);
    request.send().await
}

async fn rotate(server: &Server, token: &str) -> Pair {
    let answer = refresh(server, token, "?rotate=true").await;
    Pair::of(&answer.expect(201).json())
}

fn id_of(pair: &Pair) -> String {
    forge::claims(&pair.access)["userId"].to_string()
}

async fn create_secret(server: &Server, pair: &Pair) -> Response {
    let path = format!("/api/v1/user/create_secret/{}", id_of(pair));
    server.get(&path).send().await.expect(200)
}

async fn verify(server: &Server, secret: &str) -> u16 {
    let path = format!("/api/v1/user/verify/{secret}");
    server.get(&path).send().await.status
}

/// Every mail that was queued before this call has gone out after it: mail leaves in order.
async fn let_mail_go_out(server: &Server, marker: &str) {
    sign_up_named(server, marker, "Last", "Letter").await;
    server.mail(marker, 1).await;
}

/// Proves: tokens.cors.any, tokens.cors.preflight
#[tokio::test]
async fn pages_of_any_origin_may_call() {
    let server = Server::start().await;
    let both = "X-Access-Token, X-Refresh-Token";
    cors::assert_granted(&server, "POST", "/api/v1/user/signup", "Content-Type").await;
    cors::assert_granted(&server, "POST", "/api/v1/user/login", "Content-Type").await;
    cors::assert_granted(&server, "DELETE", "/api/v1/user/login", both).await;
    cors::assert_granted(&server, "POST", "/api/v1/user/login/refresh", "X-Refresh-Token").await;
    cors::assert_granted(&server, "DELETE", DELETE_ME, "X-Access-Token").await;
    let refusal = server.delete(DELETE_ME).header("Origin", cors::ELSEWHERE);
    cors::assert_readable(&refusal.send().await.expect(401));
}

/// Proves: tokens.claims.user_id, tokens.claims.admin_level, tokens.claims.privilege_level, tokens.claims.union
/// Proves: tokens.claims.issuer, tokens.claims.life
#[tokio::test]
async fn an_access_token_says_who_and_how_long() {
    let url = "https://parlour.example";
    let server = Server::with(&[("server.public_url", url)]).await;
    let pair = sign_up(&server, "ada@example.com").await;
    let claims = forge::claims(&pair.access);
    let id = claims["userId"].as_i64().unwrap();
    assert_eq!(claims["id"], id.to_string());
    assert_eq!(claims["adminLevel"], 0);
    assert_eq!(claims["privilegeLevel"], 0);
    assert_eq!(claims["username"], "Ada Lovelace");
    assert_eq!(claims["iss"], url);
    for name in ["sub", "aud", "iat", "exp", "jti", "sid"] {
        assert!(!claims[name].is_null(), "{name} is missing in {claims}");
    }
    assert_eq!(forge::life(&pair.access), 30 * 60);
}

/// Proves: tokens.claims.admin
#[tokio::test]
async fn an_admin_is_told_by_the_claim() {
    let server = Server::start().await;
    let admin = server.admin("root").await;
    let claims = forge::claims(&admin.token);
    assert_eq!((&claims["adminLevel"], &claims["privilegeLevel"]), (&json!(2), &json!(2)));
}

/// Proves: tokens.signup.username
#[tokio::test]
async fn a_username_is_made_of_the_names() {
    let server = Server::start().await;
    let long = "Ü".repeat(150);
    let people = [
        ("Ada", "Lovelace", "Ada Lovelace"),
        ("ADA", "LOVELACE", "ADA LOVELACE 2"),
        ("Ada", "Lovelace", "Ada Lovelace 3"),
        ("Gr\u{202e}ace", "Hop\u{7}per", "Grace Hopper"),
        (long.as_str(), "X", &"Ü".repeat(140)),
    ];
    for (number, (first, last, username)) in people.into_iter().enumerate() {
        let email = format!("{number}@example.com");
        let pair = sign_up_named(&server, &email, first, last).await;
        assert_eq!(forge::claims(&pair.access)["username"], username);
    }
}

/// Proves: tokens.signup.privileged_ignored
#[tokio::test]
async fn unknown_fields_grant_nothing() {
    let server = Server::start().await;
    let form = json!({
        "email": "mallory@example.com", "password": "password", "firstName": "Mallory", "lastName": "M",
        "adminLevel": 2, "admin_level": 2, "privilegeLevel": 2, "id": 77, "userId": 77,
    });
    let answer = server.post("/api/v1/user/signup", &form).send().await;
    let claims = forge::claims(&Pair::of(&answer.expect(201).json()).access);
    assert_eq!(claims["adminLevel"], 0);
    assert_ne!(claims["userId"], 77);
}

/// Proves: tokens.login.tokens, tokens.signup.tokens, tokens.refresh.access_token, tokens.refresh.fresh_access_token
#[tokio::test]
async fn no_two_tokens_are_the_same() {
    let server = Server::start().await;
    let pair = sign_up(&server, "ada@example.com").await;
    let credentials = json!({"email": "ada@example.com", "password": "password"});
    let login = server.post("/api/v1/user/login", &credentials).send().await;
    let login = Pair::of(&login.expect(201).json());
    let mut all = vec![pair.access, pair.refresh.clone(), login.access, login.refresh];
    for _ in 0..3 {
        let answer = refresh(&server, &pair.refresh, "").await.expect(201).json();
        assert_eq!(answer["accessToken"], answer["freshAccessToken"]);
        all.push(answer["accessToken"].as_str().unwrap().to_owned());
    }
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count);
}

/// Proves: tokens.refresh.idle
#[tokio::test]
async fn an_idle_refresh_token_dies() {
    let server = Server::with(&[("tokens.refresh_idle_days", "2")]).await;
    let pair = sign_up(&server, "ada@example.com").await;
    for _ in 0..3 {
        server.wait_minutes(36 * 60);
        refresh(&server, &pair.refresh, "").await.expect(201);
    }
    server.wait_minutes(48 * 60 + 1);
    refresh(&server, &pair.refresh, "").await.expect(401);
}

/// Proves: tokens.refresh.absolute
#[tokio::test]
async fn no_refresh_token_lives_for_ever() {
    let limits = [("tokens.refresh_idle_days", "2"), ("tokens.refresh_absolute_days", "5")];
    let server = Server::with(&limits).await;
    let mut pair = sign_up(&server, "ada@example.com").await;
    for _ in 0..4 {
        server.wait_minutes(24 * 60);
        pair = rotate(&server, &pair.refresh).await;
    }
    server.wait_minutes(24 * 60 + 1);
    refresh(&server, &pair.refresh, "").await.expect(401);
}

/// Proves: tokens.refresh.rotate, tokens.refresh.lost_answer
#[tokio::test]
async fn a_lost_answer_can_be_asked_for_again() {
    let server = Server::start().await;
    let first = sign_up(&server, "ada@example.com").await;
    let lost = rotate(&server, &first.refresh).await;
    assert_ne!(lost.refresh, first.refresh);
    server.clock().advance(std::time::Duration::from_secs(29));
    let again = rotate(&server, &first.refresh).await;
    let next = rotate(&server, &again.refresh).await;
    assert!(server.accepts(&next.access).await);
    refresh(&server, &next.refresh, "").await.expect(201);
}

/// Proves: tokens.refresh.lost_answer
#[tokio::test]
async fn parallel_tabs_stay_logged_in() {
    let server = Server::start().await;
    let first = sign_up(&server, "ada@example.com").await;
    let (one, two) = tokio::join!(rotate(&server, &first.refresh), rotate(&server, &first.refresh));
    assert!(server.accepts(&one.access).await);
    assert!(server.accepts(&two.access).await);
}

/// Proves: tokens.refresh.replay
#[tokio::test]
async fn a_replay_after_the_successor_was_used_ends_the_session() {
    let server = Server::start().await;
    let first = sign_up(&server, "ada@example.com").await;
    let second = rotate(&server, &first.refresh).await;
    let third = rotate(&server, &second.refresh).await;
    refresh(&server, &first.refresh, "?rotate=true").await.expect(401);
    assert_ended(&server, &third).await;
}

/// Proves: tokens.refresh.replay
#[tokio::test]
async fn a_late_replay_ends_the_session() {
    let server = Server::start().await;
    let first = sign_up(&server, "ada@example.com").await;
    let second = rotate(&server, &first.refresh).await;
    server.clock().advance(std::time::Duration::from_secs(31));
    refresh(&server, &first.refresh, "?rotate=true").await.expect(401);
    assert_ended(&server, &second).await;
}

async fn assert_ended(server: &Server, pair: &Pair) {
    refresh(server, &pair.refresh, "").await.expect(401);
    assert!(!server.accepts(&pair.access).await);
}

/// Proves: tokens.logout.ends_access
#[tokio::test]
async fn logout_ends_every_access_token_of_the_session_and_no_other() {
    let server = Server::start().await;
    let pair = sign_up(&server, "ada@example.com").await;
    let fresh = refresh(&server, &pair.refresh, "").await.expect(201).json();
    let credentials = json!({"email": "ada@example.com", "password": "password"});
    let other = server.post("/api/v1/user/login", &credentials).send().await;
    let other = Pair::of(&other.expect(201).json());

    let logout = server.delete("/api/v1/user/login");
    let logout = logout.header("X-Access-Token", &pair.access);
    logout.header("X-Refresh-Token", &pair.refresh).send().await.expect(204);
    assert!(!server.accepts(&pair.access).await);
    assert!(!server.accepts(fresh["accessToken"].as_str().unwrap()).await);
    assert!(server.accepts(&other.access).await);
}

/// Proves: tokens.signup.mail, tokens.verify.page
#[tokio::test]
async fn a_scanner_that_opens_the_link_verifies_nothing() {
    let server = Server::alone(&[("server.public_url", "https://parlour.example")]).await;
    let ada = sign_up(&server, "ada@example.com").await;
    let mail = server.mail("ada@example.com", 1).await;
    let secret = mail.secret();
    assert_eq!(secret.len(), 50);
    assert!(mail.body.contains(&format!("https://parlour.example/verify/{secret}")));
    assert!(!mail.body.contains("/api/v1/user/verify/"));

    let page = format!("/verify/{secret}");
    let shown = server.get(&page).send().await.expect(200);
    assert!(shown.header("content-type").unwrap().starts_with("text/html"));
    assert!(shown.text().to_lowercase().contains("method=\"post\""), "{shown:?}");
    server.request("HEAD", &page).send().await;
    server.wait_minutes(QUARTER);
    create_secret(&server, &ada).await;
    server.mail("ada@example.com", 2).await;

    let form = "application/x-www-form-urlencoded";
    let pressed = server.request("POST", &page).raw(form, "");
    let pressed = pressed.header("Sec-Fetch-Site", "same-origin");
    let pressed = pressed.header("Origin", &origin_of_page(&server, &shown)).send().await;
    assert!(matches!(pressed.status, 200 | 303), "{pressed:?}");
    server.wait_minutes(QUARTER);
    create_secret(&server, &ada).await;
    let_mail_go_out(&server, "marker@example.com").await;
    assert_eq!(server.mails("ada@example.com"), 2);
}

/// What a browser sends as `Origin` with the form of a page: nobody's, when the page asks for `no-referrer` (Fetch
/// standard, "append a request `Origin` header").
fn origin_of_page(server: &Server, page: &Response) -> String {
    match page.header("referrer-policy") {
        Some("no-referrer") => "null".to_owned(),
        _ => format!("http://{}", server.address()),
    }
}

/// Proves: tokens.verify.head
#[tokio::test]
async fn head_verifies_nothing() {
    let server = Server::start().await;
    let ada = sign_up(&server, "ada@example.com").await;
    let secret = server.mail("ada@example.com", 1).await.secret();
    let path = format!("/api/v1/user/verify/{secret}");
    server.request("HEAD", &path).send().await;
    server.wait_minutes(QUARTER);
    create_secret(&server, &ada).await;
    server.mail("ada@example.com", 2).await;
}

/// Proves: tokens.create_secret.ok, tokens.create_secret.never_returned, tokens.create_secret.earlier_valid
#[tokio::test]
async fn a_second_secret_leaves_the_first_alone() {
    let server = Server::start().await;
    let ada = sign_up(&server, "ada@example.com").await;
    let first = server.mail("ada@example.com", 1).await.secret();
    server.wait_minutes(QUARTER);
    let answer = create_secret(&server, &ada).await;
    let second = server.mail("ada@example.com", 2).await.secret();
    assert_ne!(first, second);
    assert!(!answer.text().contains(&second));
    assert_eq!(verify(&server, &first).await, 200);
    assert_eq!(verify(&server, &second).await, 200);
}

/// Proves: tokens.create_secret.nothing_to_do, tokens.verify.ok
#[tokio::test]
async fn who_is_verified_or_has_no_address_gets_no_mail() {
    let server = Server::start().await;
    let ada = sign_up(&server, "ada@example.com").await;
    let secret = server.mail("ada@example.com", 1).await.secret();
    assert_eq!(verify(&server, &secret).await, 200);
    server.wait_minutes(QUARTER);
    create_secret(&server, &ada).await;

    let bob = server.member("bob").await;
    let path = format!("/api/v1/user/create_secret/{}", bob.id);
    server.get(&path).send().await.expect(200);
    let_mail_go_out(&server, "marker@example.com").await;
    assert_eq!(server.mails("ada@example.com"), 1);
}

/// Proves: tokens.create_secret.rate
#[tokio::test]
async fn nobody_is_flooded_with_mail() {
    let server = Server::with(&[("limits.enabled", "true")]).await;
    let ada = sign_up(&server, "ada@example.com").await;
    server.wait_minutes(QUARTER);
    create_secret(&server, &ada).await;
    create_secret(&server, &ada).await;
    let_mail_go_out(&server, "first@example.com").await;
    assert_eq!(server.mails("ada@example.com"), 2);
    for _ in 0..6 {
        server.wait_minutes(QUARTER);
        create_secret(&server, &ada).await;
    }
    let_mail_go_out(&server, "second@example.com").await;
    assert!(matches!(server.mails("ada@example.com"), 5 | 6), "five a day, sign-up's own aside");
}

/// Proves: tokens.delete.ends_all, tokens.delete.gone
#[tokio::test]
async fn deletion_ends_every_session_token_and_socket() {
    let server = Server::start().await;
    let ada = sign_up(&server, "ada@example.com").await;
    let credentials = json!({"email": "ada@example.com", "password": "password"});
    let other = server.post("/login", &credentials).send().await.expect(200).json();
    let other = other["token"].as_str().unwrap();
    let mut lobby = server.socket("/join").bearer(other).connect().await;
    let mut users = server.socket("/users/").bearer(&ada.access).connect().await;

    let delete = server.delete(DELETE_ME).header("X-Access-Token", &ada.access);
    delete.send().await.expect(200);
    assert!(lobby.closed().await.code.is_some());
    assert!(users.closed().await.code.is_some());
    assert!(!server.accepts(other).await);
    assert_ended(&server, &ada).await;
    server.post("/login", &credentials).send().await.expect(401);
}
