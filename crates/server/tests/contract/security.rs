//! What a stranger with a network cable must find true: throttles, headers, logs, keys.

use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use crate::cors;
use crate::forge;
use crate::harness::{Member, PASSWORD, Server, record_log};
use crate::http::{Request, Response};

/// More wrong guesses than any throttle lets through.
const GUESSES: usize = 500;

pub(crate) async fn guess(server: &Server, username: &str, from: &str) -> Response {
    let credentials = json!({"username": username, "password": "a wrong guess"});
    let request = server.post("/api/sessions/", &credentials);
    request.header("X-Forwarded-For", from).send().await
}

/// Guesses until the throttle answers, and checks how.
async fn guess_until_throttled(server: &Server, username: impl Fn(usize) -> String, from: impl Fn(usize) -> String) {
    for number in 0..GUESSES {
        let answer = guess(server, &username(number), &from(number)).await;
        if answer.status == 429 {
            return assert_throttled(&answer);
        }
        answer.expect(401);
    }
    panic!("{GUESSES} wrong guesses were let through");
}

pub(crate) fn assert_throttled(answer: &Response) {
    assert_eq!(answer.status, 429, "{answer:?}");
    let wait = answer.header("retry-after").expect("no Retry-After");
    assert!(wait.parse::<u64>().unwrap() > 0);
    for phrase in ["credentials", "PASSWORD_MATCH_FAILED", "Unauthorized user"] {
        assert!(!answer.text().contains(phrase), "{answer:?}");
    }
}

/// An address that no other number of the same loop shares a prefix with.
pub(crate) fn somewhere(number: usize) -> String {
    format!("203.{}.{}.7", number / 250, number % 250)
}

#[tokio::test]
async fn one_throttle_guards_an_account_in_every_contract() {
    let settings = [("limits.enabled", "true"), ("server.trusted_proxies", "[\"127.0.0.1\"]")];
    let server = Server::with(&settings).await;
    let account = json!({"username": "ada", "email": "ada@example.com", "password": PASSWORD});
    server.post("/createUser", &account).send().await.expect(200);
    guess_until_throttled(&server, |_| "ada".to_owned(), somewhere).await;

    let far = |request: Request| request.header("X-Forwarded-For", "198.51.100.9");
    let by_email = json!({"email": "ada@example.com", "password": "a wrong guess"});
    let by_name = json!({"username": "ada", "secret": "a wrong guess"});
    for (path, body) in [("/api/v1/login", &by_name), ("/api/v1/user/login", &by_email), ("/login", &by_email)] {
        assert_throttled(&far(server.post(path, body)).send().await);
    }
    let handshake = server.socket("/users/").header("X-Forwarded-For", "198.51.100.10");
    let mut users = handshake.connect().await;
    let known = users.ask(&login("ada")).await["error"].take();
    let unknown = users.ask(&login("nobody")).await["error"].take();
    assert!(known.is_string());
    assert_ne!(known, unknown, "a throttle must not be worded as bad credentials");
}

fn login(username: &str) -> Value {
    json!({"action": "login", "data": {"username": username, "password": "a wrong guess"}})
}

#[tokio::test]
async fn one_throttle_guards_a_source_whatever_it_claims_about_itself() {
    let server = Server::with(&[("limits.enabled", "true")]).await;
    guess_until_throttled(&server, |number| format!("nobody {number}"), somewhere).await;
    let credentials = json!({"username": "somebody else", "secret": "a wrong guess"});
    assert_throttled(&server.post("/api/v1/login", &credentials).send().await);
}

#[tokio::test]
async fn behind_a_proxy_one_source_does_not_shut_out_another() {
    let settings = [("limits.enabled", "true"), ("server.trusted_proxies", "[\"127.0.0.1\"]")];
    let server = Server::with(&settings).await;
    let here = |_| "198.51.100.9".to_owned();
    guess_until_throttled(&server, |number| format!("nobody {number}"), here).await;
    guess(&server, "nobody", "203.0.113.9").await.expect(401);
    let spoofed = guess(&server, "nobody at all", "203.0.113.10, 198.51.100.9").await;
    assert_throttled(&spoofed);
}

#[tokio::test]
async fn one_ipv6_network_is_one_source() {
    let settings = [("limits.enabled", "true"), ("server.trusted_proxies", "[\"127.0.0.1\"]")];
    let server = Server::with(&settings).await;
    let network = |number| format!("2001:db8::{number:x}");
    guess_until_throttled(&server, |number| format!("nobody {number}"), network).await;
    guess(&server, "nobody", "2001:db8:0:1::1").await.expect(401);
}

#[tokio::test]
async fn unknown_and_wrong_are_told_alike() {
    let server = Server::start().await;
    let account = json!({"username": "ada", "email": "ada@example.com", "password": PASSWORD});
    server.post("/createUser", &account).send().await.expect(200);
    let by_name = |name: &str| json!({"username": name, "password": "a wrong guess"});
    let by_email = |name: &str| json!({"email": format!("{name}@example.com"), "password": "a wrong guess"});
    let pairs = [
        ("/api/sessions/", by_name("ada"), by_name("bob")),
        ("/api/v1/user/login", by_email("ada"), by_email("bob")),
        ("/login", by_email("ada"), by_email("bob")),
    ];
    for (path, known, unknown) in pairs {
        let known = server.post(path, &known).send().await.expect(401);
        let unknown = server.post(path, &unknown).send().await.expect(401);
        assert_eq!(known.body, unknown.body);
        let names =
            |answer: &Response| -> Vec<String> { answer.headers.iter().map(|(name, _)| name.clone()).collect() };
        assert_eq!(names(&known), names(&unknown));
    }
}

#[tokio::test]
async fn answers_with_a_secret_are_kept_by_no_cache() {
    let server = Server::start().await;
    let ada = server.member("ada").await;
    let tokens = json!({"email": "bob@example.com", "password": PASSWORD, "firstName": "Bob", "lastName": "B"});
    let signup = server.post("/api/v1/user/signup", &tokens).send().await;
    let refresh = signup.json()["refreshToken"].as_str().unwrap().to_owned();
    let refresh = server.request("POST", "/api/v1/user/login/refresh").header("X-Refresh-Token", &refresh);
    let answers = [
        signup,
        refresh.send().await,
        server.post("/api/v1/user/login", &tokens).send().await,
        server.post("/login", &tokens).send().await,
        server.post("/api/v1/login", &json!({"username": "ada", "secret": PASSWORD})).send().await,
        server.post("/api/sessions/", &json!({"username": "ada", "password": PASSWORD})).send().await,
        server.get("/api/users/me/").bearer(&ada.token).send().await,
    ];
    for answer in answers {
        assert!(matches!(answer.status, 200 | 201), "{answer:?}");
        assert!(answer.header("cache-control").is_some_and(|value| value.contains("no-store")), "{answer:?}");
    }
}

#[tokio::test]
async fn every_answer_tells_the_browser_to_be_careful() {
    for (url, secure) in [("https://parlour.example", true), ("http://parlour.example", false)] {
        let server = Server::with(&[("server.public_url", url)]).await;
        for path in ["/verify/secret", "/api/users/me/", "/nowhere", "/.well-known/jwks.json"] {
            let answer = server.get(path).send().await;
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
            let policy = answer.header("content-security-policy").expect(path);
            assert!(policy.contains("frame-ancestors"), "{policy}");
            assert!(!policy.contains("unsafe-inline"), "{policy}");
            assert!(answer.header("referrer-policy").is_some(), "{path}");
            assert!(answer.header("cross-origin-opener-policy").is_some(), "{path}");
            assert_eq!(answer.header("strict-transport-security").is_some(), secure, "{path}");
        }
    }
}

#[tokio::test]
async fn no_foreign_origin_is_ever_trusted_with_credentials() {
    let server = Server::start().await;
    let ada = server.member("ada").await;
    let paths = ["/api/users/me/", "/api/v1/users", "/api/v1/user/login", "/login", "/nowhere", "/verify/x"];
    for path in paths {
        for origin in [cors::ELSEWHERE, "null"] {
            let request = server.get(path).bearer(&ada.token).header("Origin", origin);
            let answer = request.send().await;
            assert_eq!(answer.header("access-control-allow-credentials"), None, "{path}");
            assert_ne!(answer.header("access-control-allow-origin"), Some(origin), "{path}");
        }
    }
}

#[tokio::test]
async fn a_token_in_an_address_is_no_token() {
    let server = Server::start().await;
    let ada = server.member("ada").await;
    for name in ["token", "access_token", "jwt"] {
        let query = format!("?{name}={}", ada.token);
        let me = server.get(&format!("/api/users/me/{query}"));
        me.send().await.expect(401);
        assert_eq!(server.socket(&format!("/join{query}")).refused().await.status, 401);
    }
}

#[tokio::test]
async fn the_operators_pages_are_not_in_public() {
    let server = Server::start().await;
    server.get("/metrics").send().await.expect(404);
}

#[tokio::test]
async fn a_mail_names_the_configured_host_only() {
    let server = Server::with(&[("server.public_url", "https://parlour.example")]).await;
    let form = json!({"email": "ada@example.com", "password": PASSWORD, "firstName": "Ada", "lastName": "L"});
    let request = server.post("/api/v1/user/signup", &form);
    let request = request.header("Host", "evil.example");
    request.header("X-Forwarded-Host", "evil.example").send().await.expect(201);
    let mail = server.mail("ada@example.com", 1).await;
    assert!(mail.body.contains("https://parlour.example/verify/"));
    assert!(!mail.body.contains("evil.example") && !mail.headers.contains("evil.example"));
}

#[tokio::test]
async fn strict_passwords_are_strict_everywhere() {
    let server = Server::with(&[("password.policy", "strict")]).await;
    for secret in ["1", "short", "password", "adalovelace", "3141592653589793"] {
        let account = json!({"username": "adalovelace", "secret": secret});
        let refusal = server.post("/api/v1/users", &account).send().await.expect(400);
        assert_eq!(refusal.json()["error"]["type"], "BAD_PASSWORD");
        let account = json!({"username": "adalovelace", "email": "ada@example.com", "password": secret});
        server.post("/createUser", &account).send().await.expect(400);
    }
    server.member("adalovelace").await;
}

#[tokio::test]
async fn strict_usernames_are_plain() {
    let server = Server::with(&[("username.policy", "strict")]).await;
    for username in ["User Name", "ada/../bob", "a@b", "🦉"] {
        let account = json!({"username": username, "secret": PASSWORD});
        let refusal = server.post("/api/v1/users", &account).send().await.expect(400);
        assert_eq!(refusal.json()["error"]["type"], "BAD_BINDING");
    }
    server.member("ada.l-2_+").await;
}

/// Everything that must never be written down, from one life of an account.
async fn secrets_of_a_life(server: &Server) -> Vec<String> {
    let password = "a password that nobody may read 5f1c";
    let form = json!({"email": "ada@example.com", "password": password, "firstName": "Ada", "lastName": "L"});
    let signup = server.post("/api/v1/user/signup", &form).send().await.expect(201).json();
    let secret = server.mail("ada@example.com", 1).await.secret();
    server.get(&format!("/api/v1/user/verify/{secret}")).send().await.expect(200);
    let text = |name: &str| signup[name].as_str().unwrap().to_owned();
    let (access, refresh) = (text("accessToken"), text("refreshToken"));
    let login = json!({"username": "Ada L", "password": password});
    let session = server.post("/api/sessions/", &login).send().await.expect(200);
    let session = session.cookie("sessionid").unwrap().value;
    server.get("/api/users/me/").session(&session).send().await.expect(200);

    let wrong = json!({"username": "Ada L", "secret": "a wrong guess 77ab"});
    server.post("/api/v1/login", &wrong).send().await.expect(401);
    let forged = forge::promoted(&access);
    server.socket("/join").bearer(&forged).refused().await;
    server.socket("/join").subprotocols(&[&access]).connect().await.close().await;
    server.get(&format!("/join?token={access}")).send().await;
    let logout = server.delete("/api/v1/user/login").header("X-Access-Token", &access);
    logout.header("X-Refresh-Token", &refresh).send().await.expect(204);
    let signature = |token: &str| token.rsplit('.').next().unwrap().to_owned();
    vec![password.to_owned(), "a wrong guess 77ab".to_owned(), signature(&access), signature(&refresh), secret, session]
}

#[tokio::test]
async fn no_secret_is_in_any_log_at_any_level() {
    let log = record_log();
    let server = Server::start().await;
    let secrets = secrets_of_a_life(&server).await;
    let text = log.text();
    assert!(text.contains("parlour"), "nothing was logged at all");
    for secret in secrets {
        assert!(!text.contains(&secret), "{secret} is in the log");
    }
}

#[tokio::test]
async fn nobody_forges_a_line_of_the_log() {
    let log = record_log();
    let server = Server::start().await;
    let forged = "forged 9d2e";
    let credentials = json!({"username": format!("x\r\n{forged}"), "password": PASSWORD});
    server.post("/api/sessions/", &credentials).send().await;
    let request = server.get("/api/users/me/").header("User-Agent", &format!("x\u{85}{forged}"));
    request.send().await;
    server.get(&format!("/nowhere%0d%0a{}", forged.replace(' ', "%20"))).send().await;
    assert!(!log.text().lines().any(|line| line.starts_with(forged)));
}

async fn key_set(server: &Server) -> Vec<Value> {
    let answer = server.get("/.well-known/jwks.json").send().await.expect(200);
    answer.json()["keys"].as_array().unwrap().clone()
}

/// Checks a token as a stranger would: with nothing but the published key set.
async fn assert_verifiable(server: &Server, member: &Member) {
    let header = forge::header(&member.token);
    assert_eq!(header["alg"], "EdDSA");
    for name in ["jku", "x5u", "jwk"] {
        assert!(header[name].is_null());
    }
    let keys = key_set(server).await;
    let key = keys.iter().find(|key| key["kid"] == header["kid"]);
    let key = key.expect("the token's key is not published");
    assert_eq!((&key["kty"], &key["crv"]), (&json!("OKP"), &json!("Ed25519")));
    let decoding = DecodingKey::from_ed_components(key["x"].as_str().unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::EdDSA);
    // How long it lives and who it is for is the business of other tests.
    validation.validate_exp = false;
    validation.validate_aud = false;
    let claims = jsonwebtoken::decode::<Value>(&member.token, &decoding, &validation).unwrap();
    assert_eq!(claims.claims["username"], member.username);
}

#[tokio::test]
async fn anybody_can_check_a_token_and_nobody_can_make_one() {
    let server = Server::start().await;
    let ada = server.member("ada").await;
    assert_verifiable(&server, &ada).await;
    for key in key_set(&server).await {
        assert!(key["d"].is_null(), "a private key is published");
    }
}

/// A new key is published before its first use, and the old one is honoured as long as its tokens live.
#[tokio::test]
async fn keys_are_rotated_under_way() {
    let server = Server::start().await;
    let old = server.member("ada").await;
    server.command(&["keys", "rotate"]).await;
    // By every node, when there are several: the command tells them by the database only.
    let is_published = async || key_set(&server).await.len() >= 2 && key_set(&server).await.len() >= 2;
    let published = until(is_published).await;
    assert!(published, "the new key was never published");
    assert!(server.accepts(&old.token).await);

    server.wait_minutes(12 * 60);
    let old_key = forge::header(&old.token)["kid"].take();
    let used = until(async || {
        let new = server.log_in("ada").await;
        assert_verifiable(&server, &new).await;
        forge::header(&new.token)["kid"] != old_key
    });
    assert!(used.await, "the new key is never used");
    assert!(server.accepts(&old.token).await);
    assert_verifiable(&server, &old).await;
}

#[tokio::test]
async fn a_promotion_takes_effect_at_once() {
    let server = Server::start().await;
    let ada = server.member("ada").await;
    let mut users = server.socket("/users/").bearer(&ada.token).connect().await;
    let me = json!({"action": "me"});
    assert_eq!(users.ask(&me).await["data"]["admin_level"], 0);
    server.command(&["account", "promote", "ada"]).await;
    let promoted = until(async || users.ask(&me).await["data"]["admin_level"] == 2).await;
    assert!(promoted, "the live session never learnt of it");
}

/// Whether `condition` becomes true within the two seconds that a command may take to be noticed, and some patience.
pub(crate) async fn until(mut condition: impl AsyncFnMut() -> bool) -> bool {
    for _ in 0..250 {
        if condition().await {
            return true;
        }
        // sleep: what a process outside has changed rings no bell either.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}
