//! Reads the outbox, where mail lies when no SMTP server is configured.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// One mail, decoded.
#[derive(Debug)]
pub(crate) struct Mail {
    pub(crate) headers: String,
    /// All parts, decoded and joined.
    pub(crate) body: String,
}

impl Mail {
    /// What follows `label` in the body, up to the first character that no link or secret would hold.
    pub(crate) fn after(&self, label: &str) -> String {
        let (_, rest) = self.body.split_once(label).expect("the mail lacks the label");
        rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect()
    }

    /// The secret in the link of a verification mail.
    pub(crate) fn secret(&self) -> String {
        self.after("/verify/")
    }

    /// The secret in the link of a mail that resets a password.
    pub(crate) fn reset_secret(&self) -> String {
        self.after("/app/reset#")
    }

    fn is_to(&self, address: &str) -> bool {
        let to = format!("to: {address}").to_lowercase();
        let bracketed = format!("<{address}>").to_lowercase();
        self.headers
            .lines()
            .map(str::to_lowercase)
            .any(|line| line.starts_with("to:") && (line.contains(&bracketed) || line.starts_with(&to)))
    }
}

/// All mails to `address`, oldest first.
pub(crate) fn to(outbox: &Path, address: &str) -> Vec<Mail> {
    let mut mails: Vec<Mail> = letters(outbox).iter().map(|path| read(path)).collect();
    mails.retain(|mail| mail.is_to(address));
    mails
}

/// Waits until `count` mails to `address` lie in the outbox.
pub(crate) async fn wait(outbox: &Path, address: &str, count: usize) -> Vec<Mail> {
    for _ in 0..500 {
        let mails = to(outbox, address);
        if mails.len() >= count {
            return mails;
        }
        // sleep: a file that another task writes rings no bell.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{count} mails to {address} were awaited in vain");
}

fn letters(outbox: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(outbox) else {
        return Vec::new();
    };
    let mut letters: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
        .collect();
    letters.sort_by_cached_key(|path| (written(path), path.clone()));
    letters
}

fn written(path: &Path) -> SystemTime {
    std::fs::metadata(path).unwrap().modified().unwrap()
}

fn read(path: &Path) -> Mail {
    let text = std::fs::read_to_string(path).unwrap().replace("\r\n", "\n");
    let (headers, _) = text.split_once("\n\n").unwrap_or((&text, ""));
    Mail { headers: headers.replace("\n ", " ").replace("\n\t", " "), body: decode(&text) }
}

/// The text parts of a mail: each block of headers says how what follows it is encoded.
fn decode(text: &str) -> String {
    let boundary = text.split_once("boundary=\"").and_then(|(_, rest)| rest.split('"').next());
    match boundary {
        None => part(text),
        Some(boundary) => text
            .split(&format!("--{boundary}"))
            .skip(1)
            .map(|piece| part(piece.trim_start()))
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

fn part(text: &str) -> String {
    let (headers, body) = text.split_once("\n\n").unwrap_or(("", text));
    let headers = headers.to_lowercase();
    if headers.contains("content-transfer-encoding: quoted-printable") {
        quoted_printable(body)
    } else if headers.contains("content-transfer-encoding: base64") {
        let joined: String = body.split_whitespace().collect();
        String::from_utf8(STANDARD.decode(joined).unwrap()).unwrap()
    } else {
        body.to_owned()
    }
}

fn quoted_printable(body: &str) -> String {
    let joined = body.replace("=\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let code = (first == b'=').then(|| tail.get(..2)).flatten();
        let byte = code.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(first));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8(bytes).unwrap()
}
