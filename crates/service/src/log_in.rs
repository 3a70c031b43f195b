//! Logging in: a name and a password become a session, and the session what the contract hands out.

use std::time::Duration;

use parlour_hub::Note;
use parlour_model::token::{AccessClaims, RefreshClaims};
use parlour_model::username::folded_key;
use parlour_model::{Account, Client, Email, Password, Session};
use parlour_store::credential::{LogIn as StoredLogIn, LoginName, LoginRecord};
use parlour_store::session::NewSession;

use crate::app::App;
use crate::audit::{self, Says};
use crate::limits::LoginTarget;
use crate::secret::hashing::Check;
use crate::secret::token::{self, Kind};
use crate::secret::{Digest, digest, random_text};
use crate::{Error, Result};

/// What a person gives to log in.
pub struct LogIn {
    /// Who they say they are.
    pub name: NameGiven,
    /// The password as typed.
    pub password: String,
    /// The credential that the contract answers with.
    pub wants: Wants,
}

/// Who somebody says they are. A username is looked for among usernames only, and an e-mail among e-mails
/// only, so that a username which looks like somebody's e-mail can never stand in its way.
pub enum NameGiven {
    /// A username.
    Username(String),
    /// An e-mail address.
    Email(String),
}

/// The credential that a contract hands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// One access token for a long day: the contract has no refresh.
    LongToken,
    /// A short access token and a refresh token.
    TokenPair,
    /// A session cookie.
    Cookie,
}

/// What a contract hands out.
pub enum Granted {
    /// An access token.
    Token(String),
    /// An access token and the refresh token for the next one.
    Pair {
        /// Opens doors.
        access: String,
        /// Gets the next access token.
        refresh: String,
    },
    /// The value of the session cookie, and how long the browser should keep it.
    Cookie {
        /// The value.
        value: String,
        /// How long.
        life: Duration,
    },
}

/// A login that succeeded.
pub struct LoggedIn {
    /// Who.
    pub account: Account,
    /// The new session.
    pub session: Session,
}

/// A session about to be made, with the secrets that only its holder will know.
pub(crate) struct Opening {
    wants: Wants,
    session: NewSession,
    secret: String,
}

impl App {
    /// Logs in.
    ///
    /// # Errors
    /// [`Error::UnknownAccount`] and [`Error::WrongPassword`] after the same work; [`Error::Disabled`] only
    /// with the right password; [`Error::Throttled`], [`Error::Busy`], [`Error::WrongPassword`] at once for what cannot be one.
    pub async fn log_in(&self, log_in: LogIn, client: &Client) -> Result<(LoggedIn, Granted)> {
        // What cannot be a password is nobody's.
        let password = Password::parse(log_in.password).map_err(|_no_password| Error::WrongPassword)?;
        self.limits.source(client.source())?;
        let name = login_name(&log_in.name);
        let record = match &name {
            Some(name) => self.store.login_record(name, client.source()).await?,
            None => None,
        };
        self.throttle(record.as_ref(), &log_in.name, client)?;
        let stored = record.as_ref().and_then(|record| record.phc.clone());
        let check = self.hashing.check(password, stored, client.source()).await?;
        let (Some(record), Check::Right { rehashed }) = (record.as_ref(), check) else {
            if record.is_none() {
                self.limits.nobodys_login_failed(nobody(&log_in.name));
            }
            return Err(self.failed(record.as_ref(), client).await?);
        };
        if record.account.disabled_at.is_some() {
            self.refused("log_in_disabled", &record.account, client).await?;
            return Err(Error::Disabled);
        }
        let opening = self.opening(log_in.wants, client)?;
        let logged_in = self.enter(record, &opening, rehashed, client).await?;
        let granted = opening.grant(self, &logged_in)?;
        Ok((logged_in, granted))
    }

    async fn enter(
        &self,
        record: &LoginRecord,
        opening: &Opening,
        rehashed: Option<String>,
        client: &Client,
    ) -> Result<LoggedIn> {
        let account = record.account.clone();
        let entry = audit::entry("log_in", client).by(account.id).on(account.id);
        let log_in = StoredLogIn {
            account_id: account.id,
            source: client.source(),
            password_changed_at: record.password_changed_at,
            session: opening.session(),
            rehashed,
            audit: entry.clone(),
            now: self.now(),
        };
        // The account was deleted or disabled, or its password replaced, while this one was being checked.
        let Some(session) = self.store.log_in(log_in).await? else {
            self.refused("log_in_too_late", &account, client).await?;
            return Err(Error::UnknownAccount);
        };
        audit::committed(&entry.within(session.id));
        self.tell(account.id, Note::Sessions);
        Ok(LoggedIn { account, session })
    }

    fn throttle(&self, record: Option<&LoginRecord>, given: &NameGiven, client: &Client) -> Result<()> {
        let Some(record) = record else { return self.limits.nobodys_login(nobody(given)) };
        self.limits.login(&target_of(record, client), record.failures)
    }

    /// Records a login that had the right password and was refused all the same.
    async fn refused(&self, action: &'static str, account: &Account, client: &Client) -> Result<()> {
        let entry = audit::entry(action, client).on(account.id);
        self.store.audit(entry.clone(), self.now()).await?;
        audit::committed(&entry);
        Ok(())
    }

    /// Counts and records a failure; an unknown account costs the same write as a known one.
    pub(crate) async fn failed(&self, record: Option<&LoginRecord>, client: &Client) -> Result<Error> {
        let entry = audit::entry("log_in_failed", client);
        let Some(record) = record else {
            self.store.audit(entry.clone(), self.now()).await?;
            audit::committed(&entry);
            return Ok(Error::UnknownAccount);
        };
        let entry = entry.on(record.account.id);
        self.store.record_failed_login(record.account.id, client.source(), entry.clone(), self.now()).await?;
        audit::committed(&entry);
        Ok(Error::WrongPassword)
    }

    /// Draws the secrets of a new session.
    pub(crate) fn opening(&self, wants: Wants, client: &Client) -> Result<Opening> {
        let (now, tokens) = (self.now(), &self.settings.tokens);
        let secret = random_text::<32>(&*self.chance)?;
        let secret_digest = digest(secret.as_bytes());
        let (life, idle) = match wants {
            Wants::LongToken => (tokens.long_access, tokens.long_access),
            Wants::TokenPair => (tokens.refresh_absolute, tokens.refresh_idle),
            Wants::Cookie => (self.settings.cookie_life, self.settings.cookie_life),
        };
        let session = NewSession {
            contract: client.contract,
            device: client.device.clone(),
            address: client.address.to_string(),
            cookie_digest: (wants == Wants::Cookie).then_some(secret_digest),
            refresh_digest: (wants == Wants::TokenPair).then_some(secret_digest),
            expires_at: now + life,
            idle_expires_at: now + idle,
        };
        Ok(Opening { wants, session, secret })
    }

    /// Signs an access token of a session.
    pub(crate) fn access_token(&self, account: &Account, session: &Session, life: Duration) -> Result<String> {
        let (now, issuer) = (self.now(), &self.settings.public_url);
        // A token may not outlive its session.
        let expires_at = (now + life).min(session.expires_at);
        let claims = AccessClaims {
            iss: issuer.clone(),
            sub: account.id.to_string(),
            aud: issuer.clone(),
            iat: now.seconds(),
            exp: expires_at.seconds(),
            jti: random_text::<12>(&*self.chance)?,
            sid: session.id.to_string(),
            id: account.id.to_string(),
            user_id: account.id.0,
            username: account.username.as_str().to_owned(),
            admin_level: account.admin_level.number(),
            privilege_level: account.admin_level.number(),
        };
        token::sign(Kind::Access, &claims, &self.keyring.keys(), now)
    }

    /// Signs the refresh token at place `counter` of a session's family.
    pub(crate) fn refresh_token(&self, session: &Session, family: &str, counter: i64) -> Result<String> {
        let (now, issuer) = (self.now(), &self.settings.public_url);
        let claims = RefreshClaims {
            iss: issuer.clone(),
            sub: session.account_id.to_string(),
            aud: issuer.clone(),
            iat: now.seconds(),
            exp: session.expires_at.seconds(),
            jti: random_text::<12>(&*self.chance)?,
            sid: session.id.to_string(),
            fam: family.to_owned(),
            ctr: counter,
        };
        token::sign(Kind::Refresh, &claims, &self.keyring.keys(), now)
    }
}

impl Opening {
    /// The row to store.
    pub(crate) fn session(&self) -> NewSession {
        self.session.clone()
    }

    /// What the contract hands out, now that the session is stored.
    pub(crate) fn grant(&self, app: &App, logged_in: &LoggedIn) -> Result<Granted> {
        let LoggedIn { account, session } = logged_in;
        let tokens = &app.settings.tokens;
        match self.wants {
            Wants::LongToken => app.access_token(account, session, tokens.long_access).map(Granted::Token),
            Wants::TokenPair => Ok(Granted::Pair {
                access: app.access_token(account, session, tokens.access)?,
                refresh: app.refresh_token(session, &self.secret, FIRST)?,
            }),
            Wants::Cookie => Ok(Granted::Cookie { value: self.secret.clone(), life: app.settings.cookie_life }),
        }
    }
}

/// The name of somebody who is nobody, for the throttles.
fn nobody(given: &NameGiven) -> Digest {
    let (NameGiven::Username(name) | NameGiven::Email(name)) = given;
    digest(folded_key(name).as_bytes())
}

/// What a login at an account aims at, as the throttles count it.
pub(crate) fn target_of(record: &LoginRecord, client: &Client) -> LoginTarget {
    let id = record.account.id;
    if record.known_source { LoginTarget::Known(id, client.source()) } else { LoginTarget::Stranger(id) }
}

/// The place of the first refresh token in its family.
const FIRST: i64 = 1;

/// What to look for; `None` for an e-mail that is none, and so nobody's.
fn login_name(given: &NameGiven) -> Option<LoginName> {
    match given {
        NameGiven::Username(name) => Some(LoginName::Username(folded_key(name))),
        NameGiven::Email(text) => Email::parse(text).ok().map(|email| LoginName::Email(email.key().to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_that_is_none_is_nobodys() {
        assert!(login_name(&NameGiven::Email("ada".to_owned())).is_none());
        assert!(matches!(login_name(&NameGiven::Username("ADA@x.example".to_owned())),
            Some(LoginName::Username(key)) if key == "ada@x.example"));
    }
}
