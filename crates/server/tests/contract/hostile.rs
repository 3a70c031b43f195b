//! What bad input gets: a clear refusal in the contract's own shape, never a panic, a hang or a silent drop.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::cors;
use crate::forge;
use crate::harness::{PASSWORD, Server};
use crate::http::{Connection, Response};
use crate::rooms::only;
use crate::together::doors;

const ROOM: &str = "/api/v1/rooms/tea/messages/ws";

/// Every route that reads a body, and a body that it would take.
fn forms() -> [(&'static str, Value); 8] {
    let cookies = json!({
        "username": "ada", "password": PASSWORD, "password_confirm": PASSWORD, "display_name": "Ada",
        "facility_id": "234",
    });
    let tokens = json!({"email": "ada@example.com", "password": PASSWORD, "firstName": "Ada", "lastName": "L"});
    let by_email = json!({"email": "ada@example.com", "password": PASSWORD});
    [
        ("/api/v1/users", json!({"username": "ada", "secret": PASSWORD})),
        ("/api/v1/login", json!({"username": "ada", "secret": PASSWORD})),
        ("/api/v1/user/signup", tokens),
        ("/api/v1/user/login", by_email.clone()),
        ("/api/users/", cookies),
        ("/api/sessions/", json!({"username": "ada", "password": PASSWORD})),
        ("/createUser", json!({"username": "ada", "email": "ada@example.com", "password": PASSWORD})),
        ("/login", by_email),
    ]
}

/// Whether a refusal speaks the language of the contract that `path` belongs to.
fn is_worded(path: &str, refusal: &Response) -> bool {
    let body = refusal.json();
    match path {
        "/api/v1/users" | "/api/v1/login" => body["error"]["type"].is_string() && body["error"]["message"].is_string(),
        "/api/v1/user/signup" | "/api/v1/user/login" => body.is_string(),
        "/api/users/" | "/api/sessions/" => !body["detail"].is_null(),
        _ => body["error"].is_string(),
    }
}

async fn assert_refused(server: &Server, path: &str, body: impl Into<Vec<u8>>) {
    let request = server.request("POST", path).raw("application/json", body);
    let refusal = request.send().await;
    assert!(matches!(refusal.status, 400 | 401 | 413), "{path}: {refusal:?}");
    assert!(is_worded(path, &refusal), "{path}: {refusal:?}");
}

pub(crate) async fn assert_alive(server: &Server) {
    server.get("/api/users/me/").send().await.expect(401);
}

#[tokio::test]
async fn broken_and_deep_json_is_refused_in_the_contracts_words() {
    let server = Server::start().await;
    let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    let deep_inside = format!("{{\"username\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let broken = ["", "{", "nonsense", "[]", "null", "7", "\"text\"", "{}{}", &deep, &deep_inside];
    for (path, _) in forms() {
        for body in broken {
            assert_refused(&server, path, body).await;
        }
        assert_refused(&server, path, *b"{\"username\":\"\xff\xfe\"}").await;
    }
    assert_alive(&server).await;
}

#[tokio::test]
async fn a_field_of_the_wrong_type_is_refused() {
    let server = Server::start().await;
    let wrong = [json!(null), json!(7), json!(true), json!([]), json!({}), json!(["ada"]), json!(1e300)];
    for (path, form) in forms() {
        for field in form.as_object().unwrap().keys() {
            for value in &wrong {
                let mut form = form.clone();
                form[field] = value.clone();
                assert_refused(&server, path, form.to_string()).await;
            }
        }
    }
}

#[tokio::test]
async fn a_nul_is_no_part_of_a_name_but_counts_in_a_password() {
    let server = Server::start().await;
    let account = json!({"username": "a\0da", "secret": PASSWORD});
    server.post("/api/v1/users", &account).send().await.expect(400);
    let account = json!({"username": "ada", "secret": "before\0after"});
    server.post("/api/v1/users", &account).send().await.expect(201);
    let cut = json!({"username": "ada", "secret": "before\0"});
    server.post("/api/v1/login", &cut).send().await.expect(401);
    server.post("/api/v1/login", &account).send().await.expect(200);
}

#[tokio::test]
async fn ten_megabytes_are_not_read() {
    let server = Server::start().await;
    let huge = format!("{{\"username\":\"{}\"}}", "x".repeat(10_000_000));
    for (path, _) in forms() {
        let request = server.request("POST", path).raw("application/json", huge.as_str());
        let answer = request.open().await.until_closed().await;
        let status = answer.get(9..12).map(<[u8]>::to_vec);
        // A server that hangs up while the client still writes may lose its answer to a reset.
        assert!(matches!(status.as_deref(), None | Some(b"400" | b"413")), "{path}: {status:?}");
    }
    assert_alive(&server).await;
}

#[tokio::test]
async fn an_honest_ten_megabytes_are_refused_in_the_contracts_words() {
    let server = Server::start().await;
    for (path, _) in forms() {
        let request = server.request("POST", path);
        let request = request.header("Content-Type", "application/json");
        let request = request.header("Content-Length", "10000000");
        let refusal = request.send().await;
        assert!(matches!(refusal.status, 400 | 413), "{path}: {refusal:?}");
        assert!(is_worded(path, &refusal), "{path}: {refusal:?}");
    }
}

#[tokio::test]
async fn whoever_really_sends_ten_megabytes_gets_to_see_why_not() {
    let server = Server::start().await;
    for (path, _) in forms() {
        let mut sender = Connection::to(server.address()).await;
        let head =
            format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n");
        sender.write(format!("{head}Content-Length: 10000000\r\n\r\n").as_bytes()).await;
        sender.write(&vec![b' '; 10_000_000]).await;
        let answer = sender.until_closed().await;
        assert!(answer.starts_with(b"HTTP/1.1 4"), "{path}: {}", String::from_utf8_lossy(&answer));
    }
}

#[tokio::test]
async fn whoever_dawdles_is_cut_off() {
    let server = Server::start().await;
    let mut head = Connection::to(server.address()).await;
    head.write(b"GET /api/users/me/ HTTP/1.1\r\nHost: x\r\nX-Slow: ").await;
    let mut body = Connection::to(server.address()).await;
    let start = b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{";
    body.write(start).await;
    let silent = Connection::to(server.address()).await;
    let (head, body, silent) = tokio::join!(head.until_closed(), body.until_closed(), silent.until_closed());
    for answer in [head, body, silent] {
        assert!(!answer.starts_with(b"HTTP/1.1 2"), "an unfinished request was answered");
    }
    assert_alive(&server).await;
}

#[tokio::test]
async fn nobody_writes_headers_for_us() {
    let server = Server::start().await;
    let trick = "/api/v1/rooms/tea%0d%0aX-Evil:%201/messages/ws";
    let refusal = server.socket(trick).refused().await;
    assert_eq!((refusal.status, refusal.header("x-evil")), (400, None));

    let mut form = json!({"password": PASSWORD, "firstName": "Ada\r\nBcc: eve@example.com", "lastName": "L"});
    form["email"] = json!("ada@example.com\r\nBcc: eve@example.com");
    server.post("/api/v1/user/signup", &form).send().await.expect(400);
    form["email"] = json!("ada@example.com");
    server.post("/api/v1/user/signup", &form).send().await.expect(201);
    let mail = server.mail("ada@example.com", 1).await;
    let headers = mail.headers.to_lowercase();
    assert!(!headers.lines().any(|line| line.starts_with("bcc:")), "{headers}");
}

#[tokio::test]
async fn a_forged_token_opens_nothing() {
    let server = Server::start().await;
    let good = server.member("ada").await.token;
    assert_eq!(doors(&server, &good).await, [true; 5]);
    let keys = server.get("/.well-known/jwks.json").send().await.expect(200).json();
    let key = &keys["keys"][0];
    let raw = forge::bytes(key["x"].as_str().unwrap());
    let forgeries = [
        forge::unsigned(&good),
        forge::confused(&good, &raw),
        forge::confused(&good, key["x"].as_str().unwrap().as_bytes()),
        forge::confused(&good, key.to_string().as_bytes()),
        forge::confused(&good, b""),
        forge::foreign(&good),
        forge::with_key_at(&good, "http://127.0.0.1:1/jwks.json"),
        forge::promoted(&good),
        good[..good.len() - 4].to_owned(),
        "x".repeat(6_000),
        "..".to_owned(),
    ];
    for forgery in forgeries {
        assert_eq!(doors(&server, &forgery).await, [false; 5], "{forgery}");
    }
}

#[tokio::test]
async fn a_token_of_another_kind_opens_nothing() {
    let server = Server::start().await;
    let form = json!({"email": "ada@example.com", "password": PASSWORD, "firstName": "Ada", "lastName": "L"});
    let answer = server.post("/api/v1/user/signup", &form).send().await;
    let pair = answer.expect(201).json();
    let refresh = pair["refreshToken"].as_str().unwrap();
    let access = pair["accessToken"].as_str().unwrap();
    assert_ne!(forge::header(refresh)["typ"], forge::header(access)["typ"]);
    let secret = server.mail("ada@example.com", 1).await.secret();
    for token in [refresh, &secret] {
        assert_eq!(doors(&server, token).await, [false; 5]);
    }
}

#[tokio::test]
async fn a_foreign_page_speaks_for_nobody_on_any_socket() {
    let server = Server::start().await;
    server.member("ada").await;
    let credentials = json!({"username": "ada", "password": PASSWORD});
    let login = server.post("/api/sessions/", &credentials).send().await;
    let session = login.expect(200).cookie("sessionid").unwrap().value;
    let cookie = format!("sessionid={session}");
    let foreign = |path| {
        let handshake = server.socket(path).header("Cookie", &cookie);
        handshake.header("Origin", cors::ELSEWHERE)
    };
    if let Ok((mut users, _)) = foreign("/users/").attempt().await {
        let me = users.ask(&json!({"action": "me"})).await;
        assert!(me["error"].is_string(), "{me}");
    }
    if let Ok((mut guest, _)) = foreign(ROOM).attempt().await {
        guest.send(&json!({"text": "in her name"})).await;
        assert_eq!(guest.closed().await.code, Some(1008));
    }
    assert!(foreign("/join").attempt().await.is_err());
    let own_token = server.log_in("ada").await.token;
    let handshake = foreign("/join").bearer(&own_token);
    assert!(handshake.attempt().await.is_ok(), "a token is no cookie: any page may bring one");
}

#[tokio::test]
async fn a_rooms_name_is_a_name_and_no_path() {
    let server = Server::start().await;
    let ada = server.member("ada").await;
    let mut lobby = crate::lobby::join(&server, &ada).await;
    let tricks = ["LOBBY", "%6Cobby", "%EF%BD%8Cobby", "x%2F..%2Flobby", "lobby%2F", "..%2Flobby", "%2e%2e"];
    for trick in tricks {
        let path = format!("/api/v1/rooms/{trick}/messages/ws");
        let Ok((mut guest, _)) = server.socket(&path).attempt().await else {
            continue;
        };
        lobby.send(&crate::lobby::say("for members")).await;
        assert_eq!(lobby.receive().await["msg"]["text"], "for members");
        let mut marker = crate::rooms::join(&server, &path, &ada).await;
        marker.send(&json!({"text": "marker"})).await;
        assert_eq!(only(&guest.receive().await)["text"], "marker", "{trick} is a way into the lobby");
    }
    for path in ["/api/v1/rooms/a/b/messages/ws", "/api/v1/rooms/../lobby/messages/ws", "/api/v1/rooms//messages/ws"] {
        let refusal = server.socket(path).refused().await;
        assert!(matches!(refusal.status, 400 | 404), "{path}: {refusal:?}");
    }
    assert_eq!(server.socket("/api/v1/rooms/%6Cobby/messages/ws").refused().await.status, 401);
}

#[tokio::test]
async fn absurd_requests_are_refused() {
    let server = Server::start().await;
    let long = format!("/api/users/me/{}", "x".repeat(200_000));
    let many = (0..500).map(|number| (format!("X-{number}"), "x"));
    let mut crowded = server.get("/api/users/me/");
    for (name, value) in many {
        crowded = crowded.header(&name, value);
    }
    for connection in [server.get(&long).open().await, crowded.open().await] {
        let answer = connection.until_closed().await;
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 4"), "{answer:?}");
    }
    let mut noise = Connection::to(server.address()).await;
    noise.write(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n").await;
    let answer = noise.until_closed().await;
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 400"), "{answer:?}");
    assert_alive(&server).await;
}

/// A thousand people want one name at once, through three contracts: one gets it, the others hear why not.
#[tokio::test(flavor = "multi_thread")]
async fn of_a_thousand_only_one_gets_the_name() {
    let server = Server::start().await;
    let mut rush = JoinSet::new();
    for number in 0..1_000 {
        let request = match number % 3 {
            0 => server.post("/api/v1/users", &json!({"username": "Ada", "secret": PASSWORD})),
            1 => server.post("/createUser", &lobby_form(number)),
            _ => server.post("/api/users/", &cookies_form()),
        };
        rush.spawn(async move { (number, request.send().await) });
    }
    let (mut winners, mut late) = (0, 0);
    for (number, answer) in rush.join_all().await {
        match (number % 3, answer.status) {
            (0 | 2, 201) | (1, 200) => winners += 1,
            (0, 400) => assert_eq!(answer.json()["error"]["type"], "USER_EXISTS"),
            (1, 409) => assert!(answer.json()["error"].is_string()),
            (2, 400) => assert!(answer.text().contains("already exists"), "{answer:?}"),
            (_, 503) => {
                assert!(answer.header("retry-after").is_some(), "{answer:?}");
                late += 1;
            }
            _ => panic!("{answer:?}"),
        }
    }
    assert_eq!(winners, 1, "{late} were told to come back");
    let account = json!({"username": "ada", "secret": PASSWORD});
    server.post("/api/v1/users", &account).send().await.expect(400);
}

fn lobby_form(number: usize) -> Value {
    json!({"username": "ada", "email": format!("{number}@example.com"), "password": PASSWORD})
}

fn cookies_form() -> Value {
    json!({
        "username": "ADA", "password": PASSWORD, "password_confirm": PASSWORD, "display_name": "Ada",
        "facility_id": "234",
    })
}
