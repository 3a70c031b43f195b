//! Secrets that were mailed and are void, because what they are about is another one now.

use parlour_model::{AccountId, Timestamp};

use crate::database::Tx;
use crate::{Result, params, sql};

/// Voids the resets of an account that were not used: its address or its password is another one now.
pub(crate) async fn resets(tx: &mut Tx<'_>, id: AccountId, now: Timestamp) -> Result<()> {
    let void = sql!("UPDATE password_reset SET used_at = $2 WHERE account_id = $1 AND used_at IS NULL");
    tx.run(void, params![id, now]).await?;
    Ok(())
}
