//! An e-mail address: its original spelling for the envelope, a key for comparing.

use email_address::{EmailAddress, Options};

use crate::{Field, Rule, Violation};

/// The longest address that can stand in an SMTP path (RFC 5321 §4.5.3.1.3, without the brackets).
const MOST_BYTES: usize = 254;

/// An e-mail address as its owner wrote it.
///
/// Two spellings are one address when their [keys](Email::key) are equal: the domain in lower-case ASCII
/// (IDNA), the local part in lower case. Dots and plus signs are what the owner's provider makes of them, so they count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    text: String,
    key: String,
}

impl Email {
    /// Takes an address as written: `local@domain`, with no display name, quotes or bracketed domain.
    ///
    /// # Errors
    /// [`Rule::Required`] when empty, [`Rule::NotAnEmail`] when it is none.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        if text.is_empty() {
            return Err(Violation::new(Field::Email, Rule::Required));
        }
        Self::read(text).ok_or(Violation::new(Field::Email, Rule::NotAnEmail))
    }

    fn read(text: &str) -> Option<Self> {
        let options = Options::default().without_display_text().without_domain_literal();
        let address = EmailAddress::parse_with_options(text, options).ok()?;
        let domain = idna::domain_to_ascii_strict(address.domain()).ok()?;
        let local = address.local_part();
        let plain = text.len() <= MOST_BYTES && !local.starts_with('"') && !domain.is_empty();
        plain.then(|| Self { text: text.to_owned(), key: format!("{}@{domain}", local.to_lowercase()) })
    }

    /// An address that the store gave back, with its key. It was parsed when it was taken; a rule tightened
    /// since then must not lock its owner out, so nothing is checked again.
    pub fn stored(text: String, key: String) -> Self {
        Self { text, key }
    }

    /// The address as its owner wrote it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What is compared: equal keys are one address.
    pub fn key(&self) -> &str {
        &self.key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_is_kept_and_case_is_not_compared() {
        let email = Email::parse("Ada.L+chat@BÜCHER.example").expect("an address");
        assert_eq!(email.as_str(), "Ada.L+chat@BÜCHER.example");
        assert_eq!(email.key(), "ada.l+chat@xn--bcher-kva.example");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.com", "a".repeat(250));
        for text in [
            "",
            "email",
            "a@",
            "@b",
            "a b@c.example",
            "a@b@c",
            "Ada <a@b.example>",
            "a@[127.0.0.1]",
            "a\r\nb@c.example",
            "\"a b\"@c.example",
            "a@b\u{0}.example",
            &long,
        ] {
            assert!(Email::parse(text).is_err(), "{text:?} was taken");
        }
    }
}
