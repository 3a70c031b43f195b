//! Bodies: JSON of a bounded size, read in a bounded time, in the shape that the handler names.

use std::marker::PhantomData;
use std::time::Duration;

use axum::BoxError;
use axum::body::{Body, HttpBody};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::time::{Instant, timeout, timeout_at};

use crate::refusal::{BadBody, Refusal, Words};

/// The longest body that any form needs, with room: a bio of 2,000 characters, every one escaped.
const MOST_BYTES: usize = 64 * 1024;

/// How long a body may take to arrive.
const DEADLINE: Duration = Duration::from_secs(10);

/// The most bytes of a body that is too long that are let come before it is refused.
const MOST_THROWN_AWAY: usize = 16 * 1024 * 1024;

/// How long they may pause.
const PAUSE: Duration = Duration::from_secs(1);

/// A JSON body of shape `T`, refused in the words of `W`.
pub(crate) struct Json<W, T>(pub(crate) T, PhantomData<W>);

impl<W, T> Json<W, T> {
    /// The value.
    pub(crate) fn value(self) -> T {
        self.0
    }
}

impl<S, W, T> FromRequest<S> for Json<W, T>
where
    S: Send + Sync,
    W: Words,
    T: DeserializeOwned,
{
    type Rejection = Refusal<W>;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Refusal<W>> {
        let (parts, body) = request.into_parts();
        let right_type = !W::JSON_ONLY || says_json(&parts.headers);
        let bytes = read(body).await?;
        if !right_type && !bytes.is_empty() {
            return Err(BadBody::WrongType.into());
        }
        Ok(Self(object(&bytes)?, PhantomData))
    }
}

/// Reads a JSON object of shape `T`. A list with the fields in order is none, though serde would take it.
///
/// # Errors
/// [`BadBody::Malformed`] or [`BadBody::IllTyped`].
pub(crate) fn object<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, BadBody> {
    let fields: Map<String, Value> = serde_json::from_slice(bytes)
        .map_err(|error| if error.is_data() { BadBody::IllTyped } else { BadBody::Malformed(error.to_string()) })?;
    T::deserialize(Value::Object(fields)).map_err(|_ill_typed| BadBody::IllTyped)
}

/// Reads a body of a bounded size in a bounded time.
///
/// # Errors
/// [`BadBody::TooLong`] or [`BadBody::Incomplete`].
pub(crate) async fn read(body: Body) -> Result<Bytes, BadBody> {
    read_within(body, MOST_BYTES, DEADLINE).await
}

/// The same of what is larger than a form.
///
/// # Errors
/// [`BadBody::TooLong`] or [`BadBody::Incomplete`].
pub(crate) async fn read_within<B>(mut body: B, most: usize, deadline: Duration) -> Result<Bytes, BadBody>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    if body.size_hint().lower() > most as u64 {
        throw_away(body).await;
        return Err(BadBody::TooLong);
    }
    let whole = Limited::new(&mut body, most).collect();
    match timeout(deadline, whole).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            throw_away(body).await;
            Err(BadBody::TooLong)
        }
        Ok(Err(_)) | Err(_) => Err(BadBody::Incomplete),
    }
}

/// Lets the rest of a body come that is too long: a connection closed with bytes unread is reset, and whoever sent
/// them honestly might never see why.
async fn throw_away(mut body: impl HttpBody<Data = Bytes> + Unpin) {
    let deadline = Instant::now() + DEADLINE;
    let mut left = MOST_THROWN_AWAY;
    while let Ok(Some(Ok(frame))) = timeout_at(deadline.min(Instant::now() + PAUSE), body.frame()).await {
        left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
        if left == 0 {
            return;
        }
    }
}

/// `application/json`, or a type built on it such as `application/problem+json`.
pub(crate) fn says_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_no_form() {
        #[derive(Debug, serde::Deserialize)]
        struct Pair {
            one: u8,
            two: u8,
        }
        assert!(object::<Pair>(b"{\"one\":1,\"two\":2}").is_ok_and(|pair| pair.one < pair.two));
        assert!(matches!(object::<Pair>(b"[1,2]"), Err(BadBody::IllTyped)));
        assert!(matches!(object::<Pair>(b"{\"one\":1}"), Err(BadBody::IllTyped)));
        assert!(matches!(object::<Pair>(b"{\"one\":1,"), Err(BadBody::Malformed(_))));
    }

    #[test]
    fn json_goes_by_several_names() {
        let says = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, text.parse().expect("a header value"));
            says_json(&headers)
        };
        assert!(says("application/json") && says("Application/JSON; charset=utf-8") && says("application/x+json"));
        assert!(!says("text/plain") && !says("application/x-www-form-urlencoded") && !says("application/jsonp"));
    }
}
