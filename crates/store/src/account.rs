//! Accounts: signing up, looking up, editing, ending.

use parlour_model::{
    Account, AccountId, AdminLevel, Email, Field, Profile, ProfileChange, Session, SourcePrefix, Timestamp, Username,
};

use crate::account_row::{ACCOUNT_COLUMNS, lock};
use crate::control::{ControlKind, announce};
use crate::database::{Params, Tx};
use crate::session::NewSession;
use crate::verification::NewVerification;
use crate::{
    NewAudit, Result, Store, audit, credential, farewell, idempotency, name, params, session, sql, verification,
};

/// Somebody who is not here yet.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// The name they want.
    pub username: Username,
    /// The address they claim, if any.
    pub email: Option<Email>,
    /// What they say of themselves.
    pub profile: Profile,
    /// What they may do.
    pub admin_level: AdminLevel,
    /// The hash of their password in PHC form; `None` for an account that logs in by other means.
    pub phc: Option<String>,
    /// Where they came from: the first source that is known for them.
    pub source: SourcePrefix,
}

/// A sign-up with all that comes with it.
#[derive(Clone, Debug)]
pub struct SignUp {
    /// Who.
    pub account: NewAccount,
    /// The session to begin at once, if any.
    pub session: Option<NewSession>,
    /// The proof of the address to be mailed, if any.
    pub verification: Option<NewVerification>,
    /// The audit's line.
    pub audit: NewAudit,
    /// The time now.
    pub now: Timestamp,
}

/// How a sign-up ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "made once a call and taken apart at once: a box would only cost")]
pub enum SignedUp {
    /// The account exists.
    Done {
        /// It.
        account: Account,
        /// The session that was asked for.
        session: Option<Session>,
    },
    /// Somebody else has the [`Field::Username`] or the [`Field::Email`].
    Taken(Field),
}

/// A change of an account by its owner.
#[derive(Clone, Debug)]
pub struct Edit {
    /// Whose.
    pub id: AccountId,
    /// The new name, if any.
    pub username: Option<Username>,
    /// What changes in the profile.
    pub profile: ProfileChange,
    /// The proof of a new address to be mailed, if any. The address changes when it comes back.
    pub email: Option<NewVerification>,
    /// The time now.
    pub now: Timestamp,
    /// The audit's line.
    pub audit: NewAudit,
}

/// How a change ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "made once a call and taken apart at once: a box would only cost")]
pub enum Edited {
    /// The account as it is now.
    Done(Account),
    /// Somebody else has the [`Field::Username`] or the [`Field::Email`]. Nothing was changed.
    Taken(Field),
    /// The account had a mail with a secret in the last 15 minutes, or five in the last day, and a new address needs
    /// one. Nothing was changed.
    TooManyMails,
    /// There is no such account.
    Unknown,
}

impl Store {
    /// Makes an account, with its first session and the proof of its address.
    ///
    /// A name is taken when another account holds it, when it rests, or when it can be mistaken for a held one;
    /// an address when it is proven, or was claimed in the last seven days. An older claim gives way.
    pub async fn sign_up(&self, new: SignUp) -> Result<SignedUp> {
        self.db.write(async move |tx| insert(tx, &new).await).await
    }

    /// An account by its number.
    pub async fn account(&self, id: AccountId) -> Result<Option<Account>> {
        self.db.get(sql!("SELECT ", ACCOUNT_COLUMNS, " FROM account WHERE id = $1"), params![id]).await
    }

    /// An account by the key of its name.
    pub async fn account_by_name(&self, username_key: &str) -> Result<Option<Account>> {
        let by_name = sql!(
            "SELECT ",
            ACCOUNT_COLUMNS,
            " FROM username JOIN account ON account.id = username.account_id \
             WHERE username.key = $1 AND username.rests_until IS NULL"
        );
        self.db.get(by_name, params![username_key]).await
    }

    /// Up to `limit` accounts whose numbers come after `after`, in order.
    pub async fn accounts(&self, after: AccountId, limit: i64) -> Result<Vec<Account>> {
        let page = sql!("SELECT ", ACCOUNT_COLUMNS, " FROM account WHERE id > $1 ORDER BY id LIMIT $2");
        self.db.all(page, params![after, limit]).await
    }

    /// Whether there is an administrator.
    pub async fn has_admin(&self) -> Result<bool> {
        let admin: Option<(AccountId,)> =
            self.db.get(sql!("SELECT id FROM account WHERE admin_level = 2 LIMIT 1"), params![]).await?;
        Ok(admin.is_some())
    }

    /// Changes an account. A name that is given up rests for 30 days, during which only its account may take it back.
    pub async fn edit_account(&self, edit: Edit) -> Result<Edited> {
        self.db.write(async move |tx| change(tx, &edit).await).await
    }

    /// Deletes an account: its sessions, secrets, waiting mails and read positions are gone, its events keep their places without
    /// author and text, its address is free, its names rest for 30 days. False when there is no such account.
    ///
    /// Whoever wrote much is to be helped out by [`Store::leave_owned_rooms`] and [`Store::erase_events`] first, so that
    /// this is short.
    pub async fn delete_account(&self, id: AccountId, now: Timestamp, audit: NewAudit) -> Result<bool> {
        self.db.write(async move |tx| delete(tx, id, now, &audit).await).await
    }

    /// Gives an account a level. False when there is no such account.
    pub async fn set_admin_level(
        &self,
        id: AccountId,
        level: AdminLevel,
        now: Timestamp,
        audit: NewAudit,
    ) -> Result<bool> {
        self.db
            .write(async move |tx| {
                let set = sql!("UPDATE account SET admin_level = $1 WHERE id = $2");
                if tx.run(set, params![level.number(), id]).await? == 0 {
                    return Ok(false);
                }
                audit::write(tx, &audit.about(id, None), now).await?;
                announce(tx, ControlKind::AccountChanged, &[id.0], now).await?;
                Ok(true)
            })
            .await
    }

    /// Keeps an account out, which ends its sessions, or lets it in again. False when there is no such account.
    pub async fn set_disabled(&self, id: AccountId, disabled: bool, now: Timestamp, audit: NewAudit) -> Result<bool> {
        self.db
            .write(async move |tx| {
                let set = sql!("UPDATE account SET disabled_at = $1 WHERE id = $2");
                if tx.run(set, params![disabled.then_some(now), id]).await? == 0 {
                    return Ok(false);
                }
                audit::write(tx, &audit.about(id, None), now).await?;
                if disabled {
                    session::end_all(tx, id, None, now).await?;
                    announce(tx, ControlKind::AccountEnded, &[id.0], now).await?;
                } else {
                    announce(tx, ControlKind::AccountChanged, &[id.0], now).await?;
                }
                Ok(true)
            })
            .await
    }
}

pub(crate) async fn insert(tx: &mut Tx<'_>, new: &SignUp) -> Result<SignedUp> {
    let now = new.now;
    if !name::is_free(tx, &new.account.username, None, now).await? {
        return Ok(SignedUp::Taken(Field::Username));
    }
    if let Some(email) = &new.account.email {
        if !name::email_is_free(tx, email, None, now).await? {
            return Ok(SignedUp::Taken(Field::Email));
        }
        name::drop_lapsed_claim(tx, email, now).await?;
    }
    let Some(account) = insert_row(tx, &new.account, now).await? else {
        return Ok(SignedUp::Taken(Field::Email));
    };
    name::take(tx, &account.username, account.id).await?;
    if let Some(phc) = &new.account.phc {
        credential::put(tx, account.id, phc, now).await?;
    }
    credential::know_source(tx, account.id, new.account.source, now).await?;
    let session = match &new.session {
        Some(session) => Some(session::insert(tx, account.id, session, now).await?),
        None => None,
    };
    if let Some(verification) = &new.verification {
        verification::insert(tx, account.id, verification, now).await?;
    }
    let about = new.audit.about(account.id, session.as_ref().map(|session| session.id));
    audit::write(tx, &NewAudit { actor: Some(account.id), ..about }, now).await?;
    Ok(SignedUp::Done { account, session })
}

/// The new row; `None` when somebody else has claimed the address in this moment.
async fn insert_row(tx: &mut Tx<'_>, new: &NewAccount, now: Timestamp) -> Result<Option<Account>> {
    let insert = sql!(
        "INSERT INTO account (username, email, email_key, email_claimed_at, email_verified_at, first_name, last_name, \
         display_name, facility_id, profile_picture, bio, consent_at, admin_level, created_at, disabled_at) \
         VALUES ($1, $2, $3, $4, NULL, $5, $6, $7, $8, $9, $10, $11, $12, $13, NULL) \
         ON CONFLICT (email_key) DO NOTHING RETURNING ",
        ACCOUNT_COLUMNS
    );
    let email = new.email.as_ref();
    let mut params =
        params![new.username.as_str(), email.map(Email::as_str), email.map(Email::key), email.map(|_| now)];
    params.extend(profile_params(&new.profile));
    params.extend(params![new.admin_level.number(), now]);
    tx.get(insert, params).await
}

fn profile_params(profile: &Profile) -> Params {
    params![
        &profile.first_name,
        &profile.last_name,
        &profile.display_name,
        &profile.facility_id,
        &profile.profile_picture,
        &profile.bio,
        profile.consent_at
    ]
}

async fn change(tx: &mut Tx<'_>, edit: &Edit) -> Result<Edited> {
    let Some(old) = lock(tx, edit.id).await? else { return Ok(Edited::Unknown) };
    // All refusals come before the first change, because what ends with a value is committed.
    if let Some(username) = &edit.username
        && !name::is_free(tx, username, Some(old.id), edit.now).await?
    {
        return Ok(Edited::Taken(Field::Username));
    }
    if let Some(new) = &edit.email {
        if !name::email_is_free(tx, &new.email, Some(old.id), edit.now).await? {
            return Ok(Edited::Taken(Field::Email));
        }
        if verification::has_had_enough(tx, old.id, &new.email, edit.now).await? {
            return Ok(Edited::TooManyMails);
        }
    }
    if let Some(username) = &edit.username {
        rename(tx, &old, username, edit.now).await?;
    }
    if let Some(new) = &edit.email {
        verification::supersede(tx, old.id, &new.email, edit.now).await?;
        verification::insert(tx, old.id, new, edit.now).await?;
    }
    let account = update_row(tx, &old, edit).await?;
    audit::write(tx, &edit.audit.about(old.id, None), edit.now).await?;
    announce(tx, ControlKind::AccountChanged, &[old.id.0], edit.now).await?;
    Ok(account.map_or(Edited::Unknown, Edited::Done))
}

async fn rename(tx: &mut Tx<'_>, old: &Account, username: &Username, now: Timestamp) -> Result<()> {
    if old.username.key() != username.key() {
        name::rest(tx, &old.username, old.id, now).await?;
    }
    name::take(tx, username, old.id).await
}

async fn update_row(tx: &mut Tx<'_>, old: &Account, edit: &Edit) -> Result<Option<Account>> {
    let update = sql!(
        "UPDATE account SET username = $2, first_name = $3, last_name = $4, display_name = $5, facility_id = $6, \
         profile_picture = $7, bio = $8, consent_at = $9 WHERE id = $1 RETURNING ",
        ACCOUNT_COLUMNS
    );
    let mut params = params![old.id, edit.username.as_ref().unwrap_or(&old.username).as_str()];
    params.extend(profile_params(&changed(&old.profile, &edit.profile, edit.now)));
    tx.get(update, params).await
}

fn changed(old: &Profile, change: &ProfileChange, now: Timestamp) -> Profile {
    let text = |new: &Option<String>, old: &String| new.as_ref().unwrap_or(old).clone();
    Profile {
        first_name: text(&change.first_name, &old.first_name),
        last_name: text(&change.last_name, &old.last_name),
        display_name: text(&change.display_name, &old.display_name),
        facility_id: text(&change.facility_id, &old.facility_id),
        profile_picture: text(&change.profile_picture, &old.profile_picture),
        bio: text(&change.bio, &old.bio),
        consent_at: match change.consent {
            Some(true) => old.consent_at.or(Some(now)),
            Some(false) => None,
            None => old.consent_at,
        },
    }
}

async fn delete(tx: &mut Tx<'_>, id: AccountId, now: Timestamp, audit: &NewAudit) -> Result<bool> {
    // Those that it has come to keep since it left the others. Rooms are held before accounts, as whoever writes does.
    while farewell::leave_one(tx, id, now).await?.is_some() {}
    // The row goes first, and with it sessions, secrets, mails about them, sources and read positions. This waits for the messages of
    // the account that are being written, and those that come later find no author. (An `UPDATE` before it would open
    // a gap on PostgreSQL: a key-share lock that has followed the row of an aborted attempt misses that of the next.)
    let delete = sql!("DELETE FROM account WHERE id = $1 RETURNING id");
    if tx.get::<(AccountId,)>(delete, params![id]).await?.is_none() {
        return Ok(false);
    }
    let erase = sql!("UPDATE event SET author_id = NULL, text = '', client_key = NULL WHERE author_id = $1");
    tx.run(erase, params![id]).await?;
    let answers = sql!("DELETE FROM idempotency WHERE scope = $1");
    tx.run(answers, params![idempotency::scope_of(id)]).await?;
    farewell::erase_rest(tx, id).await?;
    name::rest_all(tx, id, now).await?;
    audit::write(tx, &audit.about(id, None), now).await?;
    announce(tx, ControlKind::AccountEnded, &[id.0], now).await?;
    Ok(true)
}
