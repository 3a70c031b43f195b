//! The areas of our own contract, which is too large for one group.

/// The group of routes that a path belongs to, for whoever reads their description.
pub(super) fn area_of(path: &str) -> &'static str {
    let mut parts = path.trim_start_matches("/api/v2/").split('/');
    match (parts.next().unwrap_or_default(), parts.nth(1)) {
        ("sessions", _) => "native/sessions",
        ("admin", _) => "native/admin",
        ("live", _) | ("rooms", Some("stream")) => "native/live",
        ("search", _) | ("rooms", Some("messages" | "events" | "read")) => "native/messages",
        ("rooms" | "invitations", _) => "native/rooms",
        ("openapi.json" | "asyncapi.json", _) => "native/specifications",
        _ => "native/accounts",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_area_has_its_group() {
        for (path, tag) in [
            ("/api/v2/me/password", "native/accounts"),
            ("/api/v2/sessions/{id}", "native/sessions"),
            ("/api/v2/rooms/{name}", "native/rooms"),
            ("/api/v2/rooms/{name}/messages/{seq}", "native/messages"),
            ("/api/v2/rooms/{name}/stream", "native/live"),
            ("/api/v2/admin/rooms", "native/admin"),
        ] {
            assert_eq!(area_of(path), tag, "{path}");
        }
    }
}
