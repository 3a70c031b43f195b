//! Editing one's account: the name, the profile, and the address, which needs the password and the new mailbox.

use std::time::Duration;

use parlour_hub::Note;
use parlour_model::{Account, Client, Email, Field, Password, ProfileChange, Rule, Username, Violation};
use parlour_store::account::{Edit as StoredEdit, Edited};
use parlour_store::credential::{LoginName, LoginRecord};

use crate::app::App;
use crate::audit::{self, Says};
use crate::authenticate::Caller;
use crate::log_in::target_of;
use crate::secret::hashing::Check;
use crate::{Error, Result, profile_rules};

/// A change of one's account: `None` leaves a part as it is.
#[derive(Default)]
pub struct Edit {
    /// A new name.
    pub username: Option<String>,
    /// A new address. It takes the old one's place when it is verified.
    pub email: Option<String>,
    /// The current password, which a new address needs.
    pub password: Option<String>,
    /// The profile's changes.
    pub profile: ProfileChange,
}

/// When an account that has just had a mail may have the next one.
const MAIL_AGAIN: Duration = Duration::from_mins(15);

impl App {
    /// Changes the caller's account and answers with what it is now. A new address is not part of it yet.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::Taken`]; [`Error::WrongPassword`] when a new address comes without the password,
    /// [`Error::Throttled`] when the account has had as many mails as it gets.
    pub async fn edit_account(&self, caller: &Caller, edit: Edit, client: &Client) -> Result<Account> {
        let account = &caller.account;
        let mut violations = profile_rules::change_violations(&edit.profile);
        let policy = self.settings.usernames;
        let username = edit.username.map(|text| Username::parse(&text, policy)).transpose();
        let email = edit.email.map(|text| Email::parse(&text)).transpose();
        violations.extend(username.as_ref().err().copied());
        violations.extend(email.as_ref().err().copied());
        let (Ok(username), Ok(email), []) = (username, email, violations.as_slice()) else {
            return Err(Error::Invalid(violations));
        };
        let email = email.filter(|email| account.email.as_ref().map(Email::key) != Some(email.key()));
        if email.is_some() {
            self.confirm_password(caller, edit.password, client).await?;
        }
        let verification = email.as_ref().map(|email| self.new_verification(email)).transpose()?;
        let entry = audit::entry("edit_account", client).by(account.id).on(account.id).within(caller.session_id);
        let renamed = username.clone().filter(|name| *name != account.username);
        let stored = StoredEdit {
            id: account.id,
            username: renamed.clone(),
            profile: edit.profile,
            email: verification,
            now: self.now(),
            audit: entry.clone(),
        };
        match self.store.edit_account(stored).await? {
            Edited::Unknown => Err(Error::UnknownAccount),
            Edited::Taken(field) => Err(Error::Taken(field)),
            Edited::TooManyMails => Err(Error::Throttled(MAIL_AGAIN)),
            Edited::Done(account) => {
                audit::committed(&entry);
                self.accounts.forget(&account.id);
                self.mail_waits.notify_one();
                self.tell(account.id, Note::Me);
                if renamed.is_some() {
                    self.live.hub().rename(account.id, account.username.as_str());
                }
                Ok(account)
            }
        }
    }

    /// Checks the caller's current password, throttled like a login.
    ///
    /// # Errors
    /// [`Error::WrongPassword`], [`Error::Throttled`], [`Error::Busy`].
    pub async fn confirm_password(&self, caller: &Caller, password: Option<String>, client: &Client) -> Result<()> {
        let missing = || Violation::new(Field::Password, Rule::Required);
        let password = Password::parse(password.ok_or_else(missing)?)?;
        self.confirmed(caller, password, client).await.map(drop)
    }

    /// The same, with what was known of the login when it was checked.
    pub(crate) async fn confirmed(&self, caller: &Caller, password: Password, client: &Client) -> Result<LoginRecord> {
        self.limits.source(client.source())?;
        let name = LoginName::Username(caller.account.username.key());
        let record = self.store.login_record(&name, client.source()).await?;
        let record = record.filter(|record| record.account.id == caller.account.id).ok_or(Error::UnknownAccount)?;
        self.limits.login(&target_of(&record, client), record.failures)?;
        match self.hashing.check(password, record.phc.clone(), client.source()).await? {
            Check::Right { .. } => Ok(record),
            Check::Wrong => Err(self.failed(Some(&record), client).await?),
        }
    }
}
