//! Close codes, and what a close frame says (RFC 6455 §5.5.1 and §7.4).

use std::fmt;

use crate::Violation;

/// A status code that may stand in a close frame; codes that must never be sent (such as 1005 and 1006) cannot be made.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CloseCode(u16);

impl CloseCode {
    /// 1000: the purpose is fulfilled.
    pub const NORMAL: Self = Self(1000);
    /// 1001: the server goes down, or the browser leaves the page.
    pub const GOING_AWAY: Self = Self(1001);
    /// 1002: the peer broke the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// 1003: a kind of data that this endpoint does not take, such as binary where text is spoken.
    pub const UNSUPPORTED: Self = Self(1003);
    /// 1007: data that is not what its kind promises, such as text that is not UTF-8.
    pub const INVALID_DATA: Self = Self(1007);
    /// 1008: against this endpoint's policy.
    pub const POLICY: Self = Self(1008);
    /// 1009: a message too long to process.
    pub const TOO_LONG: Self = Self(1009);
    /// 1011: the server failed.
    pub const INTERNAL_ERROR: Self = Self(1011);
    /// 1012: the server restarts; come back.
    pub const SERVICE_RESTART: Self = Self(1012);
    /// 1013: the server is overloaded; come back later.
    pub const TRY_AGAIN_LATER: Self = Self(1013);

    /// The code with this number, if it may be sent: the registered ones, and 3000 to 4999 for libraries and applications.
    pub const fn new(number: u16) -> Option<Self> {
        match number {
            1000..=1003 | 1007..=1014 | 3000..=4999 => Some(Self(number)),
            _ => None,
        }
    }

    /// The number on the wire.
    pub const fn number(self) -> u16 {
        self.0
    }
}

impl fmt::Debug for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CloseCode({})", self.0)
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why a peer closes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    /// For the program.
    pub code: CloseCode,
    /// For a person; often empty, at most 123 bytes.
    pub reason: String,
}

impl Close {
    /// Reads a close frame's payload. `None`: the peer gives no code, which it may.
    pub(crate) fn parse(payload: &[u8]) -> Result<Option<Self>, Violation> {
        let (number, reason) = match payload {
            [] => return Ok(None),
            [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
            [_] => return Err(Violation::BadClose),
        };
        let code = CloseCode::new(number).ok_or(Violation::BadClose)?;
        let reason = simdutf8::basic::from_utf8(reason).map_err(|_| Violation::InvalidUtf8)?;
        Ok(Some(Self { code, reason: reason.to_owned() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_codes_that_may_be_sent_can_be_made() {
        let sendable = (0..=u16::MAX).filter(|n| CloseCode::new(*n).is_some());
        let expected = (1000..=1003).chain(1007..=1014).chain(3000..=4999);
        assert!(sendable.eq(expected));
    }

    #[test]
    fn a_payload_is_nothing_or_a_code_and_a_reason() {
        let close = |code, reason: &str| Ok(Some(Close { code, reason: reason.to_owned() }));
        assert_eq!(Close::parse(b""), Ok(None));
        assert_eq!(Close::parse(b"\x03\xe8"), close(CloseCode::NORMAL, ""));
        assert_eq!(Close::parse(b"\x03\x00"), Err(Violation::BadClose), "768 is no code");
        assert_eq!(Close::parse(b"\x03\xf4resume"), close(CloseCode::SERVICE_RESTART, "resume"));
        assert_eq!(Close::parse(b"\x03"), Err(Violation::BadClose));
        assert_eq!(Close::parse(b"\x03\xed"), Err(Violation::BadClose), "1005 is never sent");
        assert_eq!(Close::parse(b"\x03\xe8\xff"), Err(Violation::InvalidUtf8));
    }
}
