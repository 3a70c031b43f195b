//! `cookies`: sessions in a browser's cookie, and forms checked field by field.

use serde_json::{Value, json};

use crate::cors;
use crate::forge;
use crate::harness::{PASSWORD, Server};
use crate::http::Response;
use crate::replay::replay;

const ME: &str = "/api/users/me/";
const SESSIONS: &str = "/api/sessions/";

/// What the configured front-end of another origin is called.
const FRONT_END: &str = "https://app.example";

#[tokio::test]
async fn published_examples_replay() {
    replay("cookies").await;
}

fn form(username: &str) -> Value {
    json!({
        "username": username, "password": PASSWORD, "password_confirm": PASSWORD,
        "display_name": "Somebody", "facility_id": "234",
    })
}

/// Signs up and gives back the session's id.
async fn sign_up(server: &Server, username: &str) -> String {
    let answer = server.post("/api/users/", &form(username)).send().await;
    session_of(&answer.expect(201))
}

async fn log_in(server: &Server, username: &str) -> Response {
    let credentials = json!({"username": username, "password": PASSWORD});
    server.post(SESSIONS, &credentials).send().await
}

fn session_of(answer: &Response) -> String {
    answer.cookie("sessionid").expect("no session").value
}

async fn is_live(server: &Server, session: &str) -> bool {
    server.get(ME).session(session).send().await.status == 200
}

/// Proves: cookies.cors.configured
#[tokio::test]
async fn only_configured_origins_read_answers() {
    let origins = format!("[\"{FRONT_END}\"]");
    let server = Server::with(&[("server.origins", &origins)]).await;
    let session = sign_up(&server, "ada").await;
    let known = server.get(ME).session(&session).header("Origin", FRONT_END);
    let known = known.send().await.expect(200);
    assert_eq!(known.all("access-control-allow-origin"), [FRONT_END]);
    assert_eq!(known.header("access-control-allow-credentials"), Some("true"));
    assert!(known.all("vary").join(",").to_lowercase().contains("origin"));
    let granted = cors::preflight(&server, FRONT_END, "POST", SESSIONS, "Content-Type").await;
    assert_eq!(granted.all("access-control-allow-origin"), [FRONT_END]);

    for origin in [cors::ELSEWHERE, "https://app.example.evil.example", "null"] {
        let unknown = server.get(ME).session(&session).header("Origin", origin);
        assert_eq!(unknown.send().await.header("access-control-allow-origin"), None);
        let refused = cors::preflight(&server, origin, "DELETE", SESSIONS, "Content-Type").await;
        assert_eq!(refused.header("access-control-allow-origin"), None);
    }
}

/// Proves: cookies.origin.foreign, cookies.envelope.forbidden
#[tokio::test]
async fn a_foreign_page_changes_nothing() {
    let server = Server::start().await;
    let session = sign_up(&server, "ada").await;
    let signs = [("Origin", cors::ELSEWHERE), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site")];
    for (header, value) in signs {
        let request = server.delete(SESSIONS).session(&session);
        let answer = request.header(header, value).send().await.expect(403);
        let sentence = "You do not have permission to perform this action.";
        assert_eq!(answer.json(), json!({"detail": sentence}));
        assert!(is_live(&server, &session).await, "{header}: {value} logged her out");
    }
}

/// Proves: cookies.origin.own_host
#[tokio::test]
async fn the_page_of_this_very_server_is_no_stranger() {
    let server = Server::alone(&[]).await;
    let session = sign_up(&server, "ada").await;
    let own = format!("http://{}", server.address());
    let request = server.delete(SESSIONS).session(&session);
    request.header("Origin", &own).send().await.expect(200);

    let session = session_of(&log_in(&server, "ada").await);
    let request = server.delete(SESSIONS).session(&session);
    let request = request.header("Host", "chat.lan:8080");
    request.header("Origin", "http://chat.lan:8080").send().await.expect(200);
}

/// Proves: cookies.origin.no_csrf_header
#[tokio::test]
async fn a_csrf_header_is_neither_needed_nor_in_the_way() {
    let server = Server::start().await;
    sign_up(&server, "ada").await;
    for header in [None, Some("from the cookie"), Some("nonsense")] {
        let login = log_in(&server, "ada").await.expect(200);
        let csrf = login.cookie("csrftoken").expect("no csrftoken").value;
        let mut request = server.delete(SESSIONS).session(&session_of(&login));
        if let Some(text) = header {
            let value = if text == "nonsense" { text } else { &csrf };
            request = request.header("X-CSRFToken", value);
        }
        request.send().await.expect(200);
    }
}

/// Proves: cookies.route.parse_error
#[tokio::test]
async fn broken_json_is_named() {
    let server = Server::start().await;
    for path in [SESSIONS, "/api/users/"] {
        for broken in ["{", "{\"username\": }", "nonsense", "\u{feff}{}"] {
            let request = server.request("POST", path).raw("application/json", broken);
            let answer = request.send().await.expect(400);
            let body = answer.json();
            let detail = body["detail"].as_str().unwrap();
            assert!(detail.starts_with("JSON parse error - "), "{detail}");
        }
    }
}

/// Proves: cookies.login.new_id
#[tokio::test]
async fn every_login_has_an_id_of_its_own() {
    let server = Server::start().await;
    let mut ids = vec![sign_up(&server, "ada").await];
    for planted in ["planted", &ids[0].clone()] {
        let credentials = json!({"username": "ada", "password": PASSWORD});
        let request = server.post(SESSIONS, &credentials).session(planted);
        ids.push(session_of(&request.send().await.expect(200)));
    }
    ids.push(session_of(&log_in(&server, "ada").await));
    assert!(ids.iter().all(|id| id.len() >= 22), "fewer than 128 bits: {ids:?}");
    assert!(!is_live(&server, "planted").await);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 4);
}

/// Proves: cookies.login.cookie
#[tokio::test]
async fn the_cookie_is_secure_where_the_door_is() {
    for (url, secure) in [("https://parlour.example", true), ("http://parlour.example", false)] {
        let server = Server::with(&[("server.public_url", url)]).await;
        sign_up(&server, "ada").await;
        let cookie = log_in(&server, "ada").await.cookie("sessionid").unwrap();
        assert_eq!(cookie.has("Secure"), secure);
        for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=1209600"] {
            assert!(cookie.has(attribute), "{cookie:?}");
        }
    }
}

/// Proves: cookies.login.username_only
#[tokio::test]
async fn an_address_is_no_username() {
    let server = Server::start().await;
    let mut form = form("ada");
    form["email"] = json!("ada@example.com");
    server.post("/api/users/", &form).send().await.expect(201);
    let answer = log_in(&server, "ada@example.com").await.expect(401);
    assert_eq!(answer.json(), json!({"detail": "Invalid credentials"}));
    log_in(&server, "ADA").await.expect(200);
}

/// Proves: cookies.me.bearer
#[tokio::test]
async fn a_token_beats_a_cookie() {
    let server = Server::start().await;
    let session = sign_up(&server, "ada").await;
    let bob = server.member("bob").await;
    let both = server.get(ME).session(&session).bearer(&bob.token);
    let user = both.send().await.expect(200).json()["data"]["user"].take();
    assert_eq!((&user["username"], &user["id"]), (&json!("bob"), &json!(bob.id)));
    let bad = server.get(ME).session(&session).bearer("nonsense");
    bad.send().await.expect(401);
}

/// Proves: cookies.session.end
#[tokio::test]
async fn a_session_ends_after_two_weeks() {
    let server = Server::start().await;
    let (early, late) = (sign_up(&server, "ada").await, sign_up(&server, "bob").await);
    server.wait_minutes(13 * 24 * 60);
    assert!(is_live(&server, &early).await);
    server.wait_minutes(24 * 60 + 1);
    assert!(!is_live(&server, &late).await);
}

/// Proves: cookies.signup.privileged_ignored
#[tokio::test]
async fn unknown_fields_grant_nothing() {
    let server = Server::start().await;
    let mut form = form("mallory");
    for (field, value) in [("id", 77), ("admin_level", 2), ("adminLevel", 2), ("is_staff", 1)] {
        form[field] = json!(value);
    }
    let answer = server.post("/api/users/", &form).send().await.expect(201);
    assert_ne!(answer.json()["data"]["user"]["id"], 77);
    let mallory = server.log_in("mallory").await;
    assert_eq!(forge::claims(&mallory.token)["adminLevel"], 0);
}
