//! From a handshake to a conversation: the upgrade, and the task that the socket lives in.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use hyper::upgrade::OnUpgrade;
use parlour_model::Timestamp;
use parlour_websocket::{Connection, Deflate, Handshake, HandshakeError, Limits, Subprotocol};
use serde::Serialize;

/// How long a client may take to begin speaking the protocol it asked for.
const UPGRADE_DEADLINE: Duration = Duration::from_secs(10);

/// A handshake that is in order, before it is answered.
pub(crate) struct Upgrade {
    /// What the client asked for.
    pub(crate) handshake: Handshake,
    /// With what else: the credential may stand there.
    pub(crate) headers: HeaderMap,
    deflate: Option<Deflate>,
    on: OnUpgrade,
}

impl Upgrade {
    /// Reads the handshake of a request, with `deflate` to agree to compressed messages. The body, if there was one,
    /// is the caller's to refuse.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn of(request: Request, methods: &[Method], deflate: bool) -> Result<Self, HandshakeError> {
        let (mut parts, _body) = request.into_parts();
        let mut handshake = Handshake::check(&parts, methods)?;
        let deflate = if deflate { handshake.accept_deflate() } else { None };
        let on = parts.extensions.remove::<OnUpgrade>().ok_or(HandshakeError::NotAnUpgrade)?;
        Ok(Self { handshake, headers: parts.headers, deflate, on })
    }

    /// The first subprotocol that was offered, to be echoed: the token of a browser stands there.
    pub(crate) fn first(&self) -> Option<Subprotocol> {
        self.handshake.subprotocols().first().cloned()
    }

    /// Answers 101 and lets `live` have the socket when the client has it, too.
    pub(crate) fn answer<L, F>(self, chosen: Option<&Subprotocol>, most_bytes: usize, live: L) -> Response
    where
        L: FnOnce(Connection) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let response = self.handshake.response(chosen).map(|()| Body::empty());
        tokio::spawn(async move {
            // A client that goes away after its handshake has said nothing yet: there is nothing to do.
            if let Ok(Ok(upgraded)) = tokio::time::timeout(UPGRADE_DEADLINE, self.on).await {
                let socket = Connection::from_upgraded(upgraded, Limits { message_bytes: most_bytes });
                live(socket.with_deflate(self.deflate)).await;
            }
        });
        response
    }
}

/// The most bytes of a frame that carries a text of at most `text_bytes`: every byte may be escaped (`\u0001`),
/// and the envelope and a key stand around it.
pub(crate) const fn frame_bytes(text_bytes: usize) -> usize {
    text_bytes * 6 + 2_048
}

/// A value as the text of a message.
pub(crate) fn text_of(value: &impl Serialize) -> Option<String> {
    match serde_json::to_string(value) {
        Ok(text) => Some(text),
        Err(error) => {
            tracing::error!(%error, "a message cannot be written as JSON");
            None
        }
    }
}

/// A time as RFC 3339 in UTC with the six digits of a second that are kept: `2024-03-04T09:47:45.137360Z`.
pub(crate) fn microseconds(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_microsecond(at.0).unwrap_or(jiff::Timestamp::MAX);
    format!("{at:.6}")
}

/// A time as RFC 3339 in UTC with nine digits of a second: `2024-03-04T09:47:45.137360000Z`.
pub(crate) fn nanoseconds(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_microsecond(at.0).unwrap_or(jiff::Timestamp::MAX);
    format!("{at:.9}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_nine_digits() {
        assert_eq!(nanoseconds(Timestamp(1_709_545_665_137_360)), "2024-03-04T09:47:45.137360000Z");
        assert_eq!(nanoseconds(Timestamp(0)), "1970-01-01T00:00:00.000000000Z");
    }
}
