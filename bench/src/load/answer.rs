//! Answers, read out of the bytes that came: as little as counting them needs, so that the reader costs little.

use std::io;
use std::ops::Range;
use std::time::Duration;

/// One answer. It borrows the bytes it came in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer<'a> {
    /// Three digits.
    pub(crate) status: u16,
    head: &'a [u8],
    /// What follows the head.
    pub(crate) body: &'a [u8],
}

/// Where an answer lies in the bytes that came; found once it is whole.
pub(crate) struct Extent {
    head: usize,
    /// All of it, head and body.
    end: usize,
}

/// The extent of the answer that `bytes` begin with; `None` while some of it is still on its way.
pub(crate) fn extent(bytes: &[u8]) -> io::Result<Option<Extent>> {
    let Some(head) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head = head + 4;
    let length = header(&bytes[..head], "content-length").map(number).transpose()?;
    if length.is_none() && header(&bytes[..head], "transfer-encoding").is_some() {
        return Err(io::Error::other("an answer in chunks: its length is not known beforehand"));
    }
    let end = head + length.unwrap_or(0);
    Ok((bytes.len() >= end).then_some(Extent { head, end }))
}

impl Extent {
    /// How long the answer is, head and body.
    pub(crate) fn end(&self) -> usize {
        self.end
    }
}

impl<'a> Answer<'a> {
    /// The answer at `extent` of `bytes`.
    pub(crate) fn at(bytes: &'a [u8], extent: &Extent) -> io::Result<Self> {
        let status: Range<usize> = 9..12;
        let status = bytes.get(status).ok_or_else(|| io::Error::other("an answer without a status"))?;
        let status = u16::try_from(number(status)?).map_err(io::Error::other)?;
        Ok(Self { status, head: &bytes[..extent.head], body: &bytes[extent.head..extent.end] })
    }

    /// How long a refused client should wait (RFC 9110 §10.2.3), if the answer says so in seconds.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let seconds = number(header(self.head, "retry-after")?).ok()?;
        Some(Duration::from_secs(seconds.try_into().ok()?))
    }

    /// The cookie of that name which the answer sets.
    pub(crate) fn cookie(&self, name: &str) -> Option<&'a str> {
        let cookies = headers(self.head, "set-cookie").filter_map(|value| std::str::from_utf8(value).ok());
        let mut values = cookies.filter_map(|cookie| cookie.strip_prefix(name)?.strip_prefix('='));
        values.find_map(|value| value.split(';').next())
    }
}

fn header<'a>(head: &'a [u8], name: &str) -> Option<&'a [u8]> {
    headers(head, name).next()
}

fn headers<'a>(head: &'a [u8], name: &str) -> impl Iterator<Item = &'a [u8]> {
    head.split(|byte| *byte == b'\n').filter_map(move |line| {
        let (key, value) = line.split_at_checked(name.len())?;
        let value = value.strip_prefix(b":")?;
        key.eq_ignore_ascii_case(name.as_bytes()).then(|| value.trim_ascii())
    })
}

fn number(digits: &[u8]) -> io::Result<usize> {
    let text = std::str::from_utf8(digits).map_err(io::Error::other)?;
    text.parse().map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\nRETRY-AFTER: 7\r\n\
        set-cookie: other=1; Path=/\r\nSet-Cookie: sessionid=abc; HttpOnly\r\n\r\n{}HTTP/1.1 200 OK";

    #[test]
    fn an_answer_is_read_once_it_is_whole() {
        let end = WHOLE.len() - b"HTTP/1.1 200 OK".len();
        for cut in 0..end {
            assert!(extent(&WHOLE[..cut]).expect("a head").is_none(), "{cut}");
        }
        let extent = extent(WHOLE).expect("a head").expect("a whole answer");
        assert_eq!(extent.end, end);
        let answer = Answer::at(WHOLE, &extent).expect("an answer");
        assert_eq!((answer.status, answer.body), (503, b"{}".as_slice()));
        assert_eq!(answer.retry_after(), Some(Duration::from_secs(7)));
        assert_eq!(answer.cookie("sessionid"), Some("abc"));
        assert_eq!(answer.cookie("session"), None);
    }

    #[test]
    fn an_answer_without_a_length_is_empty_and_one_in_chunks_is_refused() {
        let bare = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
        assert!(extent(bare).expect("a head").is_some_and(|extent| extent.end == bare.len()));
        assert!(extent(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").is_err());
        assert!(extent(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n").is_err());
    }
}
