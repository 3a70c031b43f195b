//! The letters we write.

use parlour_model::Email;
use parlour_store::mail::{NewMail, Notice};

use crate::Result;
use crate::secret::{Chance, random_text};

/// The letter with the link that verifies an address. The link opens a page whose button verifies, because mail
/// scanners open links and must verify nothing.
pub(crate) fn verification(to: &Email, link: &str, chance: &dyn Chance) -> Result<NewMail> {
    let body = format!(
        "Hello,\n\n\
         this address was given for an account. To confirm that it is yours, open\n\n\
         {link}\n\n\
         and press the button. The link is good for 24 hours.\n\n\
         If it was not you, do nothing: an address that is not confirmed is given up after seven days.\n"
    );
    let (message_id, recipient) = (random_text::<16>(chance)?, to.as_str().to_owned());
    Ok(NewMail { message_id, recipient, subject: "Confirm your e-mail address".to_owned(), body })
}

/// The letter with the link that sets another password. The secret stands behind the `#` of the link, which no browser
/// sends to a server, so it is in nobody's log.
pub(crate) fn password_reset(link: &str, chance: &dyn Chance) -> Result<Notice> {
    let body = format!(
        "Hello,\n\n\
         somebody asked for another password for the account with this address. To choose one, open\n\n\
         {link}\n\n\
         The link is good for one hour, and once. It ends every login of the account.\n\n\
         If it was not you, do nothing: the password stays as it is.\n"
    );
    let message_id = random_text::<16>(chance)?;
    Ok(Notice { message_id, subject: "Choose another password".to_owned(), body })
}

/// The letter to an address that is no longer an account's. Which that is, the store knows.
pub(crate) fn address_changed(chance: &dyn Chance) -> Result<Notice> {
    let body = "Hello,\n\n\
         the e-mail address of your account has been changed to another one, which was confirmed just now.\n\n\
         If it was not you, tell the operator of the service at once.\n"
        .to_owned();
    let message_id = random_text::<16>(chance)?;
    Ok(Notice { message_id, subject: "Your e-mail address was changed".to_owned(), body })
}
