//! The one extension that can be spoken: offers of `permessage-deflate`, and what answers them (RFC 6455 §9.1, RFC 7692 §7.1).

use std::borrow::Cow;

use http::header::{HeaderMap, HeaderValue, SEC_WEBSOCKET_EXTENSIONS};

use crate::deflate::WINDOW_BITS;

/// Both ends agreed to `permessage-deflate` without context takeover: either may compress any of its messages.
///
/// Only a handshake gives one; [`Connection::with_deflate`](crate::Connection::with_deflate) takes it.
#[must_use = "a client that was told so will send compressed messages, which its connection must know"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deflate(pub(crate) ());

/// An offer of `permessage-deflate` that can be accepted as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    /// Whether it bounds the window that the server compresses with, and so is to be told which that is (RFC 7692 §7.1.2.1).
    bounds_window: bool,
}

/// The header is not a list of extensions.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// A parameter of an extension, its value without quotes.
type Parameter<'a> = (&'a str, Option<Cow<'a, str>>);

impl Offer {
    /// The offer that the client likes best of those that can be accepted. All others must at least be well formed.
    pub(crate) fn first(headers: &HeaderMap) -> Result<Option<Self>, Malformed> {
        let mut first = None;
        for line in headers.get_all(SEC_WEBSOCKET_EXTENSIONS) {
            let line = line.to_str().map_err(|_| Malformed)?;
            // No comma or semicolon is lost in a quoted value: what is in the quotes must be a token as well.
            let items = line.split(',').map(str::trim_ascii).filter(|item| !item.is_empty());
            for item in items {
                first = first.or(Self::parse(item)?);
            }
        }
        Ok(first)
    }

    /// Reads one extension. `None`: it is another, or asks for what cannot be done.
    fn parse(extension: &str) -> Result<Option<Self>, Malformed> {
        let mut parts = extension.split(';').map(str::trim_ascii);
        let name = token(parts.next().unwrap_or_default())?;
        let parameters = parts.map(parameter).collect::<Result<Vec<_>, _>>()?;
        Ok(if name == "permessage-deflate" { Self::of(&parameters) } else { None })
    }

    fn of(parameters: &[Parameter<'_>]) -> Option<Self> {
        let mut seen = Vec::new();
        for (name, value) in parameters {
            if seen.contains(name) || !is_acceptable(name, value.as_deref()) {
                return None;
            }
            seen.push(name);
        }
        Some(Self { bounds_window: seen.contains(&"server_max_window_bits") })
    }

    /// The header that accepts it.
    ///
    /// That neither side takes context over may be answered to every offer (§7.1.1). Which window a client uses is left to it.
    pub(crate) fn answer(self) -> HeaderValue {
        HeaderValue::from_static(if self.bounds_window {
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12"
        } else {
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
        })
    }
}

/// Whether a parameter is one of the RFC's, has a value that it may have, and asks for what this server does.
fn is_acceptable(name: &str, value: Option<&str>) -> bool {
    match (name, value) {
        ("server_no_context_takeover" | "client_no_context_takeover" | "client_max_window_bits", None) => true,
        ("client_max_window_bits", Some(value)) => window_bits(value).is_some(),
        ("server_max_window_bits", Some(value)) => window_bits(value).is_some_and(|bits| bits >= WINDOW_BITS),
        _ => false,
    }
}

/// A number from 8 to 15, without zeros before it (§7.1.2).
fn window_bits(value: &str) -> Option<u8> {
    (8..=15).find(|bits: &u8| bits.to_string() == value)
}

fn parameter(text: &str) -> Result<Parameter<'_>, Malformed> {
    let Some((name, value)) = text.split_once('=') else {
        return Ok((token(text)?, None));
    };
    let value = match value.trim_ascii() {
        quoted if quoted.starts_with('"') => Cow::Owned(unquote(quoted)?),
        plain => Cow::Borrowed(token(plain)?),
    };
    Ok((token(name.trim_ascii())?, Some(value)))
}

/// What a quoted string says, which must be a token all the same (RFC 6455 §9.1).
fn unquote(quoted: &str) -> Result<String, Malformed> {
    let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).ok_or(Malformed)?;
    let mut plain = String::new();
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        let escaped = if character == '\\' { characters.next() } else { Some(character) };
        plain.push(escaped.ok_or(Malformed)?);
    }
    token(&plain)?;
    Ok(plain)
}

fn token(text: &str) -> Result<&str, Malformed> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_token) { Ok(text) } else { Err(Malformed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Result<Option<Offer>, Malformed> = Ok(Some(Offer { bounds_window: false }));
    const BOUNDED: Result<Option<Offer>, Malformed> = Ok(Some(Offer { bounds_window: true }));

    fn first(lines: &[&'static str]) -> Result<Option<Offer>, Malformed> {
        let line = |line: &&'static str| (SEC_WEBSOCKET_EXTENSIONS, HeaderValue::from_static(line));
        let mut headers = HeaderMap::new();
        lines.iter().map(line).for_each(|(name, line)| {
            headers.append(name, line);
        });
        Offer::first(&headers)
    }

    #[test]
    fn what_clients_offer_is_accepted() {
        let cases = [
            ("permessage-deflate", PLAIN),
            ("permessage-deflate; client_max_window_bits", PLAIN),
            ("permessage-deflate; client_max_window_bits=8", PLAIN),
            ("permessage-deflate;client_max_window_bits=\"15\"", PLAIN),
            ("permessage-deflate; client_no_context_takeover; server_no_context_takeover", PLAIN),
            ("permessage-deflate; server_max_window_bits=12; client_max_window_bits=12", BOUNDED),
            ("permessage-deflate ; server_max_window_bits = \"1\\5\"", BOUNDED),
            ("x-webkit-deflate-frame, permessage-deflate", PLAIN),
            ("permessage-bzip2; level=\"9\", permessage-deflate; server_max_window_bits=15", BOUNDED),
        ];
        for (offer, expected) in cases {
            assert_eq!(first(&[offer]), expected, "{offer}");
        }
    }

    #[test]
    fn an_offer_that_cannot_be_met_is_declined() {
        let cases = [
            "permessage-bzip2",
            "Permessage-Deflate",
            "permessage-deflate; level=9",
            "permessage-deflate; server_no_context_takeover=1",
            "permessage-deflate; client_no_context_takeover=\"true\"",
            "permessage-deflate; server_max_window_bits",
            "permessage-deflate; server_max_window_bits=11",
            "permessage-deflate; server_max_window_bits=16",
            "permessage-deflate; server_max_window_bits=012",
            "permessage-deflate; server_max_window_bits=+12",
            "permessage-deflate; client_max_window_bits=7",
            "permessage-deflate; client_max_window_bits=16",
            "permessage-deflate; client_max_window_bits=many",
            "permessage-deflate; client_max_window_bits; client_max_window_bits",
            "permessage-deflate; server_max_window_bits=15; server_max_window_bits=12",
        ];
        for offer in cases {
            assert_eq!(first(&[offer]), Ok(None), "{offer}");
        }
    }

    #[test]
    fn the_first_that_can_be_met_is_taken() {
        assert_eq!(first(&[]), Ok(None));
        assert_eq!(first(&["permessage-deflate; server_max_window_bits=10, permessage-deflate"]), PLAIN);
        assert_eq!(first(&["permessage-deflate; server_max_window_bits=13", "permessage-deflate"]), BOUNDED);
        assert_eq!(first(&["permessage-deflate; what", "other; a=b", "permessage-deflate"]), PLAIN);
    }

    #[test]
    fn what_is_no_list_of_extensions_is_malformed() {
        let cases = [
            ";",
            "permessage-deflate;",
            "permessage-deflate; ; client_max_window_bits",
            "permessage-deflate client_max_window_bits",
            "permessage-deflate; client_max_window_bits=",
            "permessage-deflate; =12",
            "permessage-deflate; client_max_window_bits=\"\"",
            "permessage-deflate; client_max_window_bits=\"12",
            "permessage-deflate; client_max_window_bits=\"12\\\"",
            "permessage-deflate; client_max_window_bits=\"",
            "other; a=\"b,c\"",
            "other; a=b=c",
            "permessage-deflate, (other)",
        ];
        for header in cases {
            assert_eq!(first(&[header]), Err(Malformed), "{header}");
        }
    }

    #[test]
    fn the_answer_names_what_is_done() {
        let answer = |offer| first(&[offer]).ok().flatten().map(Offer::answer);
        let agreed = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
        assert_eq!(answer("permessage-deflate; client_max_window_bits=9").unwrap_or_else(no), agreed);
        let bounded = answer("permessage-deflate; server_max_window_bits=15").unwrap_or_else(no);
        assert_eq!(bounded, format!("{agreed}; server_max_window_bits={WINDOW_BITS}"));
    }

    fn no() -> HeaderValue {
        HeaderValue::from_static("no answer")
    }
}
