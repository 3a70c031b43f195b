//! One SQL text for both databases, made ready for each while the program is compiled.

/// A statement. Its parameters are `$1`, `$2`, … as PostgreSQL has them.
///
/// SQLite would take `$1` for a *name* and number it by its first appearance, so that values would land in the
/// wrong places without an error: its text says `?1`.
#[derive(Clone, Copy, Debug)]
pub struct Sql {
    pub(super) postgres: &'static str,
    pub(super) sqlite: &'static str,
}

impl Sql {
    /// Both texts, as [`sql!`](crate::sql) makes them.
    pub const fn new(postgres: &'static [u8], sqlite: &'static [u8]) -> Self {
        Self { postgres: text(postgres), sqlite: text(sqlite) }
    }

    /// A statement about a table that is found while the program runs, or in words that only one database has. Its text is kept
    /// for good, so there must be few.
    pub(crate) fn made(postgres: String) -> Self {
        let sqlite = postgres.replace('$', "?").leak();
        Self { postgres: postgres.leak(), sqlite }
    }

    /// What one database is asked in other words than the other.
    pub const fn each(postgres: Self, sqlite: Self) -> Self {
        Self { postgres: postgres.postgres, sqlite: sqlite.sqlite }
    }
}

/// Makes a [`Sql`] of text literals and of constants that name a list of columns.
#[macro_export]
#[doc(hidden)]
macro_rules! sql {
    ($($part:expr),+ $(,)?) => {{
        const PARTS: &[&str] = &[$($part),+];
        const LENGTH: usize = $crate::database::sql::length(PARTS);
        const POSTGRES: [u8; LENGTH] = $crate::database::sql::joined(PARTS);
        const SQLITE: [u8; LENGTH] = $crate::database::sql::numbered(POSTGRES);
        const { $crate::database::Sql::new(&POSTGRES, &SQLITE) }
    }};
}

/// The bytes of all parts together.
pub const fn length(parts: &[&str]) -> usize {
    let (mut sum, mut part) = (0, 0);
    while part < parts.len() {
        sum += parts[part].len();
        part += 1;
    }
    sum
}

/// All parts in one.
pub const fn joined<const LENGTH: usize>(parts: &[&str]) -> [u8; LENGTH] {
    let mut all = [0; LENGTH];
    let (mut at, mut part) = (0, 0);
    while part < parts.len() {
        let bytes = parts[part].as_bytes();
        let mut byte = 0;
        while byte < bytes.len() {
            all[at] = bytes[byte];
            at += 1;
            byte += 1;
        }
        part += 1;
    }
    all
}

/// The same text with `?1` for `$1`.
pub const fn numbered<const LENGTH: usize>(mut text: [u8; LENGTH]) -> [u8; LENGTH] {
    let mut at = 0;
    while at + 1 < LENGTH {
        if text[at] == b'$' && text[at + 1].is_ascii_digit() {
            text[at] = b'?';
        }
        at += 1;
    }
    text
}

const fn text(bytes: &'static [u8]) -> &'static str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => panic!("a statement is UTF-8"),
    }
}
