//! Lists that come in pages: `{"items": […], "next": "…"}`, and the same as a `Link` (RFC 8288).

use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Kind, Native, Problem};
use crate::refusal::Refusal;
use crate::reply;

/// A page of a list.
#[derive(Serialize, ToSchema)]
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    /// What to ask for `after`, if there is more.
    #[schema(required)]
    pub(super) next: Option<String>,
}

/// How many are wanted at most: `usual` unless it is said, and from 1 to `most`.
///
/// # Errors
/// Another number.
pub(super) fn limit(given: Option<i64>, usual: i64, most: i64) -> Result<i64, Refusal<Native>> {
    let limit = given.unwrap_or(usual);
    if (1..=most).contains(&limit) {
        return Ok(limit);
    }
    Err(Refusal::of(Problem::new(Kind::Malformed, format!("`limit` is from 1 to {most}.")).response()))
}

/// A cursor that is a number, the least there is unless one was given.
///
/// # Errors
/// It is none of ours.
pub(super) fn cursor(given: Option<&str>) -> Result<Option<i64>, Refusal<Native>> {
    given.map(|text| text.parse().map_err(|_not_ours| stray())).transpose()
}

/// A cursor that is none of ours.
pub(super) fn stray() -> Refusal<Native> {
    Refusal::of(Problem::new(Kind::Malformed, "`after` is no `next` of this list.").response())
}

impl<T: Serialize> Page<T> {
    /// As the answer to what was asked at `uri`.
    pub(super) fn answer(&self, uri: &Uri) -> Response {
        let mut response = reply::json(StatusCode::OK, self);
        if let Some(link) = self.next.as_deref().and_then(|next| HeaderValue::try_from(link(uri, next)).ok()) {
            response.headers_mut().insert(header::LINK, link);
        }
        response
    }
}

/// The same address with another `after`.
fn link(uri: &Uri, next: &str) -> String {
    let others = uri.query().unwrap_or("").split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("after="));
    let mut query: Vec<String> = others.map(str::to_owned).collect();
    query.push(format!("after={}", escaped(next)));
    format!("<{}?{}>; rel=\"next\"", uri.path(), query.join("&"))
}

/// Text as a query carries it (RFC 3986 §2.3).
fn escaped(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_the_same_question() {
        let link = |uri: &'static str| link(&Uri::from_static(uri), "n:ä b");
        assert_eq!(link("/a?q=x&after=1&limit=2"), "</a?q=x&limit=2&after=n%3A%C3%A4%20b>; rel=\"next\"");
        assert_eq!(link("/a"), "</a?after=n%3A%C3%A4%20b>; rel=\"next\"");
    }
}
