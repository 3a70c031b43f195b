//! `native`: pictures of people.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};

use crate::harness::Server;
use crate::http::Response;
use crate::native_people::{ME, Person, by, person, problem};

const AVATAR: &str = "/api/v2/me/avatar";
const RED: Rgb<u8> = Rgb([255, 0, 0]);
const BLUE: Rgb<u8> = Rgb([0, 0, 255]);

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// Red above, blue below.
fn flag() -> DynamicImage {
    DynamicImage::ImageRgb8(RgbImage::from_fn(64, 64, |_, y| if y < 32 { RED } else { BLUE }))
}

async fn send(server: &Server, person: &Person, bytes: Vec<u8>) -> Response {
    by(server, person, "PUT", AVATAR).raw("application/octet-stream", bytes).send().await
}

/// Proves: native.avatars.set
#[tokio::test]
async fn a_picture_is_written_anew() {
    let server = Server::start().await;
    let ada = person(&server, "ada").await;
    // As a phone writes it: lying on its side, with a note of where that was.
    let turned = b"\xff\xe1\x00\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let noted = b"\xff\xfe\x00\x14a place by the lake";
    let plain = encoded(&flag(), ImageFormat::Jpeg);
    let photo = [&plain[..2], turned, &noted[..22], &plain[2..]].concat();
    let me = send(&server, &ada, photo).await.expect(200).json();
    let path = me["avatar"].as_str().unwrap().to_owned();
    assert!(path.starts_with(&format!("/api/v2/accounts/{}/avatar?v=", ada.id)), "{path}");
    assert_eq!(me["profile_picture"], format!("http://{}{path}", server.public()));

    let picture = server.get(&path).send().await.expect(200);
    assert_eq!(picture.header("content-type"), Some("image/png"));
    assert_eq!(picture.header("x-content-type-options"), Some("nosniff"));
    assert!(!picture.body.windows(5).any(|bytes| bytes == b"place"), "the note is still there");
    let shown = image::load_from_memory(&picture.body).unwrap().into_rgb8();
    assert_eq!(shown.dimensions(), (256, 256));
    let (left, right) = (shown.get_pixel(40, 128), shown.get_pixel(216, 128));
    assert!(left[2] > 200 && right[0] > 200, "it lies on its side: {left:?} {right:?}");

    for format in [ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP] {
        let picture = DynamicImage::ImageRgba8(flag().into_rgba8());
        let me = send(&server, &ada, encoded(&picture, format)).await.expect(200).json();
        assert_ne!(me["avatar"], path.as_str(), "{format:?}");
    }
    let person = server.get(&format!("/api/v2/accounts/{}", ada.id)).send().await.expect(200).json();
    let user = server.get("/api/users/me/").bearer(&ada.token).send().await.json()["data"]["user"].take();
    assert_eq!(user["profile_picture"], format!("http://{}{}", server.public(), person["avatar"].as_str().unwrap()));
}

/// Proves: native.avatars.cache
#[tokio::test]
async fn a_version_may_be_kept_for_good() {
    let server = Server::start().await;
    let ada = person(&server, "ada").await;
    let me = send(&server, &ada, encoded(&flag(), ImageFormat::Png)).await.expect(200).json();
    let path = me["avatar"].as_str().unwrap();
    let (bare, _) = path.split_once('?').unwrap();
    let named = server.get(path).send().await.expect(200);
    assert_eq!(named.header("cache-control"), Some("public, max-age=31536000, immutable"));
    for other in [bare.to_owned(), format!("{bare}?v=00000000"), format!("{bare}/")] {
        let answer = server.get(&other).send().await.expect(200);
        assert_eq!(answer.header("cache-control"), Some("public, max-age=60, must-revalidate"));
        assert_eq!(answer.body, named.body);
    }
    let tag = named.header("etag").unwrap();
    let again = server.get(path).header("If-None-Match", tag).send().await.expect(304);
    assert_eq!((again.header("etag"), again.body.len()), (Some(tag), 0));
}

/// Proves: native.avatars.bounds
#[tokio::test]
async fn what_is_too_large_or_no_picture_is_refused() {
    let server = Server::start().await;
    let ada = person(&server, "ada").await;
    let fifty = DynamicImage::new_luma8(10_000, 5_000);
    for format in [ImageFormat::Png, ImageFormat::Jpeg] {
        problem(&send(&server, &ada, encoded(&fifty, format)).await.expect(413), "too_long");
    }
    problem(&send(&server, &ada, vec![0; 5 * 1024 * 1024 + 1]).await.expect(413), "too_long");
    let mut broken = encoded(&flag(), ImageFormat::Png);
    broken.truncate(80);
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>".to_vec();
    for none in [broken, svg, Vec::new(), b"GIF89a".to_vec()] {
        let claims = by(&server, &ada, "PUT", AVATAR).raw("image/png", none.clone()).send().await;
        problem(&claims.expect(415), "unsupported_media_type");
    }
    by(&server, &ada, "GET", ME).send().await.expect(200);
    let guest = server.request("PUT", AVATAR).raw("image/png", encoded(&flag(), ImageFormat::Png));
    problem(&guest.send().await.expect(401), "unauthenticated");
}

/// Proves: native.avatars.slow
#[tokio::test]
async fn who_sends_slowly_keeps_nobody_else_from_sending() {
    let server = Server::alone(&[]).await;
    let ada = person(&server, "ada").await;
    let picture = encoded(&flag(), ImageFormat::Png);
    let (begin, rest) = picture.split_at(20);
    let mut slow = Vec::new();
    for name in ["eve", "flo", "gus", "hal", "ida"] {
        let who = person(&server, name).await;
        for _ in 0..2 {
            let request = by(&server, &who, "PUT", AVATAR).header("Content-Length", &picture.len().to_string());
            slow.push(request.raw("image/png", begin.to_vec()).open().await);
        }
        // They have begun when the server has answered somebody who came after them.
        for _ in 0..3 {
            by(&server, &ada, "GET", ME).send().await.expect(200);
        }
        let third = send(&server, &who, picture.clone()).await.expect(429);
        problem(&third, "throttled");
        assert_eq!(third.header("retry-after"), Some("2"));
    }
    send(&server, &ada, picture.clone()).await.expect(200);
    for mut connection in slow {
        connection.write(rest).await;
        assert_eq!(connection.response(false).await.unwrap().status, 200);
    }
    send(&server, &ada, picture).await.expect(200);
}

/// Proves: native.avatars.remove
#[tokio::test]
async fn a_picture_is_taken_away() {
    let server = Server::start().await;
    let ada = person(&server, "ada").await;
    let picture = encoded(&flag(), ImageFormat::Png);
    let me = send(&server, &ada, picture.clone()).await.expect(200).json();
    let path = me["avatar"].as_str().unwrap().to_owned();
    let me = by(&server, &ada, "DELETE", AVATAR).send().await.expect(200).json();
    assert_eq!((&me["avatar"], &me["profile_picture"]), (&Value::Null, &json!("")));
    problem(&server.get(&path).send().await.expect(404), "not_found");

    send(&server, &ada, picture).await.expect(200);
    let mut users = server.socket("/users/").bearer(&ada.token).connect().await;
    let elsewhere = "https://pictures.example/ada.png";
    users.ask(&json!({"action": "edit", "data": {"profile_picture": elsewhere}})).await;
    let me = by(&server, &ada, "GET", ME).send().await.json();
    assert_eq!((&me["avatar"], &me["profile_picture"]), (&Value::Null, &json!(elsewhere)));
    problem(&server.get(&path).send().await.expect(404), "not_found");
    let kept = by(&server, &ada, "DELETE", AVATAR).send().await.expect(200).json();
    assert_eq!(kept["profile_picture"], elsewhere);
}
