//! Who is at the other end of a request: an address, a device, and the contract it speaks.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// The six public contracts, and the operator's own command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Contract {
    /// Everything about users through one WebSocket.
    Actions,
    /// Named chat rooms.
    Rooms,
    /// Access and refresh tokens.
    Tokens,
    /// Cookie sessions.
    Cookies,
    /// One lobby with presence.
    Lobby,
    /// Our own.
    Native,
    /// The operator's commands and the one-time link of the first administrator.
    Console,
}

impl Contract {
    /// Every contract there is.
    pub const ALL: [Self; 7] =
        [Self::Actions, Self::Rooms, Self::Tokens, Self::Cookies, Self::Lobby, Self::Native, Self::Console];

    /// Its name, as the database, the logs and the metrics write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Actions => "actions",
            Self::Rooms => "rooms",
            Self::Tokens => "tokens",
            Self::Cookies => "cookies",
            Self::Lobby => "lobby",
            Self::Native => "native",
            Self::Console => "console",
        }
    }

    /// The contract of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|contract| contract.name() == name)
    }
}

/// Who is at the other end of one request.
#[derive(Clone, Debug)]
pub struct Client {
    /// The address, after configured proxies have been looked through.
    pub address: IpAddr,
    /// What the client calls itself (`User-Agent`), at most 256 characters; empty when it says nothing.
    pub device: String,
    /// The contract it speaks.
    pub contract: Contract,
}

impl Client {
    /// The operator at the command line of this machine.
    pub fn console() -> Self {
        Self { address: IpAddr::V6(Ipv6Addr::LOCALHOST), device: String::new(), contract: Contract::Console }
    }

    /// The group of addresses that one party commonly holds.
    pub fn source(&self) -> SourcePrefix {
        SourcePrefix::of(self.address)
    }
}

/// The addresses that one party commonly holds: one IPv4 address, or an IPv6 /64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourcePrefix(IpAddr);

impl SourcePrefix {
    /// The prefix of an address; an IPv4 address written as IPv6 (`::ffff:a.b.c.d`) is the IPv4 address.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                Self(IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)))
            }
            v4 @ IpAddr::V4(_) => Self(v4),
        }
    }
}

impl fmt::Display for SourcePrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(v4) => v4.fmt(f),
            IpAddr::V6(v6) => write!(f, "{v6}/64"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_party_is_one_prefix() {
        let prefix = |text: &str| SourcePrefix::of(text.parse().expect("an address")).to_string();
        assert_eq!(prefix("203.0.113.9"), "203.0.113.9");
        assert_eq!(prefix("::ffff:203.0.113.9"), "203.0.113.9");
        assert_eq!(prefix("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
    }
}
