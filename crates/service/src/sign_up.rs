//! Signing up: one account, whichever contract it came through.

use parlour_model::{
    Account, AdminLevel, Client, Contract, Email, Field, Password, Profile, Session, Username, Violation,
};
use parlour_store::account::{NewAccount, SignedUp as Stored};

use crate::app::App;
use crate::audit::{self, Says};
use crate::log_in::{Granted, LoggedIn, Opening, Wants};
use crate::secret::password_rules;
use crate::settings::PasswordPolicy;
use crate::{Error, Result, profile_rules};

/// What a person gives to sign up.
pub struct SignUp {
    /// The name, or what one is made of.
    pub name: NewName,
    /// The address, if the contract asks for one.
    pub email: Option<String>,
    /// The password as typed.
    pub password: String,
    /// What else they say of themselves.
    pub profile: Profile,
    /// The credential that the contract answers with, if it logs in at once.
    pub wants: Option<Wants>,
}

/// The name of a new account.
pub enum NewName {
    /// As typed.
    Chosen(String),
    /// Made of the first and last name, with a number behind it when it is taken.
    FromProfile,
}

/// The new account, and its first session if one was wanted.
pub struct SignedUp {
    /// The account.
    pub account: Account,
    /// The session, if one was wanted.
    pub session: Option<Session>,
    /// What the contract hands out.
    pub granted: Option<Granted>,
}

/// A sign-up whose parts have passed the rules.
struct Checked {
    names: Vec<Username>,
    email: Option<Email>,
    password: Password,
    profile: Profile,
}

impl App {
    /// Makes an account.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every broken rule, [`Error::Taken`], [`Error::Throttled`], [`Error::Busy`].
    pub async fn sign_up(&self, new: SignUp, client: &Client) -> Result<SignedUp> {
        let (wants, checked) = (new.wants, self.checked(new, client.contract)?);
        self.limits.source(client.source())?;
        self.refuse_taken(&checked).await?;
        let phc = self.hashing.hash(checked.password, client.source()).await?;
        let opening = wants.map(|wants| self.opening(wants, client)).transpose()?;
        for username in checked.names {
            let account = NewAccount {
                username,
                email: checked.email.clone(),
                profile: checked.profile.clone(),
                admin_level: AdminLevel::Public,
                phc: Some(phc.clone()),
                source: client.source(),
            };
            match self.store_sign_up(account, opening.as_ref(), client).await {
                Err(Error::Taken(Field::Username)) => {}
                other => return other,
            }
        }
        Err(Error::Taken(Field::Username))
    }

    async fn store_sign_up(&self, new: NewAccount, opening: Option<&Opening>, client: &Client) -> Result<SignedUp> {
        let verification = new.email.as_ref().map(|email| self.new_verification(email)).transpose()?;
        let mails = verification.is_some();
        let entry = audit::entry("sign_up", client);
        let sign_up = parlour_store::account::SignUp {
            account: new,
            session: opening.map(Opening::session),
            verification,
            audit: entry.clone(),
            now: self.now(),
        };
        match self.store.sign_up(sign_up).await? {
            Stored::Taken(field) => Err(Error::Taken(field)),
            Stored::Done { account, session } => {
                audit::committed(&entry.by(account.id).on(account.id));
                if mails {
                    self.mail_waits.notify_one();
                }
                let Some((opening, session)) = opening.zip(session) else {
                    return Ok(SignedUp { account, session: None, granted: None });
                };
                let logged_in = LoggedIn { account, session };
                let granted = Some(opening.grant(self, &logged_in)?);
                Ok(SignedUp { account: logged_in.account, session: Some(logged_in.session), granted })
            }
        }
    }

    /// Refuses a name that is plainly taken before anything costly is done. The store decides again, and for good.
    async fn refuse_taken(&self, checked: &Checked) -> Result<()> {
        if let [only] = checked.names.as_slice()
            && self.store.account_by_name(&only.key()).await?.is_some()
        {
            return Err(Error::Taken(Field::Username));
        }
        Ok(())
    }

    fn checked(&self, new: SignUp, contract: Contract) -> Result<Checked> {
        let mut violations = profile_rules::violations(&new.profile, contract);
        let mut keep = |violation: Violation| violations.push(violation);
        let policy = self.settings.usernames;
        let names = match &new.name {
            NewName::Chosen(text) => Username::parse(text, policy).map(|name| vec![name]).map_err(&mut keep).ok(),
            NewName::FromProfile => Some(self.derived_names(&new.profile)?),
        };
        let email = new.email.as_deref().map(Email::parse).transpose().map_err(&mut keep).ok();
        let password = Password::parse(new.password).map_err(&mut keep).ok();
        if let Some(password) = &password {
            let mut about = Vec::new();
            about.extend(names.iter().flatten().next().map(Username::as_str));
            about.extend(email.iter().flatten().map(Email::as_str));
            violations.extend(password_rules::violations(password, &about, contract, self.settings.passwords));
        }
        match (names, email, password) {
            (Some(names), Some(email), Some(password)) if violations.is_empty() => {
                Ok(Checked { names, email, password, profile: new.profile })
            }
            _ => Err(Error::Invalid(violations)),
        }
    }

    /// The names to try for somebody who gave none: the plain one, then 2, 3, then random digits.
    fn derived_names(&self, profile: &Profile) -> Result<Vec<Username>> {
        let policy = self.settings.usernames;
        let base = Username::derived(&format!("{} {}", profile.first_name, profile.last_name), policy);
        let mut names = vec![base.clone(), base.numbered(2, policy), base.numbered(3, policy)];
        for _ in 0..4 {
            let mut number = [0; 4];
            self.chance.fill(&mut number)?;
            names.push(base.numbered(u32::from_be_bytes(number) % 1_000_000, policy));
        }
        Ok(names)
    }
}

/// Checks a new password against the rules that hold for `contract`.
///
/// # Errors
/// [`Error::Invalid`] with every broken rule.
pub(crate) fn checked_password(
    text: String,
    names: &[&str],
    contract: Contract,
    policy: PasswordPolicy,
) -> Result<Password> {
    let password = Password::parse(text)?;
    let violations = password_rules::violations(&password, names, contract, policy);
    if violations.is_empty() { Ok(password) } else { Err(Error::Invalid(violations)) }
}
