//! `native`: what administrators see and do.

use serde_json::{Value, json};

use crate::harness::{PASSWORD, Server};
use crate::http::Response;
use crate::native_people::{ME, Person, by, log_in, person, problem};

/// An administrator of that name.
async fn admin(server: &Server, name: &str) -> Person {
    let admin = person(server, name).await;
    server.command(&["account", "promote", name]).await;
    let promoted = async || server.get(ME).bearer(&admin.token).send().await.json()["admin_level"] == 2;
    assert!(crate::security::until(promoted).await, "{name} was never promoted");
    admin
}

async fn get(server: &Server, person: &Person, path: &str) -> Response {
    by(server, person, "GET", &format!("/api/v2/admin/{path}")).send().await
}

fn items(answer: &Response) -> Vec<Value> {
    answer.json()["items"].as_array().unwrap().clone()
}

fn names(answer: &Response) -> Vec<String> {
    items(answer).iter().map(|item| item["username"].as_str().unwrap().to_owned()).collect()
}

/// Proves: native.admin.only
#[tokio::test]
async fn only_administrators_administer() {
    let server = Server::start().await;
    let ada = person(&server, "ada").await;
    let id = ada.id;
    let routes = [
        ("GET", "accounts".to_owned()),
        ("PATCH", format!("accounts/{id}")),
        ("DELETE", format!("accounts/{id}/sessions")),
        ("POST", format!("accounts/{id}/password-reset")),
        ("GET", "rooms".to_owned()),
        ("GET", "audit".to_owned()),
        ("GET", "statistics".to_owned()),
        ("GET", "keys".to_owned()),
        ("POST", "keys".to_owned()),
    ];
    for (method, path) in routes {
        let path = format!("/api/v2/admin/{path}");
        let request = || server.request(method, &path).json(&json!({"admin_level": 2}));
        problem(&request().bearer(&ada.token).send().await.expect(403), "forbidden");
        problem(&request().send().await.expect(401), "unauthenticated");
    }
    by(&server, &ada, "GET", ME).send().await.expect(200);
}

/// Proves: native.admin.search, native.pages.next
#[tokio::test]
async fn accounts_are_searched_page_by_page() {
    let server = Server::start().await;
    let root = admin(&server, "root").await;
    for name in ["ada", "adam", "bob"] {
        person(&server, name).await;
    }
    let body = json!({"username": "zoe", "password": PASSWORD, "email": "admiral@example.com"});
    server.post("/api/v2/accounts", &body).send().await.expect(201);
    let all = get(&server, &root, "accounts").await.expect(200);
    assert_eq!(names(&all), ["root", "ada", "adam", "bob", "zoe"]);
    assert_eq!(all.json()["next"], Value::Null);
    let one = items(&all).remove(1);
    assert_eq!(
        (&one["email"], &one["sessions"], &one["disabled_at"]),
        (&json!("ada@example.com"), &json!(1), &Value::Null)
    );

    for (query, expected) in [("", &["root", "ada", "adam", "bob", "zoe"][..]), ("q=Ad", &["ada", "adam", "zoe"])] {
        let (mut found, mut path) = (Vec::new(), format!("accounts?{query}&limit=1"));
        loop {
            let page = get(&server, &root, &path).await.expect(200);
            found.extend(names(&page));
            let Some(link) = page.header("link") else { break };
            let next = link.strip_prefix("</api/v2/admin/").unwrap().strip_suffix(">; rel=\"next\"").unwrap();
            assert!(page.json()["next"].is_string());
            path = next.to_owned();
        }
        assert_eq!(found, expected, "{query}");
    }
    assert_eq!(names(&get(&server, &root, "accounts?q=admiral").await), ["zoe"]);
    assert_eq!(names(&get(&server, &root, "accounts?q=%25").await), Vec::<String>::new());
    for bad in ["after=x", "limit=0", "limit=101", "q=a&after=x"] {
        problem(&get(&server, &root, &format!("accounts?{bad}")).await.expect(400), "malformed");
    }
}

/// Proves: native.admin.change, native.admin.not_oneself
#[tokio::test]
async fn a_change_holds_at_once() {
    let server = Server::start().await;
    let root = admin(&server, "root").await;
    let ada = person(&server, "ada").await;
    let change = async |by_whom: &Person, of: i64, body: Value| {
        by(&server, by_whom, "PATCH", &format!("/api/v2/admin/accounts/{of}")).json(&body).send().await
    };
    problem(&change(&root, root.id, json!({"admin_level": 0})).await.expect(409), "conflict");
    problem(&change(&root, root.id, json!({"disabled": true})).await.expect(409), "conflict");
    problem(&change(&root, 4242, json!({"disabled": true})).await.expect(404), "not_found");
    let beyond = change(&root, ada.id, json!({"admin_level": 3})).await.expect(422);
    assert_eq!(beyond.json()["violations"][0]["field"], "admin_level");

    assert_eq!(change(&root, ada.id, json!({"admin_level": 2})).await.expect(200).json()["admin_level"], 2);
    get(&server, &ada, "statistics").await.expect(200);
    change(&root, ada.id, json!({"admin_level": 0})).await.expect(200);
    problem(&get(&server, &ada, "statistics").await.expect(403), "forbidden");

    let mut socket = server.socket("/users/").bearer(&ada.token).connect().await;
    let out = change(&root, ada.id, json!({"disabled": true})).await.expect(200).json();
    assert!(out["disabled_at"].is_string());
    assert_eq!(out["sessions"], 0);
    by(&server, &ada, "GET", ME).send().await.expect(401);
    socket.closed().await;
    problem(&log_in(&server, "ada", PASSWORD).await.expect(401), "bad_credentials");
    change(&root, ada.id, json!({"disabled": false})).await.expect(200);
    log_in(&server, "ada", PASSWORD).await.expect(201);
}

/// Proves: native.admin.sessions, native.admin.reset
#[tokio::test]
async fn somebody_is_helped() {
    let server = Server::start().await;
    let root = admin(&server, "root").await;
    let ada = person(&server, "ada").await;
    let path = |what: &str| format!("/api/v2/admin/accounts/{}/{what}", ada.id);
    by(&server, &root, "POST", &path("password-reset")).send().await.expect(202);
    let secret = server.mail("ada@example.com", 2).await.reset_secret();
    problem(&by(&server, &root, "POST", &path("password-reset")).send().await.expect(429), "throttled");
    by(&server, &ada, "GET", ME).send().await.expect(200);
    let confirm = json!({"secret": secret, "password": "another long password"});
    server.post("/api/v2/password-resets/confirm", &confirm).send().await.expect(204);
    let again = Person::of(&log_in(&server, "ada", "another long password").await.expect(201).json());
    by(&server, &root, "DELETE", &path("sessions")).send().await.expect(204);
    by(&server, &again, "GET", ME).send().await.expect(401);
    let nobody = by(&server, &root, "DELETE", "/api/v2/admin/accounts/4242/sessions");
    problem(&nobody.send().await.expect(404), "not_found");
}

/// Proves: native.admin.audit
#[tokio::test]
async fn the_audit_says_who_did_what_to_whom() {
    let server = Server::start().await;
    let root = admin(&server, "root").await;
    let ada = person(&server, "ada").await;
    let body = json!({"admin_level": 1});
    by(&server, &root, "PATCH", &format!("/api/v2/admin/accounts/{}", ada.id)).json(&body).send().await.expect(200);
    let lines = items(&get(&server, &root, &format!("audit?account={}", ada.id)).await.expect(200));
    let actions: Vec<&str> = lines.iter().map(|line| line["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["promote", "sign_up"]);
    let promotion = &lines[0];
    assert_eq!((&promotion["actor"]["username"], &promotion["target"]["username"]), (&json!("root"), &json!("ada")));
    assert_eq!((&promotion["contract"], &promotion["address"]), (&json!("native"), &json!("127.0.0.1")));
    assert_eq!((&promotion["session"], &promotion["detail"]), (&json!(root.session), &json!("level 1")));

    let all: Vec<Value> = items(&get(&server, &root, "audit").await.expect(200));
    let (mut paged, mut after) = (Vec::new(), String::new());
    loop {
        let page = get(&server, &root, &format!("audit?limit=2{after}")).await.expect(200);
        paged.extend(items(&page));
        let Some(next) = page.json()["next"].as_str().map(str::to_owned) else { break };
        after = format!("&after={next}");
    }
    assert_eq!(paged, all);
    problem(&get(&server, &root, "audit?after=x").await.expect(400), "malformed");
}

/// Proves: native.admin.statistics, native.admin.keys
#[tokio::test]
async fn the_server_says_how_it_is() {
    let server = Server::start().await;
    let root = admin(&server, "root").await;
    person(&server, "ada").await;
    server.wait_minutes(1);
    let sums = get(&server, &root, "statistics").await.expect(200).json();
    assert_eq!((&sums["accounts"], &sums["sessions"], &sums["messages"]), (&json!(2), &json!(2), &json!(0)));
    assert!(sums["uptime"].as_u64().unwrap() >= 60 && sums["version"].is_string());

    let before = items(&get(&server, &root, "keys").await.expect(200));
    assert_eq!((before.len(), &before[0]["signs_now"]), (1, &json!(true)));
    let made = by(&server, &root, "POST", "/api/v2/admin/keys").send().await.expect(201).json();
    assert_eq!((&made["signs_now"], &made["expires_at"]), (&json!(false), &Value::Null));
    let after = items(&get(&server, &root, "keys").await.expect(200));
    assert!(after.len() == 2 && after.contains(&made));
}

/// Proves: native.admin.rooms
#[tokio::test]
async fn rooms_are_seen_but_those_of_two() {
    let server = Server::alone(&[]).await;
    let root = admin(&server, "root").await;
    let ada = person(&server, "ada").await;
    for body in [json!({"name": "tea", "visibility": "private"}), json!({"name": "Tea two", "visibility": "public"})] {
        by(&server, &ada, "POST", "/api/v2/rooms").json(&body).send().await.expect(201);
    }
    by(&server, &ada, "POST", "/api/v2/rooms").json(&json!({"with": root.id})).send().await.expect(201);
    let path = "/api/v1/rooms/tea%20two/messages/ws";
    let _seat = server.socket(path).bearer(&ada.token).connect().await;
    let seen = async || items(&get(&server, &root, "rooms?q=TEA").await.expect(200));
    assert!(crate::security::until(async || seen().await[1]["present"] == 1).await, "nobody is present");
    let rooms = seen().await;
    let told = |room: &Value| (room["name"].clone(), room["visibility"].clone(), room["members"].clone());
    assert_eq!(told(&rooms[0]), (json!("tea"), json!("private"), json!(1)));
    assert_eq!(told(&rooms[1]), (json!("Tea two"), json!("public"), json!(1)));
    let all: Vec<Value> = items(&get(&server, &root, "rooms").await.expect(200));
    assert!(all.iter().all(|room| room["visibility"] != "direct"), "{all:?}");
    let first = get(&server, &root, "rooms?q=tea&limit=1").await.expect(200);
    let next = get(&server, &root, &format!("rooms?q=tea&after={}", first.json()["next"].as_str().unwrap())).await;
    assert_eq!(items(&next), rooms[1..]);
}
