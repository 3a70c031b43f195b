//! The server of the echo example; the crate's tests run against it too.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::header::{HeaderValue, SEC_WEBSOCKET_VERSION, UPGRADE};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Empty;
use hyper::body::Incoming as Body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use parlour_websocket::{CloseCode, Connection, Handshake, HandshakeError, Incoming, Limits, ReadError, frame};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::time::Instant;

/// How long a peer may take to answer a close frame.
const CLOSE_TIME: Duration = Duration::from_secs(5);

/// Serves all who come, until accepting fails.
pub(crate) async fn serve(listener: TcpListener, limits: Limits) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(serve_stream(stream, limits));
    }
}

/// Serves the HTTP on one stream, and the WebSocket that it may become.
pub(crate) async fn serve_stream<S>(stream: S, limits: Limits)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let service = service_fn(|request| async move { Ok::<_, Infallible>(answer(request, limits)) });
    let http = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // A failure is the client's: it went away, or it does not speak HTTP.
    let _ = http.with_upgrades().await;
}

/// Upgrades a request, with the first subprotocol that it offers.
fn answer(request: Request<Body>, limits: Limits) -> Response<Empty<Bytes>> {
    let (mut parts, _) = request.into_parts();
    let mut handshake = match Handshake::check(&parts, &[Method::GET, Method::POST]) {
        Ok(handshake) => handshake,
        Err(error) => return refuse(error),
    };
    let Some(upgrade) = parts.extensions.remove::<hyper::upgrade::OnUpgrade>() else {
        return refuse(HandshakeError::NotAnUpgrade);
    };
    let deflate = handshake.accept_deflate();
    tokio::spawn(async move {
        if let Ok(upgraded) = upgrade.await {
            // As above: when writing fails, the client has gone.
            let _ = echo(Connection::from_upgraded(upgraded, limits).with_deflate(deflate)).await;
        }
    });
    handshake.response(handshake.subprotocols().first()).map(|()| Empty::new())
}

fn refuse(error: HandshakeError) -> Response<Empty<Bytes>> {
    let mut response = Response::new(Empty::new());
    let (status, header) = match error {
        HandshakeError::NotAnUpgrade => (StatusCode::UPGRADE_REQUIRED, Some((UPGRADE, "websocket"))),
        HandshakeError::BadVersion => (StatusCode::UPGRADE_REQUIRED, Some((SEC_WEBSOCKET_VERSION, "13"))),
        HandshakeError::BadMethod => (StatusCode::METHOD_NOT_ALLOWED, None),
        HandshakeError::BadKey | HandshakeError::BadSubprotocol | HandshakeError::BadExtensions => {
            (StatusCode::BAD_REQUEST, None)
        }
    };
    *response.status_mut() = status;
    if let Some((name, value)) = header {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Says back what the peer says, until it closes or breaks the protocol.
async fn echo(mut connection: Connection) -> io::Result<()> {
    let deflate = connection.reader.takes_deflated();
    let (code, reason) = loop {
        let answer = match connection.reader.next().await {
            Ok(Incoming::Text(text)) => text_frame(&text, deflate),
            Ok(Incoming::Binary(bytes)) => binary_frame(&bytes, deflate),
            Ok(Incoming::Ping(payload)) => frame::pong(&payload),
            Ok(Incoming::Pong(_)) => continue,
            Ok(Incoming::Close(Some(close))) => break (close.code, close.reason),
            Ok(Incoming::Close(None)) => break (CloseCode::NORMAL, String::new()),
            Err(ReadError::Violation(violation)) => {
                break (violation.close_code(), violation.to_string());
            }
            Err(ReadError::Io(error)) => return Err(error),
            Err(ReadError::Ended) => return Ok(()),
        };
        connection.writer.write_all(&answer).await?;
    };
    connection.close(code, &reason, Instant::now() + CLOSE_TIME).await
}

/// Compressed if the peer takes that and it saves something.
fn text_frame(text: &str, deflate: bool) -> Bytes {
    let deflated = if deflate { frame::deflated_text(text) } else { None };
    deflated.unwrap_or_else(|| frame::text(text))
}

fn binary_frame(bytes: &[u8], deflate: bool) -> Bytes {
    let deflated = if deflate { frame::deflated_binary(bytes) } else { None };
    deflated.unwrap_or_else(|| frame::binary(bytes))
}
