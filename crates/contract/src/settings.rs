//! What an operator may choose of the contracts.

use crate::address::Network;

/// What an operator may choose of the contracts.
#[derive(Clone, Debug, Default)]
pub struct ContractSettings {
    /// Where people reach the server. `https` makes cookies `Secure` and answers carry HSTS.
    pub public_url: String,
    /// Further origins whose pages may use cookies, such as `https://app.example`.
    pub origins: Vec<String>,
    /// The proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Whether `rooms` answers an unknown user as it answers a wrong password.
    pub hide_unknown_users: bool,
    /// Most bytes of one message's text.
    pub message_bytes: usize,
    /// Whether messages are compressed for clients that offer it.
    pub deflate: bool,
}

impl ContractSettings {
    /// Whether people reach the server over TLS.
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}
