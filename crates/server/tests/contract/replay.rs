//! Replays the examples of a contract, `contracts/<name>/cases.json`, each scenario on a fresh server.
//!
//! A scenario is a list of steps: `request`/`response`, `connect`, `send`, `receive`, `closed`, `close`, `mail` and
//! `advance` (seconds). Bodies are compared exactly; an object with the key `<more>` may hold further keys. A
//! placeholder such as `<jwt>` stands for any value of its kind, and `<jwt:token>` keeps it for `${token}` later on.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::forge::is_jwt;
use crate::harness::Server;
use crate::http::{Request, Response};
use crate::socket::{Handshake, Socket};

/// Replays every scenario of a contract.
pub(crate) async fn replay(contract: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts");
    let text = std::fs::read_to_string(folder.join(contract).join("cases.json")).unwrap();
    let scenarios: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert!(!scenarios.is_empty());
    for scenario in &scenarios {
        Scenario::start(contract, scenario).await.run(scenario).await;
    }
}

/// One scenario under way.
struct Scenario {
    name: String,
    server: Server,
    sockets: HashMap<String, Socket>,
    kept: Kept,
}

impl Scenario {
    async fn start(contract: &str, scenario: &Value) -> Self {
        let settings: Vec<(&str, &str)> = scenario["settings"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.as_str(), value.as_str().unwrap()))
            .collect();
        Self {
            name: format!("{contract}: {}", scenario["name"].as_str().unwrap()),
            server: Server::with(&settings).await,
            sockets: HashMap::new(),
            kept: Kept::default(),
        }
    }

    async fn run(mut self, scenario: &Value) {
        for (number, step) in scenario["steps"].as_array().unwrap().iter().enumerate() {
            let place = format!("{}, step {}", self.name, number + 1);
            let step = self.kept.fill(step);
            if let Err(difference) = self.step(&step).await {
                panic!("{place}: {difference}\nstep: {step:#}");
            }
        }
    }

    async fn step(&mut self, step: &Value) -> Result<(), String> {
        if let Some(request) = step.get("request") {
            let response = self.request(request).send().await;
            return self.kept.compare_response(&step["response"], &response);
        }
        if let Some(connect) = step.get("connect") {
            return self.connect(connect, &step["response"]).await;
        }
        if let Some(mail) = step.get("mail") {
            return self.mail(mail).await;
        }
        if let Some(seconds) = step.get("advance") {
            let seconds = Duration::from_secs(seconds.as_u64().unwrap());
            self.server.clock().advance(seconds);
            return Ok(());
        }
        self.talk(step).await
    }

    fn request(&self, spec: &Value) -> Request {
        let method = spec["method"].as_str().unwrap();
        let mut request = self.server.request(method, spec["path"].as_str().unwrap());
        for (name, value) in pairs(&spec["headers"]) {
            request = request.header(name, value);
        }
        match (spec.get("body"), spec.get("raw")) {
            (Some(body), _) => request.json(body),
            (None, Some(raw)) => request.raw("application/json", raw.as_str().unwrap()),
            (None, None) => request,
        }
    }

    async fn connect(&mut self, spec: &Value, expected: &Value) -> Result<(), String> {
        let method = spec["method"].as_str().unwrap_or("GET");
        let path = spec["path"].as_str().unwrap();
        let mut handshake = Handshake::new(self.server.address(), method, path);
        for (name, value) in pairs(&spec["headers"]) {
            handshake = handshake.header(name, value);
        }
        if let Some(offered) = spec["subprotocols"].as_array() {
            let offered: Vec<&str> = offered.iter().map(|one| one.as_str().unwrap()).collect();
            handshake = handshake.subprotocols(&offered);
        }
        if let Some(body) = spec.get("body") {
            handshake = handshake.raw("application/json", body.to_string());
        }
        match handshake.attempt().await {
            Err(refusal) => self.kept.compare_response(expected, &refusal),
            Ok((socket, head)) => {
                let name = spec["as"].as_str().unwrap().to_owned();
                self.sockets.insert(name, socket);
                self.kept.compare_response(expected, &head)
            }
        }
    }

    async fn mail(&mut self, spec: &Value) -> Result<(), String> {
        let mail = self.server.mail(spec["to"].as_str().unwrap(), 1).await;
        for (name, label) in pairs(&spec["capture"]) {
            let value = mail.after(label);
            if value.is_empty() {
                return Err(format!("nothing follows {label:?} in {mail:?}"));
            }
            self.kept.0.insert(name.to_owned(), Value::String(value));
        }
        Ok(())
    }

    async fn talk(&mut self, step: &Value) -> Result<(), String> {
        let (verb, spec) = step.as_object().unwrap().iter().next().unwrap();
        let name = spec["on"].as_str().unwrap();
        let socket = self.sockets.get_mut(name).expect("nobody of that name is connected");
        match verb.as_str() {
            "send" => send(socket, spec).await,
            "receive" => {
                let received = socket.receive().await;
                self.kept.compare(&spec["text"], &received)?;
            }
            "closed" => {
                let closed = socket.closed().await;
                let actual = serde_json::json!({
                    "on": name, "code": closed.code, "reason": closed.reason,
                });
                self.kept.compare(spec, &actual)?;
            }
            "close" => self.sockets.remove(name).unwrap().close().await,
            other => panic!("no such step: {other}"),
        }
        Ok(())
    }
}

async fn send(socket: &mut Socket, spec: &Value) {
    if let Some(json) = spec.get("text") {
        socket.send(json).await;
    } else if let Some(raw) = spec.get("raw") {
        socket.send_text(raw.as_str().unwrap()).await;
    } else {
        let bytes = STANDARD.decode(spec["binary"].as_str().unwrap()).unwrap();
        socket.send_binary(&bytes).await;
    }
}

fn pairs(object: &Value) -> impl Iterator<Item = (&str, &str)> {
    let object = object.as_object().into_iter().flatten();
    object.map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
}

/// What placeholders have kept so far, by name.
#[derive(Default)]
struct Kept(HashMap<String, Value>);

impl Kept {
    /// `${name}` alone becomes the kept value, inside a longer text its text.
    fn fill(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.fill_text(text),
            Value::Array(items) => items.iter().map(|item| self.fill(item)).collect(),
            Value::Object(fields) => fields.iter().map(|(name, field)| (name.clone(), self.fill(field))).collect(),
            other => other.clone(),
        }
    }

    fn fill_text(&self, text: &str) -> Value {
        if let Some(kept) = name_of(text).and_then(|name| self.0.get(name)) {
            return kept.clone();
        }
        let mut filled = text.to_owned();
        for (name, value) in &self.0 {
            let plain = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            filled = filled.replace(&format!("${{{name}}}"), &plain);
        }
        Value::String(filled)
    }

    fn compare_response(&mut self, expected: &Value, actual: &Response) -> Result<(), String> {
        if expected["status"] != actual.status {
            return Err(format!("status {} {:?}", actual.status, actual.text()));
        }
        for (name, value) in pairs(&expected["headers"]) {
            let header = actual.header(name).unwrap_or("(no such header)");
            self.compare(&value.into(), &header.into()).map_err(|difference| format!("{name}: {difference}"))?;
        }
        for (name, spec) in expected["cookies"].as_object().into_iter().flatten() {
            self.compare_cookie(name, spec, actual)?;
        }
        match expected.get("body") {
            None => Ok(()),
            Some(Value::String(text)) if text == "<empty>" => match actual.text() {
                "" => Ok(()),
                body => Err(format!("a body: {body}")),
            },
            Some(body) => self.compare(body, &actual.json()),
        }
    }

    /// `{"value": …, "attributes": […]}`: all the attributes must be there, in whatever order.
    fn compare_cookie(&mut self, name: &str, spec: &Value, actual: &Response) -> Result<(), String> {
        let cookie = actual.cookie(name).ok_or(format!("no cookie {name}"))?;
        for attribute in spec["attributes"].as_array().into_iter().flatten() {
            if !cookie.has(attribute.as_str().unwrap()) {
                return Err(format!("{attribute} is missing in {cookie:?}"));
            }
        }
        self.compare(&spec["value"], &Value::String(cookie.value))
    }

    fn compare(&mut self, expected: &Value, actual: &Value) -> Result<(), String> {
        match (expected, actual) {
            (Value::String(text), _) if placeholder(text).is_some() => self.keep(text, actual),
            (Value::Object(fields), Value::Object(actual)) => {
                let open = fields.contains_key("<more>");
                for (name, field) in fields.iter().filter(|(name, _)| *name != "<more>") {
                    let value = actual.get(name).ok_or(format!("`{name}` is missing"))?;
                    self.compare(field, value).map_err(|difference| format!("{name}: {difference}"))?;
                }
                let surplus = actual.keys().find(|name| !fields.contains_key(*name));
                match surplus {
                    Some(name) if !open => Err(format!("`{name}` was not promised")),
                    _ => Ok(()),
                }
            }
            (Value::Array(items), Value::Array(actual)) if items.len() == actual.len() => {
                items.iter().zip(actual).try_for_each(|(item, actual)| self.compare(item, actual))
            }
            _ if expected == actual => Ok(()),
            _ => Err(format!("expected {expected}, got {actual}")),
        }
    }

    fn keep(&mut self, text: &str, actual: &Value) -> Result<(), String> {
        let (kind, name) = placeholder(text).unwrap();
        if !is_of(kind, actual) {
            return Err(format!("expected {text}, got {actual}"));
        }
        if let Some(name) = name {
            self.0.insert(name.to_owned(), actual.clone());
        }
        Ok(())
    }
}

fn name_of(text: &str) -> Option<&str> {
    text.strip_prefix("${")?.strip_suffix('}')
}

/// `<kind>` or `<kind:name>`.
fn placeholder(text: &str) -> Option<(&str, Option<&str>)> {
    let inner = text.strip_prefix('<')?.strip_suffix('>')?;
    let (kind, name) = match inner.split_once(':') {
        Some((kind, name)) => (kind, Some(name)),
        None => (inner, None),
    };
    KINDS.contains(&kind).then_some((kind, name))
}

const KINDS: [&str; 7] = ["jwt", "int", "string", "id", "rfc3339-nanos", "unix", "any"];

fn is_of(kind: &str, value: &Value) -> bool {
    let text = value.as_str();
    match kind {
        "any" => true,
        "int" => value.is_i64(),
        "unix" => value.as_i64().is_some_and(|time| (1_000_000_000..10_000_000_000).contains(&time)),
        "string" => text.is_some_and(|text| !text.is_empty()),
        "id" => text.is_some_and(|text| text.parse::<i64>().is_ok_and(|id| id > 0)),
        "jwt" => text.is_some_and(is_jwt),
        "rfc3339-nanos" => text.is_some_and(is_nanos),
        other => panic!("no such kind: {other}"),
    }
}

/// RFC 3339 in UTC with nine digits of a second, such as `2024-03-04T09:47:45.137360195Z`.
pub(crate) fn is_nanos(text: &str) -> bool {
    let Some((whole, fraction)) = text.split_once('.') else {
        return false;
    };
    let digits = fraction.strip_suffix('Z').or(fraction.strip_suffix("+00:00"));
    let nine = digits.is_some_and(|digits| digits.len() == 9 && digits.bytes().all(|digit| digit.is_ascii_digit()));
    nine && whole.parse::<jiff::civil::DateTime>().is_ok()
}

mod tests {
    use serde_json::json;

    use super::{Kept, Value};

    fn agrees(expected: &Value, actual: &Value) -> bool {
        Kept::default().compare(expected, actual).is_ok()
    }

    #[test]
    fn a_body_is_compared_exactly_unless_it_says_more() {
        let body = json!({"a": 1, "b": [{"c": "x"}]});
        assert!(agrees(&body, &json!({"b": [{"c": "x"}], "a": 1})));
        assert!(!agrees(&body, &json!({"a": 1})));
        assert!(!agrees(&body, &json!({"a": 1, "b": [{"c": "x", "d": 1}]})));
        assert!(!agrees(&body, &json!({"a": 1, "b": []})));
        assert!(!agrees(&body, &json!({"a": "1", "b": [{"c": "x"}]})));
        let open = json!({"a": 1, "<more>": true});
        assert!(agrees(&open, &body));
        assert!(!agrees(&open, &json!({"b": 1})));
    }

    #[test]
    fn a_placeholder_stands_for_its_kind_only() {
        let jwt = "eyJhbGciOiJFZERTQSJ9.eyJpZCI6IjEifQ.c2ln";
        let stamp = "2024-03-04T09:47:45.137360195Z";
        let kinds = [
            ("<jwt>", json!(jwt), json!("a.b.c")),
            ("<int>", json!(7), json!("7")),
            ("<id>", json!("7"), json!(7)),
            ("<id>", json!("12"), json!("x")),
            ("<string>", json!("x"), json!("")),
            ("<unix>", json!(1_800_000_000), json!(1_800_000_000_000_i64)),
            ("<rfc3339-nanos>", json!(stamp), json!("2024-03-04T09:47:45Z")),
            ("<rfc3339-nanos>", json!(stamp), json!("2024-03-04T09:47:45.137360195+02:00")),
            ("<password>", json!("<password>"), json!("x")),
        ];
        for (kind, right, wrong) in kinds {
            assert!(agrees(&json!(kind), &right), "{kind} {right}");
            assert!(!agrees(&json!(kind), &wrong), "{kind} {wrong}");
        }
    }

    #[test]
    fn what_was_kept_is_filled_in_with_its_type() {
        let mut kept = Kept::default();
        let expected = json!({"id": "<int:id>", "token": "<string:token>"});
        kept.compare(&expected, &json!({"id": 12, "token": "t"})).unwrap();
        let step = json!(["${id}", "Bearer ${token}", "/users/${id}", "${unknown}"]);
        assert_eq!(kept.fill(&step), json!([12, "Bearer t", "/users/12", "${unknown}"]));
    }
}
