//! The letters we write.

use parlour_model::Email;
use parlour_store::mail::NewMail;

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
    letter(to, "Confirm your e-mail address", body, chance)
}

/// The letter to an address that is no longer an account's.
pub(crate) fn address_changed(to: &Email, chance: &dyn Chance) -> Result<NewMail> {
    let body = "Hello,\n\n\
         the e-mail address of your account has been changed to another one, which was confirmed just now.\n\n\
         If it was not you, tell the operator of the service at once.\n"
        .to_owned();
    letter(to, "Your e-mail address was changed", body, chance)
}

fn letter(to: &Email, subject: &str, body: String, chance: &dyn Chance) -> Result<NewMail> {
    let message_id = random_text::<16>(chance)?;
    Ok(NewMail { message_id, recipient: to.as_str().to_owned(), subject: subject.to_owned(), body })
}
