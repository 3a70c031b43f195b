//! Which contract a path belongs to. No method and path of two contracts collide, so the path alone decides.

use parlour_model::Contract;

/// The contract of a path; `None` for what belongs to none, such as the pages.
pub(crate) fn contract_of(path: &str) -> Option<Contract> {
    // Bytes, because every request comes by here and a search for a character costs more than a short name has bytes.
    let mut parts = path.trim_start_matches('/').as_bytes().split(|byte| *byte == b'/');
    match (parts.next()?, parts.next().unwrap_or_default()) {
        (b"users", _) => Some(Contract::Actions),
        (b"createUser" | b"login" | b"join", _) => Some(Contract::Lobby),
        (b"api", b"users" | b"sessions") => Some(Contract::Cookies),
        (b"api", b"v2") => Some(Contract::Native),
        (b"api", b"v1") => Some(match parts.next() {
            Some(b"user" | b"protected") => Contract::Tokens,
            _ => Contract::Rooms,
        }),
        _ => None,
    }
}

/// Whether a path needs an access token before anything else is looked at.
pub(crate) fn is_protected(path: &str) -> bool {
    let below = path.strip_prefix("/api/v1/protected");
    below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_has_one_contract() {
        for (path, contract) in [
            ("/users/", Some(Contract::Actions)),
            ("/api/v1/users", Some(Contract::Rooms)),
            ("/api/v1/rooms/tea/messages/ws", Some(Contract::Rooms)),
            ("/api/v1/user/login", Some(Contract::Tokens)),
            ("/api/v1/protected/anything", Some(Contract::Tokens)),
            ("/api/users/me/", Some(Contract::Cookies)),
            ("/join", Some(Contract::Lobby)),
            ("/", None),
            ("/verify/secret", None),
        ] {
            assert_eq!(contract_of(path), contract, "{path}");
        }
    }

    #[test]
    fn protected_is_a_folder_and_not_a_prefix() {
        assert!(is_protected("/api/v1/protected/user") && is_protected("/api/v1/protected"));
        assert!(!is_protected("/api/v1/protectedness") && !is_protected("/api/v1/user"));
    }
}
