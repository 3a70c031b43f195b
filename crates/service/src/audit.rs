//! The audit trail: one row in the transaction of what happened, one log line after its commit.

use parlour_model::{AccountId, Client, SessionId};
pub use parlour_store::audit::AuditEntry;
use parlour_store::audit::NewAudit;

/// An entry about `action`, done by whoever is at the other end.
pub fn entry(action: &'static str, client: &Client) -> NewAudit {
    NewAudit {
        action,
        actor: None,
        target: None,
        address: client.address.to_string(),
        session: None,
        contract: client.contract,
        detail: String::new(),
    }
}

/// What an entry says beyond action and address.
pub trait Says: Sized {
    /// Who did it.
    #[must_use]
    fn by(self, actor: AccountId) -> Self;
    /// To whom.
    #[must_use]
    fn on(self, target: AccountId) -> Self;
    /// In which session.
    #[must_use]
    fn within(self, session: SessionId) -> Self;
}

impl Says for NewAudit {
    fn by(mut self, actor: AccountId) -> Self {
        self.actor = Some(actor);
        self
    }

    fn on(mut self, target: AccountId) -> Self {
        self.target = Some(target);
        self
    }

    fn within(mut self, session: SessionId) -> Self {
        self.session = Some(session);
        self
    }
}

/// Writes the log line of an entry that is committed. The fields are numbers, addresses and words of ours, so
/// nothing that a person sent can forge a line.
pub fn committed(entry: &NewAudit) {
    tracing::info!(
        target: "audit",
        action = entry.action,
        actor = entry.actor.map(|id| id.0),
        target_account = entry.target.map(|id| id.0),
        address = %entry.address,
        session = entry.session.map(|id| id.0),
        contract = entry.contract.name(),
        "{}", entry.action
    );
}
