//! What the document says in words: title, groups of routes, kinds of credentials.

use serde_json::{Value, json};

/// Title, version, and what a reader should know first.
pub(super) fn info() -> Value {
    json!({
        "title": "Parlour",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "Accounts, tokens and live chat behind one door.",
        "description": "Six contracts over the same accounts and rooms: a login through one is good in all. Every route of a \
            contract answers with and without a slash at its end. Whoever starts anew takes `native`, below `/api/v2`; the \
            sockets are described in [asyncapi.json](/api/v2/asyncapi.json).",
        "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"}
    })
}

/// The groups of routes, in the order in which a reader wants them.
pub(super) fn tags() -> Value {
    let tag = |(name, description): (&str, &str)| json!({"name": name, "description": description});
    TAGS.into_iter().map(tag).collect()
}

const TAGS: [(&str, &str); 14] = [
    ("native/accounts", "Accounts, one's own and other people's: sign-up, profile, avatar, password, e-mail."),
    ("native/sessions", "Logins: begin, list, renew, end."),
    ("native/rooms", "Public, private and direct rooms: members, roles, moderation, invitations."),
    ("native/messages", "What is said: timeline, log, reactions, read markers, search."),
    ("native/live", "What happens, as it happens: the socket of many rooms, and one room as Server-Sent Events."),
    ("native/admin", "For administrators."),
    ("native/specifications", "These descriptions, for programs."),
    ("actions", "The contract `actions`: everything about users through one WebSocket."),
    ("rooms", "The contract `rooms`: named chat rooms, one envelope, a token as WebSocket subprotocol."),
    ("tokens", "The contract `tokens`: access and refresh tokens in headers; refusals are JSON strings."),
    ("cookies", "The contract `cookies`: sessions in a cookie, validation field by field."),
    ("lobby", "The contract `lobby`: one lobby with presence."),
    ("service", "Whether the server lives and takes work, and the keys that its tokens are checked with."),
    ("pages", "What people see in a browser."),
];

/// The kinds of credentials.
pub(super) fn security_schemes() -> Value {
    json!({
        "token": {
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "An access token of any contract. It beats a cookie. To a WebSocket, which no browser lets set a \
                header, it goes as the first subprotocol, `new WebSocket(url, [token])`, and is echoed."
        },
        "cookie": {
            "type": "apiKey", "in": "cookie", "name": "sessionid",
            "description": "The cookie of a session. A request that changes something must come from this origin or a \
                configured one."
        },
        "access": {
            "type": "apiKey", "in": "header", "name": "X-Access-Token",
            "description": "The access token, where the contract `tokens` asks for it."
        },
        "refresh": {
            "type": "apiKey", "in": "header", "name": "X-Refresh-Token",
            "description": "The refresh token, which only refreshes and logs out."
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scheme_is_explained() {
        let schemes = security_schemes();
        assert!(schemes.as_object().is_some_and(|all| all.values().all(|one| one["description"].is_string())));
    }
}
