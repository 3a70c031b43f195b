//! Who is at the other end of a request, for the handlers that ask.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use parlour_model::{Client, Contract};

use crate::address::{Peer, client_address};
use crate::desk::Desk;
use crate::territory::contract_of;

/// The most characters of what a client calls itself that are kept.
const MOST_DEVICE_CHARACTERS: usize = 256;

/// Who is at the other end. Found out only for a handler that takes it.
pub(crate) struct Visitor(pub(crate) Client);

impl FromRequestParts<Desk> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(head: &mut Parts, desk: &Desk) -> Result<Self, Infallible> {
        // Whoever accepts puts the peer in; a request without one was made up in this process.
        let peer = head.extensions.get::<Peer>().copied().unwrap_or(Peer([127, 0, 0, 1].into()));
        Ok(Self(Client {
            address: client_address(peer, &head.headers, &desk.settings.trusted_proxies),
            device: device(&head.headers),
            contract: contract_of(head.uri.path()).unwrap_or(Contract::Console),
        }))
    }
}

fn device(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or("");
    agent.chars().take(MOST_DEVICE_CHARACTERS).collect()
}
