//! The audit: one line for everything that happens to an account, in the same transaction.

use parlour_model::{AccountId, Contract, SessionId, Timestamp};

use crate::database::{FromRow, Row, Tx};
use crate::{Result, Store, params, sql};

/// A line to be written. A transaction that learns the target or the session fills them in.
#[derive(Clone, Debug)]
pub struct NewAudit {
    /// What was done, such as `sign_up`.
    pub action: &'static str,
    /// Who did it; `None` for a stranger and for the operator.
    pub actor: Option<AccountId>,
    /// Whose account it was done to.
    pub target: Option<AccountId>,
    /// From which address.
    pub address: String,
    /// In which session.
    pub session: Option<SessionId>,
    /// Through which contract.
    pub contract: Contract,
    /// Whatever else is worth knowing. Never a secret.
    pub detail: String,
}

/// A line that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLine {
    /// When.
    pub at: Timestamp,
    /// What was done.
    pub action: String,
    /// Who did it.
    pub actor: Option<AccountId>,
    /// Whose account it was done to.
    pub target: Option<AccountId>,
    /// From which address.
    pub address: String,
    /// In which session.
    pub session: Option<SessionId>,
    /// Through which contract; a name that an older program wrote is kept as it is.
    pub contract: String,
    /// Whatever else is worth knowing.
    pub detail: String,
}

impl Store {
    /// Writes a line of its own.
    pub async fn audit(&self, audit: NewAudit, now: Timestamp) -> Result<()> {
        self.db.write(async move |tx| write(tx, &audit, now).await).await
    }

    /// The newest `limit` lines, newest first; of one account, or of all.
    pub async fn audit_lines(&self, target: Option<AccountId>, limit: i64) -> Result<Vec<AuditLine>> {
        if let Some(target) = target {
            let of_one =
                sql!("SELECT ", AUDIT_COLUMNS, " FROM audit WHERE target_id = $1 ORDER BY at DESC, id DESC LIMIT $2");
            return self.db.all(of_one, params![target, limit]).await;
        }
        let of_all = sql!("SELECT ", AUDIT_COLUMNS, " FROM audit ORDER BY id DESC LIMIT $1");
        self.db.all(of_all, params![limit]).await
    }
}

/// A line with its place in the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its number.
    pub id: i64,
    /// What it says.
    pub line: AuditLine,
}

impl Store {
    /// Up to `limit` lines before the one of this time and number, newest first; about one account, or about all.
    pub async fn audit_page(
        &self,
        target: Option<AccountId>,
        (at, id): (Timestamp, i64),
        limit: i64,
    ) -> Result<Vec<AuditEntry>> {
        if let Some(target) = target {
            let of_one = sql!(
                "SELECT id, ",
                AUDIT_COLUMNS,
                " FROM audit WHERE target_id = $1 AND at <= $2 AND (at < $2 OR id < $3) ORDER BY at DESC, id DESC LIMIT $4"
            );
            return self.db.all(of_one, params![target, at, id, limit]).await;
        }
        let of_all = sql!(
            "SELECT id, ",
            AUDIT_COLUMNS,
            " FROM audit WHERE at <= $1 AND (at < $1 OR id < $2) ORDER BY at DESC, id DESC LIMIT $3"
        );
        self.db.all(of_all, params![at, id, limit]).await
    }
}

const AUDIT_COLUMNS: &str = "at, action, actor_id, target_id, address, session_id, contract, detail";

/// Writes a line inside a transaction.
pub(crate) async fn write(tx: &mut Tx<'_>, audit: &NewAudit, now: Timestamp) -> Result<()> {
    let insert = sql!("INSERT INTO audit (", AUDIT_COLUMNS, ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
    let params = params![
        now,
        audit.action,
        audit.actor,
        audit.target,
        &audit.address,
        audit.session,
        audit.contract,
        &audit.detail
    ];
    tx.run(insert, params).await?;
    Ok(())
}

impl NewAudit {
    /// The line with what the transaction has learnt: the target, and the session if there is one.
    pub(crate) fn about(&self, target: AccountId, session: Option<SessionId>) -> Self {
        Self { target: Some(target), session: session.or(self.session), ..self.clone() }
    }
}

impl FromRow for AuditEntry {
    fn from_row(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self { id: row.take()?, line: AuditLine::from_row(row)? })
    }
}

impl FromRow for AuditLine {
    fn from_row(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self {
            at: row.take()?,
            action: row.take()?,
            actor: row.take()?,
            target: row.take()?,
            address: row.take()?,
            session: row.take()?,
            contract: row.take()?,
            detail: row.take()?,
        })
    }
}
