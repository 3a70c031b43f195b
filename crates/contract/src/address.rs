//! Whose address a request comes from, when proxies stand between.

use std::net::IpAddr;
use std::str::FromStr;

use axum::http::HeaderMap;

/// The address at the other end of the TCP connection, put into every request by whoever accepts it.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// A range of addresses, as `10.0.0.0/8`, `2001:db8::/32`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// The text is no range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotANetwork;

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.parse().map_err(|_no_address| NotANetwork)?;
        let whole = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(whole), |prefix| prefix.parse().map_err(|_no_number| NotANetwork))?;
        if prefix > whole { Err(NotANetwork) } else { Ok(Self { address, prefix }) }
    }
}

impl Network {
    /// Whether an address lies in the range.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => same(own.to_bits().into(), other.to_bits().into(), 32, self.prefix),
            (IpAddr::V6(own), IpAddr::V6(other)) => same(own.to_bits(), other.to_bits(), 128, self.prefix),
            _ => false,
        }
    }
}

fn same(own: u128, other: u128, width: u8, prefix: u8) -> bool {
    // A shift by the whole width is none: with prefix 0 every address matches.
    let shifted = |bits: u128| bits.checked_shr(u32::from(width - prefix)).unwrap_or(0);
    shifted(own) == shifted(other)
}

/// The address of the client: the last one in `X-Forwarded-For` that no trusted proxy speaks for. What a
/// stranger writes into that header is not looked at.
pub(crate) fn client_address(peer: Peer, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut address = peer.0.to_canonical();
    if !is_trusted(address) {
        return address;
    }
    let forwarded = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<_> = forwarded.flat_map(|value| value.split(',')).collect();
    for hop in hops.into_iter().rev() {
        let Some(before) = hop_address(hop) else { break };
        address = before;
        if !is_trusted(address) {
            break;
        }
    }
    address
}

/// One hop as proxies write it: an address, perhaps with a port or in brackets.
fn hop_address(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let bare = hop.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(hop, |(address, _port)| address);
    let parsed = bare.parse().or_else(|_with_port| hop.parse::<std::net::SocketAddr>().map(|socket| socket.ip()));
    parsed.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().expect("a header value"));
        }
        let trusted: Vec<_> = trusted.iter().map(|text| text.parse().expect("a network")).collect();
        client_address(Peer(peer.parse().expect("an address")), &headers, &trusted).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(address("198.51.100.7", &["203.0.113.9"], &[]), "198.51.100.7");
        assert_eq!(address("127.0.0.1", &["203.0.113.9"], &["127.0.0.0/8"]), "203.0.113.9");
        assert_eq!(address("127.0.0.1", &["6.6.6.6, 203.0.113.9"], &["127.0.0.1"]), "203.0.113.9");
        assert_eq!(address("127.0.0.1", &["203.0.113.9, 10.0.0.2"], &["127.0.0.1", "10.0.0.0/8"]), "203.0.113.9");
        assert_eq!(
            address("127.0.0.1", &["203.0.113.9", "10.0.0.2:4711"], &["127.0.0.1", "10.0.0.0/8"]),
            "203.0.113.9"
        );
        assert_eq!(address("127.0.0.1", &["nonsense"], &["127.0.0.1"]), "127.0.0.1");
        assert_eq!(address("::1", &["[2001:db8::9]:443"], &["::1"]), "2001:db8::9");
        assert_eq!(address("::ffff:127.0.0.1", &["203.0.113.9"], &["127.0.0.1"]), "203.0.113.9");
    }

    #[test]
    fn ranges_are_read_whole_or_not_at_all() {
        let network = |text: &str| text.parse::<Network>();
        assert!(network("0.0.0.0/0").is_ok_and(|all| all.contains(IpAddr::from([8, 8, 8, 8]))));
        assert!(network("10.0.0.0/8").is_ok_and(|ten| !ten.contains(IpAddr::from([11, 0, 0, 1]))));
        assert!(network("10.0.0.0/33").is_err() && network("ten").is_err() && network("10.0.0.0/x").is_err());
    }
}
