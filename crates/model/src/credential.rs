//! A password on its way to the hash: never printed, wiped when dropped.

use std::fmt;

use crate::{Field, Rule, Violation};

/// The most bytes of a password. More is refused rather than cut: a truncated password is another password.
pub const MOST_PASSWORD_BYTES: usize = 1_024;

/// A password as typed: 1 to 1,024 bytes, never trimmed, folded or cut.
pub struct Password(Vec<u8>);

impl Password {
    /// Takes a password as typed.
    ///
    /// # Errors
    /// [`Rule::Required`] when empty, [`Rule::TooManyBytes`] over 1,024 bytes.
    pub fn parse(text: String) -> Result<Self, Violation> {
        let password = Self(text.into_bytes());
        match password.0.len() {
            0 => Err(Violation::new(Field::Password, Rule::Required)),
            1..=MOST_PASSWORD_BYTES => Ok(password),
            _ => Err(Violation::new(Field::Password, Rule::TooManyBytes(MOST_PASSWORD_BYTES))),
        }
    }

    /// The bytes to hash.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text, for the rules about what it contains.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl Drop for Password {
    fn drop(&mut self) {
        self.0.fill(0);
        // Without this the compiler may leave out a write that nobody reads.
        std::hint::black_box(&self.0);
    }
}
