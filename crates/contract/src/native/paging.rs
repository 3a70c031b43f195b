//! Lists that come in pages: `{"items": […], "next": "…"}`, and the same as a `Link` (RFC 8288).

use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

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

/// How many items a page has unless something else is asked for, and at most.
const ITEMS: (i64, i64) = (50, 100);

/// Which page of a list is wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Paging {
    /// The `next` of the page before.
    after: Option<String>,
    /// How many items, 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
}

impl Paging {
    /// How many items are wanted at most.
    ///
    /// # Errors
    /// More than there may be.
    pub(super) fn limit(&self) -> Result<i64, Refusal<Native>> {
        limit(self.limit, ITEMS.0, ITEMS.1)
    }

    /// Where the list goes on; `None` at its beginning.
    ///
    /// # Errors
    /// The cursor is none of ours.
    pub(super) fn after<C: Cursor>(&self) -> Result<Option<C>, Refusal<Native>> {
        self.after.as_deref().map(|text| C::read(text).ok_or_else(stray)).transpose()
    }
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

/// A cursor that is a number, if one was given.
///
/// # Errors
/// It is none of ours.
pub(super) fn cursor(given: Option<&str>) -> Result<Option<i64>, Refusal<Native>> {
    given.map(|text| i64::read(text).ok_or_else(stray)).transpose()
}

/// A cursor that is none of ours.
pub(super) fn stray() -> Refusal<Native> {
    Refusal::of(Problem::new(Kind::Malformed, "`after` is no `next` of this list.").response())
}

impl<T> Page<T> {
    /// A page of at most `limit` items, made of one more than that if there are more; each with where it stands.
    pub(super) fn of<C: Cursor>(mut found: Vec<(T, C)>, limit: i64) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| has_more).map(|(_, place)| place.write());
        Self { items: found.into_iter().map(|(item, _)| item).collect(), next }
    }
}

impl<T: Serialize> Page<T> {
    /// As the answer to what was asked at `uri`.
    pub(super) fn answer(&self, uri: &Uri) -> Response {
        self.linked(uri, reply::json(StatusCode::OK, self))
    }

    /// An answer that shows this page, with the link to the next one.
    pub(super) fn linked(&self, uri: &Uri, mut response: Response) -> Response {
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

/// Where an item stands in its list, as a word that means nothing to a client.
pub(super) trait Cursor: Sized {
    fn write(&self) -> String;
    fn read(text: &str) -> Option<Self>;
}

impl Cursor for i64 {
    fn write(&self) -> String {
        self.to_string()
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Cursor for (i64, i64) {
    fn write(&self) -> String {
        format!("{}.{}", self.0, self.1)
    }

    fn read(text: &str) -> Option<Self> {
        let (one, other) = text.split_once('.')?;
        Some((one.parse().ok()?, other.parse().ok()?))
    }
}

impl Cursor for String {
    fn write(&self) -> String {
        self.clone()
    }

    fn read(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        assert_eq!(i64::read(&7_i64.write()), Some(7));
        assert_eq!(<(i64, i64)>::read(&(-3_i64, 4_i64).write()), Some((-3, 4)));
        assert_eq!(<(i64, i64)>::read("1"), None);
    }

    #[test]
    fn the_last_page_has_no_next() {
        let found = |count: i64| (0..count).map(|number| (number, number)).collect::<Vec<_>>();
        assert_eq!(Page::of(found(2), 2).next, None);
        let page = Page::of(found(3), 2);
        assert_eq!((page.items.len(), page.next.as_deref()), (2, Some("1")));
    }

    #[test]
    fn the_next_page_is_the_same_question() {
        let link = |uri: &'static str| link(&Uri::from_static(uri), "n:ä b");
        assert_eq!(link("/a?q=x&after=1&limit=2"), "</a?q=x&limit=2&after=n%3A%C3%A4%20b>; rel=\"next\"");
        assert_eq!(link("/a"), "</a?after=n%3A%C3%A4%20b>; rel=\"next\"");
    }
}
