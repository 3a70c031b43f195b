//! The bound of every small answer: axum with one route and a body that is there already.

use std::io::Write;

use axum::Router;
use axum::http::header;
use axum::routing::get;
use tokio::net::TcpListener;

use crate::Result;

/// Serves a JSON body of `bytes` bytes at `/` on a port of the system's choice, says where on standard output, and goes
/// on until the process is ended. It has as many worker threads as cores, as Parlour has.
pub(crate) fn serve(bytes: usize) -> Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        writeln!(std::io::stdout(), "http://{}", listener.local_addr()?)?;
        Ok(axum::serve(listener, router(bytes)).await?)
    })
}

fn router(bytes: usize) -> Router {
    let body: &'static str = body(bytes).leak();
    Router::new().route("/", get(move || async move { ([(header::CONTENT_TYPE, "application/json")], body) }))
}

/// A JSON string of that many bytes with its quotes.
fn body(bytes: usize) -> String {
    format!("\"{}\"", "x".repeat(bytes.saturating_sub(2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_has_the_length_asked_for() {
        assert_eq!(body(20).len(), 20);
        assert!(serde_json::from_str::<String>(&body(20)).is_ok());
    }
}
