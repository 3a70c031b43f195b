//! Who uses the server in these tests, through which contract, and what an answer says about it.

use std::io;
use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::http::{Request, Response};

/// The password of everybody; no contract refuses it.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// The contract that somebody comes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    Rooms,
    Cookies,
    Tokens,
}

/// What opens doors until its session ends.
#[derive(Clone, Debug)]
pub(crate) enum Credential {
    Bearer(String),
    Cookie(String),
    /// Opens only the refresh of the `tokens` contract.
    Refresh(String),
}

impl Door {
    /// The path and the body that make an account, and the status that says so.
    pub(crate) fn sign_up(self, name: &str) -> (&'static str, Value, u16) {
        match self {
            Self::Rooms => ("/api/v1/users", json!({"username": name, "secret": PASSWORD}), 201),
            Self::Cookies => {
                let form = json!({
                    "username": name, "password": PASSWORD, "password_confirm": PASSWORD,
                    "display_name": name, "facility_id": "1",
                });
                ("/api/users/", form, 201)
            }
            Self::Tokens => {
                let form = json!({"email": email(name), "password": PASSWORD, "firstName": name, "lastName": "Test"});
                ("/api/v1/user/signup", form, 201)
            }
        }
    }

    /// The path and the body that begin a session, and the status that says so.
    pub(crate) fn log_in(self, name: &str) -> (&'static str, Value, u16) {
        match self {
            Self::Rooms => ("/api/v1/login", json!({"username": name, "secret": PASSWORD}), 200),
            Self::Cookies => ("/api/sessions/", json!({"username": name, "password": PASSWORD}), 200),
            Self::Tokens => ("/api/v1/user/login", json!({"email": email(name), "password": PASSWORD}), 201),
        }
    }

    /// The username of the account that somebody of this name makes here.
    pub(crate) fn username(self, name: &str) -> String {
        match self {
            Self::Rooms | Self::Cookies => name.to_owned(),
            Self::Tokens => format!("{name} Test"),
        }
    }

    /// Whether a refused sign-up says that there is this account already.
    pub(crate) fn is_taken(self, answer: &Response) -> bool {
        match self {
            Self::Rooms => answer.status == 400 && answer.text().contains("USER_EXISTS"),
            Self::Cookies => answer.status == 400 && answer.text().contains("already exists"),
            Self::Tokens => answer.status == 409,
        }
    }

    /// What a sign-up or a login has granted.
    pub(crate) fn granted(self, answer: &Response) -> Vec<Credential> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        match self {
            // A sign-up in `rooms` logs nobody in.
            Self::Rooms if answer.status == 201 => Vec::new(),
            Self::Rooms => vec![Credential::Bearer(text(&answer.json()["data"]["token"]))],
            Self::Cookies => vec![Credential::Cookie(answer.cookie("sessionid").unwrap().value)],
            Self::Tokens => {
                let tokens = answer.json();
                vec![
                    Credential::Bearer(text(&tokens["accessToken"])),
                    Credential::Refresh(text(&tokens["refreshToken"])),
                ]
            }
        }
    }
}

impl Credential {
    /// Whether it opens what it should open, and for whom.
    ///
    /// # Panics
    /// When it opens the door of somebody else.
    pub(crate) async fn opens(&self, address: SocketAddr, username: &str) -> bool {
        let me = Request::new(address, "GET", "/api/users/me/");
        let refresh = Request::new(address, "POST", "/api/v1/user/login/refresh");
        let answer = match self {
            Self::Bearer(token) => me.bearer(token).send().await,
            Self::Cookie(id) => me.session(id).send().await,
            Self::Refresh(token) => refresh.header("X-Refresh-Token", token).send().await,
        };
        assert!(matches!(answer.status, 200 | 201 | 401), "{answer:?}");
        if answer.status == 200 {
            assert_eq!(answer.json()["data"]["user"]["username"], username);
        }
        answer.status != 401
    }
}

pub(crate) fn email(name: &str) -> String {
    format!("{name}@example.com")
}

/// Sends a request of [`Door::sign_up`] or [`Door::log_in`].
pub(crate) async fn ask(address: SocketAddr, (path, body, _): (&str, Value, u16)) -> io::Result<Response> {
    Request::new(address, "POST", path).json(&body).attempt().await
}

/// Makes an account and logs it in, in `rooms`; its token.
pub(crate) async fn member(address: SocketAddr, name: &str) -> String {
    ask(address, Door::Rooms.sign_up(name)).await.unwrap().expect(201);
    token(address, name).await
}

/// A further token of an account that exists.
pub(crate) async fn token(address: SocketAddr, name: &str) -> String {
    let login = ask(address, Door::Rooms.log_in(name)).await.unwrap().expect(200);
    login.json()["data"]["token"].as_str().unwrap().to_owned()
}
