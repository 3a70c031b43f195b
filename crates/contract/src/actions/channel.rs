//! The socket of `actions`, for whoever reads its description.

use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Credentials, Details, EditGiven, NewUser, Token};
use crate::describe::sockets::{Channel, Message, reference, schemas_of};

/// The fields of somebody that everybody may know, and those that only they see themselves.
const PUBLIC: [&str; 5] = ["user_id", "username", "display_name", "bio", "profile_picture"];
const OWN: [&str; 4] = ["email", "first_name", "last_name", "facility_id"];

/// The socket.
pub(crate) fn channel() -> Channel {
    let mut schemas = Vec::new();
    schemas_of::<NewUser>(&mut schemas);
    schemas_of::<Credentials>(&mut schemas);
    schemas_of::<Token>(&mut schemas);
    schemas_of::<Details>(&mut schemas);
    schemas_of::<EditGiven>(&mut schemas);
    Channel {
        name: "actions",
        address: "/users/",
        description: "Everything about users. A token, in `Authorization` or as first subprotocol, binds the connection from \
            the start. Each message is answered with one that names the same action and has either `data` or `error`.",
        parameters: &[],
        query: None,
        said: vec![
            said::<NewUser>("new", "Signs up."),
            said::<Credentials>("login", "Logs in."),
            said::<Token>("logout", "Logs out."),
            said::<Token>("me", "Asks for all about oneself."),
            said::<Details>("details", "Asks for what is public about somebody."),
            said::<EditGiven>("edit", "Changes one's account."),
            Message::new("ping", "Asks for a sign of life.", object(&["action"], &json!({"action": named("ping")}))),
        ],
        told: told(),
        schemas,
    }
}

fn told() -> Vec<Message> {
    let (public, whole) = (people(&[]), people(&OWN));
    vec![
        answer("new", "Signed up.", &texts(&["user_id", "username", "email"])),
        answer("login", "Logged in.", &texts(&["token"])),
        answer("logout", "Logged out.", &object(&["success"], &json!({"success": {"type": "boolean"}}))),
        answer("me", "All about oneself.", &whole),
        answer("details", "What is public about somebody.", &public),
        answer("edit", "The account as it is now.", &whole),
        Message::new("pong", "A sign of life.", object(&["action"], &json!({"action": named("pong")}))),
        Message::new("error", "An action came to nothing, or a frame is none.", {
            object(&["error"], &json!({"action": {"type": "string"}, "error": {"type": "string"}}))
        }),
    ]
}

fn said<T: ToSchema>(action: &str, summary: &str) -> Message {
    Message::new(action, summary, object(&["action"], &json!({"action": named(action), "data": reference::<T>()})))
}

fn answer(action: &str, summary: &str, data: &Value) -> Message {
    Message::new(action, summary, object(&["action", "data"], &json!({"action": named(action), "data": data})))
}

fn named(word: &str) -> Value {
    json!({"type": "string", "enum": [word]})
}

fn object(required: &[&str], properties: &Value) -> Value {
    json!({"type": "object", "required": required, "properties": properties})
}

fn texts(names: &[&str]) -> Value {
    let fields: serde_json::Map<_, _> =
        names.iter().map(|name| ((*name).to_owned(), json!({"type": "string"}))).collect();
    object(names, &Value::Object(fields))
}

/// Somebody, with these texts besides the public ones; with them go their consent and level.
fn people(more: &[&str]) -> Value {
    let mut names = [&PUBLIC[..], more].concat();
    let mut shape = texts(&names);
    if !more.is_empty() {
        shape["properties"]["consent"] = json!({"type": "boolean"});
        shape["properties"]["admin_level"] = json!({"type": "integer", "minimum": 0, "maximum": 2});
        names.extend(["consent", "admin_level"]);
        shape["required"] = json!(names);
    }
    shape
}
