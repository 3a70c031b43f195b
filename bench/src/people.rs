//! Those who use the server while it is measured: accounts signed up through the contracts, as anyone's are.

use std::net::SocketAddr;

use serde_json::json;

use crate::Result;
use crate::load::request::{self, Request};
use crate::load::visitor::Visitor;

const PASSWORD: &str = "correct horse battery staple";

/// Somebody with an account and a session.
pub(crate) struct Person {
    username: String,
    cookie: String,
}

/// Signs up `count` people through `cookies`, over as many connections as keep `cores` cores busy hashing.
pub(crate) fn gather(address: SocketAddr, count: usize, cores: usize) -> Result<Vec<Person>> {
    let lines = 2 * cores;
    std::thread::scope(|scope| {
        let sign_up =
            |first| scope.spawn(move || (first..count).step_by(lines).map(Person::sign_up(address)).collect());
        let threads: Vec<_> = (0..lines).map(sign_up).collect();
        let mut people = Vec::with_capacity(count);
        for thread in threads {
            let some: Result<Vec<Person>> = thread.join().map_err(|_panic| "a thread that signs up panicked")?;
            people.extend(some?);
        }
        Ok(people)
    })
}

/// Signs up `count` people through `tokens`, whose sign-ups cost one hash and give a token that every contract takes.
pub(crate) fn tokens(address: SocketAddr, count: usize) -> Result<Vec<String>> {
    let mut visitor = Visitor::open(address)?;
    let sign_up = |number: usize| {
        let email = format!("person-{number}@bench.example");
        let form = json!({"email": email, "password": PASSWORD, "firstName": "Person", "lastName": number.to_string()});
        let pair = visitor.json(&request::post("/api/v1/user/signup", &form), 201)?;
        Ok(pair["accessToken"].as_str().ok_or("a sign-up without a token")?.to_owned())
    };
    (0..count).map(sign_up).collect()
}

impl Person {
    fn sign_up(address: SocketAddr) -> impl Fn(usize) -> Result<Self> {
        move |number| {
            let username = format!("person-{number}");
            let form = json!({"username": username, "password": PASSWORD, "password_confirm": PASSWORD,
                "display_name": "Somebody", "facility_id": "1"});
            let mut visitor = Visitor::open(address)?;
            let answer = visitor.expect(&request::post("/api/users/", &form), 201)?;
            let cookie = answer.cookie("sessionid").ok_or("a sign-up without a cookie")?.to_owned();
            Ok(Self { username, cookie })
        }
    }

    /// Logs in through `cookies`.
    pub(crate) fn log_in(&self) -> Request {
        request::post("/api/sessions/", &json!({"username": self.username, "password": PASSWORD}))
    }

    /// Asks who one is, with the cookie.
    pub(crate) fn me_by_cookie(&self) -> Request {
        request::get("/api/users/me/", &[&format!("Cookie: sessionid={}", self.cookie)])
    }

    /// Logs in through `rooms`, whose logins give a token.
    pub(crate) fn token(&self, address: SocketAddr) -> Result<String> {
        let form = json!({"username": self.username, "secret": PASSWORD});
        let logged_in = Visitor::open(address)?.json(&request::post("/api/v1/login", &form), 200)?;
        Ok(logged_in["data"]["token"].as_str().ok_or("a login without a token")?.to_owned())
    }
}

/// Asks who one is, with a token.
pub(crate) fn me_by_token(token: &str) -> Request {
    request::get("/api/users/me/", &[&format!("Authorization: Bearer {token}")])
}
