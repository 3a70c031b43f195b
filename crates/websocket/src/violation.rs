//! The ways in which a peer can break the protocol, and the close code that answers each.

use std::{error, fmt};

use crate::CloseCode;

/// What a peer did that ends its connection. Its `Display` is short enough to be the reason in the close frame that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// RSV1, RSV2 or RSV3 is set where nothing that was agreed on gives it a meaning (RFC 6455 §5.2, RFC 7692 §6).
    ReservedBit,
    /// An opcode that the RFC keeps for later (§5.2).
    ReservedOpcode,
    /// A client's frame without a mask (§5.1).
    Unmasked,
    /// A length that is not in its shortest form, or whose most significant bit is set (§5.2).
    BadLength,
    /// A control frame in fragments (§5.5).
    FragmentedControl,
    /// A control frame with more than 125 bytes (§5.5).
    LongControl,
    /// A continuation frame while no message is open (§5.4).
    LoneContinuation,
    /// A new message while another is still open (§5.4).
    InterruptedMessage,
    /// A close frame with one byte, or with a code that must not be sent (§5.5.1, §7.4).
    BadClose,
    /// A text message or close reason that is not UTF-8 (§8.1).
    InvalidUtf8,
    /// A compressed message that cannot be inflated, or not to its end (RFC 7692 §7.2.2).
    BadDeflate,
    /// A message over [`Limits::message_bytes`](crate::Limits::message_bytes), as it came or inflated.
    TooLong,
}

impl Violation {
    /// The code to close the connection with (RFC 6455 §7.4.1).
    pub const fn close_code(self) -> CloseCode {
        match self {
            Self::InvalidUtf8 | Self::BadDeflate => CloseCode::INVALID_DATA,
            Self::TooLong => CloseCode::TOO_LONG,
            _ => CloseCode::PROTOCOL_ERROR,
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReservedBit => "a reserved bit is set",
            Self::ReservedOpcode => "the opcode is reserved",
            Self::Unmasked => "the frame is not masked",
            Self::BadLength => "the frame's length is malformed",
            Self::FragmentedControl => "the control frame is fragmented",
            Self::LongControl => "the control frame is too long",
            Self::LoneContinuation => "there is no message to continue",
            Self::InterruptedMessage => "the message before is not finished",
            Self::BadClose => "the close frame is malformed",
            Self::InvalidUtf8 => "the text is not UTF-8",
            Self::BadDeflate => "the message cannot be inflated",
            Self::TooLong => "the message is too long",
        })
    }
}

impl error::Error for Violation {}
