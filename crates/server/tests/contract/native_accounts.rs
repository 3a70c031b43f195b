//! `native`: signing up, logging in, and one's own account.

use serde_json::{Value, json};

use crate::harness::{PASSWORD, Server};
use crate::http::Response;
use crate::native_people::{ACCOUNTS, ME, SESSIONS, by, log_in, person, problem};

async fn sign_up(server: &Server, body: &Value) -> Response {
    server.post(ACCOUNTS, body).send().await
}

async fn ada(server: &Server, grant: &str) -> Response {
    let body = json!({"username": "ada", "password": PASSWORD, "email": "ada@example.com", "grant": grant});
    sign_up(server, &body).await.expect(201)
}

/// Proves: native.accounts.sign_up, native.accounts.me
#[tokio::test]
async fn a_sign_up_grants_what_was_asked_for() {
    let server = Server::start().await;
    let answer = ada(&server, "tokens").await.json();
    let me = &answer["account"];
    assert_eq!(
        (&me["username"], &me["email"], &me["email_verified"]),
        (&json!("ada"), &json!("ada@example.com"), &json!(false))
    );
    assert_eq!((&me["avatar"], &me["pending_email"], &me["admin_level"]), (&Value::Null, &Value::Null, &json!(0)));
    assert_eq!((&answer["session"]["contract"], &answer["session"]["current"]), (&json!("native"), &json!(true)));
    assert_eq!((&answer["tokens"]["token_type"], &answer["tokens"]["expires_in"]), (&json!("Bearer"), &json!(1800)));
    let token = answer["tokens"]["access_token"].as_str().unwrap();
    assert_eq!(server.get(ME).bearer(token).send().await.expect(200).json(), *me);
    assert!(server.accepts(token).await, "it is good in the other contracts, too");

    let bob = json!({"username": "bob", "password": PASSWORD, "grant": "cookie"});
    let bob = sign_up(&server, &bob).await.expect(201);
    assert_eq!(bob.json()["tokens"], Value::Null);
    let session = bob.cookie("sessionid").unwrap().value;
    assert_eq!(server.get("/api/v2/me/").session(&session).send().await.expect(200).json()["username"], "bob");

    let cleo = sign_up(&server, &json!({"username": "cleo", "password": PASSWORD})).await.expect(201);
    assert!(cleo.cookie("sessionid").is_none());
    assert_eq!((&cleo.json()["session"], &cleo.json()["tokens"]), (&Value::Null, &Value::Null));
}

/// Proves: native.accounts.rules, native.problem.violations
#[tokio::test]
async fn every_broken_rule_is_named() {
    let server = Server::start().await;
    let body = json!({"username": "", "password": "12345", "email": "none", "display_name": "x".repeat(51)});
    let refused = sign_up(&server, &body).await.expect(422);
    problem(&refused, "invalid");
    let violations = refused.json()["violations"].as_array().unwrap().clone();
    let fields: Vec<&str> = violations.iter().map(|one| one["field"].as_str().unwrap()).collect();
    for field in ["username", "password", "email", "display_name"] {
        assert!(fields.contains(&field), "{field} is missing in {fields:?}");
    }
    let rules: Vec<&str> = violations.iter().map(|one| one["rule"].as_str().unwrap()).collect();
    assert!(rules.contains(&"too_short") && rules.contains(&"too_common"), "{rules:?}");
    ada(&server, "none").await;
    let taken = sign_up(&server, &json!({"username": "ADA", "password": PASSWORD})).await.expect(409);
    problem(&taken, "taken");
    assert_eq!(taken.json()["violations"][0]["field"], "username");
    let taken = json!({"username": "eve", "password": PASSWORD, "email": "ADA@example.com"});
    assert_eq!(sign_up(&server, &taken).await.expect(409).json()["violations"][0]["field"], "email");
}

/// Proves: native.sessions.log_in, native.sessions.alike
#[tokio::test]
async fn a_name_or_an_address_logs_in() {
    let server = Server::start().await;
    ada(&server, "none").await;
    for name in [json!({"username": "ADA"}), json!({"email": "Ada@Example.com"})] {
        let mut body = name.clone();
        body["password"] = json!(PASSWORD);
        body["grant"] = json!("cookie");
        let answer = server.post(SESSIONS, &body).send().await.expect(201);
        assert_eq!(answer.json()["account"]["username"], "ada");
        let cookie = answer.cookie("sessionid").unwrap();
        assert!(cookie.has("HttpOnly") && cookie.has("SameSite=Lax"));
        server.get(ME).session(&cookie.value).send().await.expect(200);
    }
    let wrong = json!({"username": "ada", "password": "wrong", "grant": "tokens"});
    let unknown = json!({"username": "nobody", "password": "wrong", "grant": "tokens"});
    let wrong = server.post(SESSIONS, &wrong).send().await.expect(401);
    problem(&wrong, "bad_credentials");
    assert_eq!(wrong.json(), server.post(SESSIONS, &unknown).send().await.expect(401).json());
    let nobody = json!({"password": PASSWORD, "grant": "tokens"});
    problem(&server.post(SESSIONS, &nobody).send().await.expect(400), "malformed");
}

/// Proves: native.accounts.person
#[tokio::test]
async fn others_see_a_person() {
    let server = Server::start().await;
    let id = ada(&server, "none").await.json()["account"]["id"].as_i64().unwrap();
    let person = server.get(&format!("{ACCOUNTS}/{id}")).send().await.expect(200).json();
    assert_eq!(person, json!({"id": id, "username": "ada", "display_name": "", "bio": "", "avatar": null}));
    for nobody in ["4242", "x", "0"] {
        problem(&server.get(&format!("{ACCOUNTS}/{nobody}")).send().await.expect(404), "not_found");
    }
    server.command(&["account", "disable", "ada"]).await;
    let gone = async || server.get(&format!("{ACCOUNTS}/{id}")).send().await.status == 404;
    assert!(crate::security::until(gone).await, "an account that is kept out is still shown");
}

/// Proves: native.accounts.edit, native.etag.not_modified
#[tokio::test]
async fn what_was_not_given_stays() {
    let server = Server::start().await;
    let answer = ada(&server, "tokens").await.json();
    let token = answer["tokens"]["access_token"].as_str().unwrap();
    let before = server.get(ME).bearer(token).send().await.expect(200);
    let tag = before.header("etag").unwrap().to_owned();
    let again = server.get(ME).bearer(token).header("If-None-Match", &tag).send().await.expect(304);
    assert_eq!((again.header("etag"), again.text()), (Some(tag.as_str()), ""));
    let edit = |body: Value| server.request("PATCH", ME).bearer(token).json(&body).send();
    let edited = edit(json!({"bio": "poet", "consent": true, "admin_level": 2, "id": 77})).await.expect(200).json();
    assert_eq!(
        (&edited["bio"], &edited["consent"], &edited["username"]),
        (&json!("poet"), &json!(true), &json!("ada"))
    );
    assert_eq!((&edited["admin_level"], &edited["id"]), (&json!(0), &answer["account"]["id"]));
    assert_eq!(edit(json!({"username": "countess"})).await.expect(200).json()["bio"], "poet");
    server.get(ME).bearer(token).header("If-None-Match", &tag).send().await.expect(200);
    problem(&server.get(ME).send().await.expect(401), "unauthenticated");
    problem(&server.get(ME).bearer("nonsense").send().await.expect(401), "unauthenticated");
}

/// Proves: native.accounts.seen
#[tokio::test]
async fn nothing_hides_in_what_everybody_sees() {
    let server = Server::start().await;
    let member = server.member("eve").await;
    let edit = |body: Value| server.request("PATCH", ME).bearer(&member.token).json(&body).send();
    for hidden in ["\u{202e}", "\u{2066}", "\u{200b}", "\u{feff}", "\u{1b}"] {
        for field in ["display_name", "bio"] {
            let refused = edit(json!({field: format!("Ada{hidden}ecaf")})).await.expect(422).json();
            let violation = &refused["violations"][0];
            assert_eq!((&violation["field"], &violation["rule"]), (&json!(field), &json!("forbidden_character")));
        }
        let topic = json!({"name": "tea", "visibility": "public", "topic": hidden});
        let refused = server.post("/api/v2/rooms", &topic).bearer(&member.token).send().await.expect(422);
        assert_eq!(refused.json()["violations"][0]["rule"], "forbidden_character");
        let sign_up = json!({"username": "ada", "password": PASSWORD, "password_confirm": PASSWORD,
            "display_name": format!("Ada{hidden}"), "facility_id": "234"});
        let refused = server.post("/api/users/", &sign_up).send().await.expect(400);
        assert_eq!(refused.json()["detail"]["display_name"], "This field holds a character that cannot be seen.");
        let mut users = server.socket("/users/").bearer(&member.token).connect().await;
        let refused = users.ask(&json!({"action": "edit", "data": {"bio": hidden}})).await;
        assert!(refused["error"].is_string(), "{refused}");
    }
    let kept = json!({"display_name": "Ada \u{1f469}\u{200d}\u{1f680}", "bio": "one\ntwo"});
    let me = edit(kept.clone()).await.expect(200).json();
    assert_eq!((&me["display_name"], &me["bio"]), (&kept["display_name"], &kept["bio"]));
}

/// Proves: native.accounts.password, native.accounts.password_sessions
#[tokio::test]
async fn a_new_password_ends_every_other_login() {
    let server = Server::start().await;
    let ada = person(&server, "ada").await;
    let other = log_in(&server, "ada", PASSWORD).await.expect(201).json();
    let other = other["tokens"]["access_token"].as_str().unwrap().to_owned();
    let mut socket = server.socket("/users/").bearer(&other).connect().await;
    let change = |current: &str, new: &str| {
        by(&server, &ada, "POST", "/api/v2/me/password").json(&json!({"current": current, "new": new})).send()
    };
    problem(&change("wrong", "another long password").await.expect(401), "bad_credentials");
    let weak = change(PASSWORD, "1234567").await.expect(422);
    problem(&weak, "invalid");
    assert_eq!(weak.json()["violations"][0]["field"], "new");
    server.get(ME).bearer(&other).send().await.expect(200);

    let changed = change(PASSWORD, "another long password").await.expect(200).json();
    assert_ne!(changed["session"]["id"], ada.session);
    let fresh = changed["tokens"]["access_token"].as_str().unwrap();
    server.get(ME).bearer(fresh).send().await.expect(200);
    for old in [&ada.token, &other] {
        problem(&server.get(ME).bearer(old).send().await.expect(401), "unauthenticated");
    }
    socket.closed().await;
    log_in(&server, "ada", PASSWORD).await.expect(401);
    log_in(&server, "ada", "another long password").await.expect(201);
}

/// Proves: native.accounts.password_cookie
#[tokio::test]
async fn who_came_with_a_cookie_gets_a_new_one() {
    let server = Server::start().await;
    let old = ada(&server, "cookie").await.cookie("sessionid").unwrap().value;
    let change = json!({"current": PASSWORD, "new": "another long password"});
    let changed = server.post("/api/v2/me/password", &change).session(&old).send().await.expect(200);
    assert_eq!(changed.json()["tokens"], Value::Null);
    let new = changed.cookie("sessionid").unwrap().value;
    server.get(ME).session(&new).send().await.expect(200);
    server.get(ME).session(&old).send().await.expect(401);
}

/// Proves: native.accounts.email, native.accounts.verification
#[tokio::test]
async fn another_address_waits_for_its_proof() {
    let server = Server::start().await;
    let ada = person(&server, "ada").await;
    let verify = |secret: &str| server.post("/api/v2/verifications", &json!({"secret": secret})).send();
    verify(&server.mail("ada@example.com", 1).await.secret()).await.expect(204);
    let change = |email: &str, password: &str| {
        let body = json!({"email": email, "password": password});
        by(&server, &ada, "POST", "/api/v2/me/email").json(&body).send()
    };
    problem(&change("countess@example.com", "wrong").await.expect(401), "bad_credentials");
    change("countess@example.com", PASSWORD).await.expect(202);
    let me = server.get(ME).bearer(&ada.token).send().await.json();
    assert_eq!((&me["email"], &me["pending_email"]), (&json!("ada@example.com"), &json!("countess@example.com")));
    assert_eq!(me["email_verified"], true);
    server.mail("countess@example.com", 1).await;

    server.wait_minutes(16);
    by(&server, &ada, "POST", "/api/v2/me/verification").send().await.expect(202);
    let secret = server.mail("countess@example.com", 2).await.secret();
    verify(&secret).await.expect(204);
    let me = server.get(ME).bearer(&ada.token).send().await.json();
    assert_eq!((&me["email"], &me["pending_email"]), (&json!("countess@example.com"), &Value::Null));
    server.mail("ada@example.com", 2).await;
    problem(&verify("nonsense").await.expect(410), "gone");
    by(&server, &ada, "POST", "/api/v2/me/verification").send().await.expect(202);
}

/// Proves: native.accounts.delete
#[tokio::test]
async fn whoever_leaves_shows_their_password() {
    let server = Server::start().await;
    let ada = person(&server, "ada").await;
    let leave = |body: Value| by(&server, &ada, "DELETE", ME).json(&body).send();
    problem(&leave(json!({})).await.expect(400), "malformed");
    problem(&leave(json!({"password": "wrong"})).await.expect(401), "bad_credentials");
    leave(json!({"password": PASSWORD})).await.expect(204);
    server.get(ME).bearer(&ada.token).send().await.expect(401);
    server.get(&format!("{ACCOUNTS}/{}", ada.id)).send().await.expect(404);
    log_in(&server, "ada", PASSWORD).await.expect(401);
}

/// Proves: native.accounts.people, native.accounts.search
#[tokio::test]
async fn people_are_found_by_number_and_by_name() {
    let server = Server::start().await;
    let ada = person(&server, "ada").await;
    let adam = person(&server, "Adam").await;
    let grace = person(&server, "grace").await;
    let named = json!({"display_name": "Admiral"});
    by(&server, &grace, "PATCH", ME).json(&named).send().await.expect(200);
    let ask = async |query: &str| by(&server, &ada, "GET", &format!("{ACCOUNTS}?{query}")).send().await;
    let ids = async |query: &str| -> Vec<i64> {
        let found = ask(query).await.expect(200).json();
        found["items"].as_array().unwrap().iter().map(|one| one["id"].as_i64().unwrap()).collect()
    };
    assert_eq!(ids(&format!("ids={},4242,{}", grace.id, ada.id)).await, [grace.id, ada.id]);
    assert_eq!(ids("q=AD").await, [ada.id, adam.id, grace.id]);
    assert_eq!(ids("q=adm").await, [grace.id]);
    assert_eq!(ids("q=%25").await, [0_i64; 0]);
    assert_eq!(ids("q=").await, [0_i64; 0]);
    for bad in ["", "q=a&ids=1", "ids=x", &format!("ids={}", vec!["1"; 101].join(","))] {
        problem(&ask(bad).await.expect(400), "malformed");
    }
    server.get(&format!("{ACCOUNTS}?q=ad")).send().await.expect(401);
    server.command(&["account", "disable", "adam"]).await;
    assert!(crate::security::until(async || ids("q=ad").await == [ada.id, grace.id]).await);
}
