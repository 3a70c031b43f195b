//! `/docs`: what programs may ask, for people. It is drawn by a script from the descriptions that programs read.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::get;

use crate::asset::{ASK_AGAIN, Asset, send};
use crate::describe::{Routes, Serve, routes};
use crate::reply;

/// The page loads from here and asks here, and nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

static PAGE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("text/html; charset=utf-8", include_bytes!("../../../web/docs/index.html").as_slice()));

/// The colours and sizes are the web client's.
const STYLE: &str = concat!(include_str!("../../../web/style/base.css"), include_str!("../../../web/docs/docs.css"));

static FILES: LazyLock<[(&str, Asset); 7]> = LazyLock::new(|| {
    let script = |text: &'static str| Asset::new("text/javascript; charset=utf-8", text);
    [
        ("docs.css", Asset::new("text/css; charset=utf-8", STYLE)),
        ("main.js", script(include_str!("../../../web/docs/main.js"))),
        ("dom.js", script(include_str!("../../../web/docs/dom.js"))),
        ("schema.js", script(include_str!("../../../web/docs/schema.js"))),
        ("operation.js", script(include_str!("../../../web/docs/operation.js"))),
        ("attempt.js", script(include_str!("../../../web/docs/attempt.js"))),
        ("sockets.js", script(include_str!("../../../web/docs/sockets.js"))),
    ]
});

pub(crate) fn routes() -> Routes {
    Routes::default().routes(routes!(docs)).also("/docs/", get(docs)).routes(routes!(docs_file))
}

/// What programs may ask, for people.
#[utoipa::path(get, path = "/docs", responses(
    (status = 200, description = "The page.", content_type = "text/html", body = str),
    (status = 304),
))]
async fn docs(asked: HeaderMap) -> Response {
    let mut response = send(&PAGE, &asked, ASK_AGAIN);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    // What is tried from the page comes from this origin, and says so.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

/// A script or the style sheet of that page.
#[utoipa::path(get, path = "/docs/{file}", params(("file" = String, Path, description = "Its name.")), responses(
    (status = 200, description = "The file.", content((str = "text/javascript"), (str = "text/css"))),
    (status = 304),
    (status = 404, description = "There is no such file."),
))]
async fn docs_file(Path(file): Path<String>, asked: HeaderMap) -> Response {
    let found = FILES.iter().find(|(name, _)| *name == file);
    found.map_or_else(|| reply::empty(StatusCode::NOT_FOUND), |(_, file)| send(file, &asked, ASK_AGAIN))
}
