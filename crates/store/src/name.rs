//! The two things that belong to one account at a time: a username and an e-mail address.

use std::time::Duration;

use parlour_model::{AccountId, Email, Timestamp, Username};

use crate::control::{ControlKind, announce};
use crate::database::Tx;
use crate::{Result, params, sql};

const DAY: Duration = Duration::from_hours(24);

/// How long a name that was given up is nobody else's.
const REST: Duration = DAY.saturating_mul(30);

/// How long an address that was claimed at a sign-up, and never proven, keeps others away.
const CLAIM: Duration = DAY.saturating_mul(7);

/// Whether `name` may be taken, by the account `own` if it has one already: nobody else holds it or lets it rest,
/// and no other name can be mistaken for it. Until this transaction ends, nobody can take a name of that look.
pub(crate) async fn is_free(tx: &mut Tx<'_>, name: &Username, own: Option<AccountId>, now: Timestamp) -> Result<bool> {
    let lock = sql!(
        "INSERT INTO skeleton (skeleton, taken_at) VALUES ($1, $2) \
         ON CONFLICT (skeleton) DO UPDATE SET taken_at = excluded.taken_at"
    );
    let alike = sql!(
        "SELECT username.key, username.text, username.account_id, username.rests_until \
         FROM look JOIN username ON username.key = look.username_key WHERE look.skeleton = $1"
    );
    let key = name.key();
    // In the order of the set, the same for everybody, so that no two wait for each other.
    for skeleton in name.skeletons() {
        tx.run(lock, params![&skeleton, now]).await?;
        let alike: Vec<(String, String, Option<AccountId>, Option<Timestamp>)> =
            tx.all(alike, params![skeleton]).await?;
        let is_free = alike.into_iter().all(|(held_key, held, holder, rests_until)| {
            let is_own = own.is_some() && holder == own;
            let is_gone = rests_until.is_some_and(|until| until <= now);
            is_own || is_gone || (held_key != key && name.may_stand_beside(&held))
        });
        if !is_free {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Writes down who holds a name that [is free](is_free).
pub(crate) async fn take(tx: &mut Tx<'_>, name: &Username, account: AccountId) -> Result<()> {
    let take = sql!(
        "INSERT INTO username (key, text, account_id, rests_until) VALUES ($1, $2, $3, NULL) \
         ON CONFLICT (key) DO UPDATE SET text = excluded.text, account_id = excluded.account_id, rests_until = NULL"
    );
    // The same key in another case looks different.
    let forget = sql!("DELETE FROM look WHERE username_key = $1");
    let look = sql!("INSERT INTO look (skeleton, username_key) VALUES ($1, $2)");
    let key = name.key();
    let mut work = vec![(take, params![&key, name.as_str(), account]), (forget, params![&key])];
    work.extend(name.skeletons().into_iter().map(|skeleton| (look, params![skeleton, &key])));
    tx.run_all(work).await?;
    Ok(())
}

/// Lets the name that an account had until now rest; the account itself may take it back.
pub(crate) async fn rest(tx: &mut Tx<'_>, name: &Username, account: AccountId, now: Timestamp) -> Result<()> {
    let rest = sql!("UPDATE username SET rests_until = $1 WHERE key = $2 AND account_id = $3");
    tx.run(rest, params![now + REST, name.key(), account]).await?;
    Ok(())
}

/// Lets all names of a deleted account rest. Nobody can take them back.
pub(crate) async fn rest_all(tx: &mut Tx<'_>, account: AccountId, now: Timestamp) -> Result<()> {
    let rest =
        sql!("UPDATE username SET rests_until = COALESCE(rests_until, $1), account_id = NULL WHERE account_id = $2");
    tx.run(rest, params![now + REST, account]).await?;
    Ok(())
}

/// Whether nobody but the account `own` has proven the address, or claimed it in the last seven days.
pub(crate) async fn email_is_free(
    tx: &mut Tx<'_>,
    email: &Email,
    own: Option<AccountId>,
    now: Timestamp,
) -> Result<bool> {
    let Some(holder) = email_holder(tx, email).await? else { return Ok(true) };
    let lapsed = holder.verified_at.is_none() && holder.claimed_at.is_none_or(|at| at + CLAIM <= now);
    Ok(own == Some(holder.id) || lapsed)
}

/// Who holds an address.
pub(crate) struct EmailHolder {
    pub(crate) id: AccountId,
    pub(crate) verified_at: Option<Timestamp>,
    claimed_at: Option<Timestamp>,
}

/// Who holds the address now, by a proof or by a claim.
pub(crate) async fn email_holder(tx: &mut Tx<'_>, email: &Email) -> Result<Option<EmailHolder>> {
    let holder = sql!("SELECT id, email_verified_at, email_claimed_at FROM account WHERE email_key = $1");
    let holder = tx.get(holder, params![email.key()]).await?;
    Ok(holder.map(|(id, verified_at, claimed_at)| EmailHolder { id, verified_at, claimed_at }))
}

/// Takes an address from whoever claimed it more than seven days ago and has not proven it. A younger claim that
/// somebody has made in this moment stays.
pub(crate) async fn drop_lapsed_claim(tx: &mut Tx<'_>, email: &Email, now: Timestamp) -> Result<()> {
    let drop_lapsed = sql!(
        "UPDATE account SET email = NULL, email_key = NULL, email_claimed_at = NULL \
         WHERE email_key = $1 AND email_verified_at IS NULL AND COALESCE(email_claimed_at, 0) <= $2 RETURNING id"
    );
    let loser: Option<(AccountId,)> = tx.get(drop_lapsed, params![email.key(), now - CLAIM]).await?;
    let subjects: Vec<i64> = loser.into_iter().map(|(loser,)| loser.0).collect();
    announce(tx, ControlKind::AccountChanged, &subjects, now).await
}

/// Takes an address that `own` has proven from whoever else only claims it, and says who that was, so that the
/// caller [announces](announce) it.
pub(crate) async fn drop_others_claim(tx: &mut Tx<'_>, email: &Email, own: AccountId) -> Result<Option<AccountId>> {
    let drop_others = sql!(
        "UPDATE account SET email = NULL, email_key = NULL, email_claimed_at = NULL \
         WHERE email_key = $1 AND email_verified_at IS NULL AND id <> $2 RETURNING id"
    );
    let loser = tx.get(drop_others, params![email.key(), own]).await?;
    Ok(loser.map(|(loser,)| loser))
}
