//! One account, one token and one order, whichever of the five contracts one looks through.

use serde_json::{Value, json};

use crate::forge;
use crate::harness::{Member, PASSWORD, Server};
use crate::http::Response;
use crate::lobby::{assert_event, join, say};
use crate::rooms::only;

const ROOM: &str = "/api/v1/rooms/tea/messages/ws";
const LOBBY_ROOM: &str = "/api/v1/rooms/lobby/messages/ws";
const DELETE_ME: &str = "/api/v1/protected/user";

/// What each contract says to a token: `true` where it opens the door.
pub(crate) async fn doors(server: &Server, token: &str) -> [bool; 5] {
    let users = server.socket("/users/").bearer(token).attempt().await;
    let bound = match users {
        Err(_) => false,
        Ok((mut socket, _)) => socket.ask(&json!({"action": "me"})).await["data"].is_object(),
    };
    let room = server.socket(ROOM).subprotocols(&[token]).attempt().await;
    let nowhere = server.get("/api/v1/protected/nowhere");
    let protected = nowhere.header("X-Access-Token", token).send().await;
    let me = server.get("/api/users/me/").bearer(token).send().await;
    let lobby = server.socket("/join").bearer(token).attempt().await;
    [bound, room.is_ok(), protected.status == 404, me.status == 200, lobby.is_ok()]
}

/// One login through each contract, in the order actions, rooms, tokens, lobby: four tokens of one account.
async fn log_in_everywhere(server: &Server) -> Vec<String> {
    let email = "ada@example.com";
    let account = json!({"username": "ada", "email": email, "password": PASSWORD});
    server.post("/createUser", &account).send().await.expect(200);
    let mut users = server.socket("/users/").connect().await;
    let login = json!({"username": "ada", "password": PASSWORD});
    let actions = users.ask(&json!({"action": "login", "data": login})).await;
    let by_email = json!({"email": email, "password": PASSWORD});
    let tokens = server.post("/api/v1/user/login", &by_email).send().await;
    let lobby = server.post("/login", &by_email).send().await;
    vec![
        text(&actions["data"]["token"]),
        server.log_in("ada").await.token,
        text(&tokens.expect(201).json()["accessToken"]),
        text(&lobby.expect(200).json()["token"]),
    ]
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

async fn cookie(server: &Server, username: &str) -> String {
    let credentials = json!({"username": username, "password": PASSWORD});
    let login = server.post("/api/sessions/", &credentials).send().await;
    login.expect(200).cookie("sessionid").unwrap().value
}

#[tokio::test]
async fn a_token_of_any_contract_opens_all_five() {
    let server = Server::start().await;
    let tokens = log_in_everywhere(&server).await;
    let ids: Vec<Value> = tokens.iter().map(|token| forge::claims(token)["userId"].clone()).collect();
    assert!(ids.iter().all(|id| *id == ids[0] && id.is_i64()), "{ids:?}");
    for token in &tokens {
        assert_eq!(doors(&server, token).await, [true; 5], "{}", forge::claims(token));
    }
}

#[tokio::test]
async fn the_id_is_one_number_in_five_spellings() {
    let server = Server::start().await;
    let ada = server.member("ada").await;
    let mut users = server.socket("/users/").bearer(&ada.token).connect().await;
    let me = users.ask(&json!({"action": "me"})).await;
    assert_eq!(me["data"]["user_id"], ada.id.to_string());
    let me = server.get("/api/users/me/").bearer(&ada.token).send().await;
    assert_eq!(me.json()["data"]["user"]["id"], ada.id);
    let claims = forge::claims(&ada.token);
    assert_eq!((&claims["id"], &claims["userId"]), (&json!(ada.id.to_string()), &json!(ada.id)));
}

#[tokio::test]
async fn a_profile_written_in_one_contract_is_read_in_another() {
    let server = Server::start().await;
    let form = json!({
        "username": "ada", "password": PASSWORD, "password_confirm": PASSWORD, "display_name": "Ada",
        "facility_id": "234", "firstName": "Augusta", "lastName": "King",
    });
    server.post("/api/users/", &form).send().await.expect(201);
    let ada = server.log_in("ada").await;
    let mut users = server.socket("/users/").bearer(&ada.token).connect().await;
    let me = users.ask(&json!({"action": "me"})).await["data"].take();
    let names = [&me["first_name"], &me["last_name"], &me["display_name"], &me["facility_id"]];
    assert_eq!(names, ["Augusta", "King", "Ada", "234"]);
    let edit = json!({"action": "edit", "data": {"display_name": "Countess"}});
    users.ask(&edit).await;
    let me = server.get("/api/users/me/").bearer(&ada.token).send().await;
    assert_eq!(me.json()["data"]["user"]["display_name"], "Countess");
}

/// How a session can be ended, by the contract that ends it.
enum End {
    Actions,
    Cookies,
    Deletion,
}

async fn end(server: &Server, how: End, session: &Member) -> Response {
    let token = &session.token;
    match how {
        End::Actions => {
            let mut users = server.socket("/users/").connect().await;
            let logout = json!({"action": "logout", "data": {"token": token}});
            let answer = users.ask(&logout).await;
            assert_eq!(answer["data"], json!({"success": true}));
            server.get("/api/users/me/").bearer(token).send().await
        }
        End::Cookies => {
            let request = server.delete("/api/sessions/").bearer(token);
            request.send().await.expect(200)
        }
        End::Deletion => {
            let request = server.delete(DELETE_ME).header("X-Access-Token", token);
            request.send().await.expect(200)
        }
    }
}

#[tokio::test]
async fn a_session_ended_in_one_contract_is_over_in_all() {
    let server = Server::start().await;
    for (name, how) in [("ada", End::Actions), ("bob", End::Cookies), ("carol", End::Deletion)] {
        let member = server.member(name).await;
        let mut room = crate::rooms::join(&server, ROOM, &member).await;
        let mut lobby = join(&server, &member).await;
        let users = server.socket("/users/").bearer(&member.token);
        let mut users = users.connect().await;
        end(&server, how, &member).await;
        assert!(room.closed().await.code.is_some());
        assert!(lobby.closed().await.code.is_some());
        assert!(users.closed().await.code.is_some());
        assert_eq!(doors(&server, &member.token).await, [false; 5], "{name}");
    }
}

#[tokio::test]
async fn a_logout_of_tokens_is_over_in_all() {
    let server = Server::start().await;
    log_in_everywhere(&server).await;
    let by_email = json!({"email": "ada@example.com", "password": PASSWORD});
    let login = server.post("/api/v1/user/login", &by_email).send().await;
    let pair = login.expect(201).json();
    let (access, refresh) = (text(&pair["accessToken"]), text(&pair["refreshToken"]));
    let mut lobby = server.socket("/join").bearer(&access).connect().await;
    let logout = server.delete("/api/v1/user/login");
    let logout = logout.header("X-Access-Token", &access);
    logout.header("X-Refresh-Token", &refresh).send().await.expect(204);
    assert!(lobby.closed().await.code.is_some());
    assert_eq!(doors(&server, &access).await, [false; 5]);
}

#[tokio::test]
async fn other_sessions_of_the_account_live_on() {
    let server = Server::start().await;
    let tokens = log_in_everywhere(&server).await;
    let session = cookie(&server, "ada").await;
    let request = server.delete("/api/sessions/").bearer(&tokens[0]);
    request.send().await.expect(200);
    assert_eq!(doors(&server, &tokens[0]).await, [false; 5]);
    for token in &tokens[1..] {
        assert_eq!(doors(&server, token).await, [true; 5]);
    }
    let me = server.get("/api/users/me/").session(&session);
    me.send().await.expect(200);
}

#[tokio::test]
async fn an_ended_cookie_closes_its_socket() {
    let server = Server::start().await;
    server.member("ada").await;
    let session = cookie(&server, "ada").await;
    let handshake = server.socket("/join");
    let handshake = handshake.header("Cookie", &format!("sessionid={session}"));
    let mut lobby = handshake.connect().await;
    let request = server.delete("/api/sessions/").session(&session);
    request.send().await.expect(200);
    assert!(lobby.closed().await.code.is_some());
}

#[tokio::test]
async fn the_operator_ends_sessions_beside_the_running_server() {
    let server = Server::start().await;
    let ada = server.member("ada").await;
    let mut room = crate::rooms::join(&server, ROOM, &ada).await;
    server.command(&["account", "end-sessions", "ada"]).await;
    assert!(room.closed().await.code.is_some());
    assert_eq!(doors(&server, &ada.token).await, [false; 5]);
    assert_eq!(doors(&server, &server.log_in("ada").await.token).await, [true; 5]);
}

#[tokio::test]
async fn a_disabled_account_has_no_sessions_and_gets_none() {
    let server = Server::start().await;
    let ada = server.member("ada").await;
    let mut room = crate::rooms::join(&server, ROOM, &ada).await;
    server.command(&["account", "disable", "ada"]).await;
    assert!(room.closed().await.code.is_some());
    assert_eq!(doors(&server, &ada.token).await, [false; 5]);
    let credentials = json!({"username": "ada", "password": PASSWORD});
    let login = server.post("/api/sessions/", &credentials).send().await;
    assert!(matches!(login.status, 401 | 403), "{login:?}");
}

#[tokio::test]
async fn rooms_and_lobby_clients_see_one_order() {
    let server = Server::start().await;
    let (ada, bob) = (server.member("ada").await, server.member("bob").await);
    let mut ada = join(&server, &ada).await;
    let mut bob = crate::rooms::join(&server, LOBBY_ROOM, &bob).await;
    assert_event(&ada.receive().await, "user_joined", "bob");
    for number in 0..40 {
        ada.send(&say(&format!("a{number}"))).await;
        bob.send(&json!({"text": format!("b{number}")})).await;
    }
    let (mut through_lobby, mut through_rooms) = (Vec::new(), Vec::new());
    for _ in 0..80 {
        through_lobby.push(text(&ada.receive().await["msg"]["text"]));
        through_rooms.push(text(&only(&bob.receive().await)["text"]));
    }
    assert_eq!(through_lobby, through_rooms);
}

#[tokio::test]
async fn a_person_in_the_lobby_by_two_doors_is_one_person() {
    let server = Server::start().await;
    let (ada, bob) = (server.member("ada").await, server.member("bob").await);
    let mut watcher = join(&server, &bob).await;
    let front = join(&server, &ada).await;
    assert_event(&watcher.receive().await, "user_joined", "ada");
    let mut side = crate::rooms::join(&server, LOBBY_ROOM, &ada).await;
    front.close().await;
    side.send(&json!({"text": "still here"})).await;
    let said = watcher.receive().await;
    assert_eq!(said["msg"]["text"], "still here", "neither a second arrival nor a leave");
    let carol = server.member("carol").await;
    let mut carol = server.socket("/join").bearer(&carol.token).connect().await;
    let present = crate::lobby::greeted(&mut carol, "carol").await;
    let mut present: Vec<String> = serde_json::from_value(present).unwrap();
    present.sort_unstable();
    assert_eq!(present, ["ada", "bob"]);
    assert_event(&watcher.receive().await, "user_joined", "carol");
    side.close().await;
    assert_event(&watcher.receive().await, "user_left", "ada");
}

#[tokio::test]
async fn what_the_log_holds_outlives_its_author() {
    let server = Server::start().await;
    let (ada, bob) = (server.member("ada").await, server.member("bob").await);
    let mut room = crate::rooms::join(&server, ROOM, &ada).await;
    room.send(&json!({"text": "a secret"})).await;
    room.receive().await;
    let request = server.delete(DELETE_ME).header("X-Access-Token", &ada.token);
    request.send().await.expect(200);
    let mut bob = crate::rooms::join(&server, ROOM, &bob).await;
    bob.send(&json!({"text": "next"})).await;
    assert_eq!(only(&bob.receive().await)["id"], 2, "the number of the erased message stays taken");
    let mut reader = server.socket(&format!("{ROOM}?since=0")).connect().await;
    loop {
        let frame = reader.receive().await;
        assert_ne!(only(&frame)["text"], "a secret");
        assert_ne!(only(&frame)["sender"]["username"], "ada");
        if only(&frame)["id"] == 2 {
            break;
        }
    }
}
