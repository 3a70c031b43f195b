//! The web client's files: what a browser may keep, what it may do with them, and what others may import.

use crate::harness::Server;
use crate::http::Response;

fn text(answer: &Response) -> String {
    String::from_utf8(answer.body.clone()).unwrap()
}

/// The first address in a page that begins and ends so.
fn address<'a>(page: &'a str, end: &str) -> &'a str {
    page.split('"').find(|part| part.starts_with("/assets/") && part.ends_with(end)).unwrap()
}

#[tokio::test]
async fn a_file_is_kept_for_ever_and_of_another_version_is_none() {
    let server = Server::start().await;
    let page = server.get("/").send().await.expect(200);
    assert_eq!(page.header("cache-control"), Some("private, no-cache"));
    let page = text(&page);
    let script = address(&page, "/app/main.js");
    let answer = server.get(script).send().await.expect(200);
    assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(answer.header("content-type"), Some("text/javascript; charset=utf-8"));
    let small = server.get(script).header("Accept-Encoding", "gzip").send().await.expect(200);
    assert_eq!(small.header("content-encoding"), Some("gzip"));
    assert!(small.body.len() < answer.body.len());
    server.get("/assets/0123456789abcdef01234567/app/main.js").send().await.expect(404);
    server.get(&script.replace("main.js", "..%2f..%2fCargo.toml")).send().await.expect(404);
}

#[tokio::test]
async fn the_page_may_do_what_its_policy_says_and_asks_nobody_twice() {
    let server = Server::start().await;
    let page = server.get("/").send().await.expect(200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    let tag = page.header("etag").unwrap();
    let again = server.get("/").header("If-None-Match", tag).send().await.expect(304);
    assert!(again.body.is_empty());
    // Whoever brings a cookie gets another page, which begins by asking who they are.
    let known = server.get("/").header("Cookie", "sessionid=any").send().await.expect(200);
    assert!(text(&known).contains("data-cookie=\"yes\"") && text(&page).contains("data-cookie=\"no\""));
}

#[tokio::test]
async fn the_library_is_there_for_pages_of_others() {
    let server = Server::start().await;
    for path in ["/parlour.js", "/parlour/live.js"] {
        let answer = server.get(path).send().await.expect(200);
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert!(text(&answer).contains("/**"), "{path}: it is read, so it says what it does");
    }
    server.get("/parlour/main.js").send().await.expect(404);
}
