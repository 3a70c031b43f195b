//! The document of the sockets: AsyncAPI 3 of what is said on them, made of what the contracts hand over.
//!
//! A contract describes its socket as a [`Channel`]: the shapes are those that the code reads and writes, where it has
//! shapes.

use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::texts;
use crate::asset::Asset;

/// One socket.
pub(crate) struct Channel {
    /// The contract.
    pub(crate) name: &'static str,
    /// The path, with what varies in braces.
    pub(crate) address: &'static str,
    /// What it is for, and with which credentials.
    pub(crate) description: &'static str,
    /// What varies in the path, and what it is.
    pub(crate) parameters: &'static [(&'static str, &'static str)],
    /// What may be asked for in the query: a number.
    pub(crate) query: Option<(&'static str, &'static str)>,
    /// What clients say.
    pub(crate) said: Vec<Message>,
    /// What they are told.
    pub(crate) told: Vec<Message>,
    /// What the messages refer to.
    pub(crate) schemas: Vec<(String, RefOr<Schema>)>,
}

/// A kind of message.
pub(crate) struct Message {
    name: String,
    summary: String,
    payload: Value,
}

impl Message {
    /// A message of a shape that is written down here.
    pub(crate) fn new(name: &str, summary: &str, payload: Value) -> Self {
        Self { name: name.to_owned(), summary: summary.to_owned(), payload }
    }

    /// A message whose shape is a type's.
    pub(crate) fn of<T: ToSchema>(name: &str, summary: &str) -> Self {
        Self::new(name, summary, reference::<T>())
    }

    /// One message for each variant of an enumeration whose tag is `type`.
    pub(crate) fn each_of<T: PartialSchema>() -> Vec<Self> {
        let schema = serde_json::to_value(T::schema()).unwrap_or_default();
        let variants = schema["oneOf"].as_array().into_iter().flatten();
        variants.filter_map(Self::variant).collect()
    }

    /// The same, where a client may name its request.
    #[must_use]
    pub(crate) fn with_id(mut self) -> Self {
        self.payload = json!({"allOf": [self.payload, {
            "type": "object", "properties": {"id": {"$ref": "#/components/schemas/RequestId"}},
        }]});
        self
    }

    fn variant(schema: &Value) -> Option<Self> {
        let name = tag(schema)?;
        Some(Self::new(&name, schema["description"].as_str().unwrap_or_default(), schema.clone()))
    }
}

/// The one value of the field `type`, wherever the generator has put it.
fn tag(schema: &Value) -> Option<String> {
    let parts = schema["allOf"].as_array().into_iter().flatten().chain([schema]);
    let mut tags = parts.filter_map(|part| part["properties"]["type"]["enum"][0].as_str());
    tags.next().map(str::to_owned)
}

/// A reference to a type's schema.
pub(crate) fn reference<T: ToSchema>() -> Value {
    json!({"$ref": format!("#/components/schemas/{}", T::name())})
}

/// A type's schema and those that it refers to.
pub(crate) fn schemas_of<T: ToSchema + PartialSchema>(all: &mut Vec<(String, RefOr<Schema>)>) {
    all.push((T::name().into_owned(), T::schema()));
    T::schemas(all);
}

/// The document as it is sent.
pub(crate) fn sockets(all: &[Channel]) -> Asset {
    let mut info = texts::info();
    info["description"] = json!("The sockets of this server. Its HTTP routes are described in /api/v2/openapi.json.");
    if let Some(info) = info.as_object_mut() {
        info.remove("summary");
        // AsyncAPI has a name and an address here.
        info.insert("license".to_owned(), json!({"name": "MIT OR Apache-2.0"}));
    }
    let document = json!({
        "asyncapi": "3.0.0",
        "info": info,
        "defaultContentType": "application/json",
        "servers": {"here": {
            "host": "{host}", "protocol": "wss",
            "description": "This server; `ws` where it is reached without TLS.",
            "variables": {"host": {"default": "localhost:8080"}},
            "security": security(),
        }},
        "channels": all.iter().map(|one| (one.name.to_owned(), channel(one))).collect::<Map<_, _>>(),
        "operations": all.iter().flat_map(operations).collect::<Map<_, _>>(),
        "components": {
            "messages": all.iter().flat_map(messages).collect::<Map<_, _>>(),
            "schemas": all.iter().flat_map(schemas).collect::<Map<_, _>>(),
            "securitySchemes": {
                "token": texts::security_schemes()["token"],
                "cookie": {"type": "httpApiKey", "in": "cookie", "name": "sessionid",
                    "description": texts::security_schemes()["cookie"]["description"]},
            },
        },
    });
    Asset::new("application/json", document.to_string().into_bytes())
}

fn security() -> Value {
    json!([{"$ref": "#/components/securitySchemes/token"}, {"$ref": "#/components/securitySchemes/cookie"}])
}

fn channel(one: &Channel) -> Value {
    let parameters = one.parameters.iter().map(|(name, what)| ((*name).to_owned(), json!({"description": what})));
    let named = one.all().map(|(direction, message)| {
        let name = format!("{direction}.{}", message.name);
        let target = format!("#/components/messages/{}.{name}", one.name);
        (name, json!({"$ref": target}))
    });
    let query = one.query.map(|(name, what)| {
        json!({"type": "object", "properties": {name: {"type": "integer", "minimum": 0, "description": what}}})
    });
    let mut bindings = json!({"method": "GET"});
    if let Some(query) = query {
        bindings["query"] = query;
    }
    json!({
        "address": one.address,
        "description": one.description,
        "parameters": parameters.collect::<Map<_, _>>(),
        "messages": named.collect::<Map<_, _>>(),
        "bindings": {"ws": bindings},
    })
}

/// What clients say is what the server receives.
fn operations(one: &Channel) -> Vec<(String, Value)> {
    let operation = |action: &str, direction: &str, messages: &[Message], summary: &str| {
        let of = |message: &Message| {
            let target = format!("#/channels/{}/messages/{direction}.{}", one.name, message.name);
            json!({"$ref": target})
        };
        let channel = format!("#/channels/{}", one.name);
        let value = json!({
            "action": action, "summary": summary, "channel": {"$ref": channel},
            "messages": messages.iter().map(of).collect::<Vec<_>>(),
        });
        (format!("{}.{direction}", one.name), value)
    };
    vec![
        operation("receive", "said", &one.said, "What a client says."),
        operation("send", "told", &one.told, "What a client is told."),
    ]
}

fn messages(one: &Channel) -> Vec<(String, Value)> {
    let described = |(direction, message): (&str, &Message)| {
        let value = json!({"name": message.name, "summary": message.summary, "payload": message.payload});
        (format!("{}.{direction}.{}", one.name, message.name), value)
    };
    one.all().map(described).collect()
}

fn schemas(one: &Channel) -> Vec<(String, Value)> {
    one.schemas.iter().map(|(name, schema)| (name.clone(), serde_json::to_value(schema).unwrap_or_default())).collect()
}

impl Channel {
    fn all(&self) -> impl Iterator<Item = (&'static str, &Message)> {
        let said = self.said.iter().map(|message| ("said", message));
        said.chain(self.told.iter().map(|message| ("told", message)))
    }
}
