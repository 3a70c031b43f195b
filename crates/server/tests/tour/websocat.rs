//! A stand-in for `websocat` with the flags that the README's tour uses: `-t` (text), `-n` (no close frame at the end of
//! the input), `-1` (one message either way), `--protocol`, `-H`.

use std::io::Write;
use std::process::ExitCode;

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Error, Message};

/// What the command line asks for.
#[derive(Default)]
struct Asked {
    url: String,
    headers: Vec<(String, String)>,
    one_message: bool,
}

fn main() -> ExitCode {
    let asked = match read(std::env::args().skip(1)) {
        Ok(asked) => asked,
        Err(flag) => {
            eprintln!("websocat: this stand-in does not know {flag:?}");
            return ExitCode::from(2);
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = runtime.map_err(Error::Io).and_then(|runtime| runtime.block_on(talk(asked)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("websocat: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Reads the arguments, or names the one that is not known.
fn read(mut arguments: impl Iterator<Item = String>) -> Result<Asked, String> {
    let mut asked = Asked::default();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "-tn" => {}
            "-tn1" => asked.one_message = true,
            "--protocol" => {
                let protocol = arguments.next().ok_or(argument)?;
                asked.headers.push(("sec-websocket-protocol".to_owned(), protocol));
            }
            other => match other.strip_prefix("-H=").and_then(|header| header.split_once(": ")) {
                Some((name, value)) => asked.headers.push((name.to_owned(), value.to_owned())),
                None if other.starts_with("ws://") && asked.url.is_empty() => other.clone_into(&mut asked.url),
                None => return Err(argument),
            },
        }
    }
    if asked.url.is_empty() { Err("no address".to_owned()) } else { Ok(asked) }
}

/// Sends what standard input holds, a message a line, then prints what comes until the other side closes.
async fn talk(asked: Asked) -> Result<(), Error> {
    let mut request = asked.url.into_client_request()?;
    for (name, value) in &asked.headers {
        let name = HeaderName::try_from(name).map_err(|error| Error::HttpFormat(error.into()))?;
        request
            .headers_mut()
            .insert(name, HeaderValue::try_from(value).map_err(|error| Error::HttpFormat(error.into()))?);
    }
    let (mut socket, _response) = connect_async(request).await?;
    let most = if asked.one_message { 1 } else { usize::MAX };
    for line in std::io::stdin().lines().take(most) {
        socket.send(Message::text(line?)).await?;
    }
    let mut printed = 0;
    while printed < most {
        match socket.next().await.transpose()? {
            Some(Message::Text(text)) => {
                println!("{text}");
                std::io::stdout().flush()?;
                printed += 1;
            }
            Some(Message::Close(_)) | None => break,
            Some(_) => {}
        }
    }
    Ok(())
}
