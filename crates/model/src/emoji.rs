//! An emoji, as somebody reacts with one.

use unicode_properties::UnicodeEmoji;

use crate::hidden::{Lines, holds_hidden};
use crate::{Field, Rule, Violation};

/// The most code points of one: families and flags are joined of many.
pub const MOST_CODE_POINTS: usize = 16;

/// What puts a digit into a key: the only emojis that are made of ASCII.
const KEYCAP: char = '\u{20e3}';

/// One emoji, or what a screen shows as one. No text can be written with it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Emoji(String);

impl Emoji {
    /// Takes an emoji, percent-decoded where it came in a path.
    ///
    /// # Errors
    /// The one [`Violation`] that names what is wrong.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let violation = |rule| Violation::new(Field::Emoji, rule);
        if text.is_empty() {
            return Err(violation(Rule::Required));
        }
        if text.chars().nth(MOST_CODE_POINTS).is_some() {
            return Err(violation(Rule::TooLong(MOST_CODE_POINTS)));
        }
        let is_shown = |c: char| c == KEYCAP || (!c.is_ascii() && c.is_emoji_char());
        let is_one = text.chars().all(UnicodeEmoji::is_emoji_char_or_emoji_component) && text.chars().any(is_shown);
        // Tags that make no flag would write a text that nobody sees.
        if is_one && !holds_hidden(text, Lines::One) {
            Ok(Self(text.to_owned()))
        } else {
            Err(violation(Rule::NotAnEmoji))
        }
    }

    /// The emoji.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_as_one_is_one() {
        for text in ["👍", "❤️", "👩‍👩‍👧‍👦", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🇩🇪", "1️⃣", "#️⃣", "👍🏽"]
        {
            assert!(Emoji::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn no_text_passes_as_one() {
        for text in ["", "a", "12", "#", ":)", "👍a", "hello", "\u{200d}", "\u{202e}", "👍\u{e0061}", "<", "👍 "]
        {
            assert!(Emoji::parse(text).is_err(), "{text:?}");
        }
        assert!(Emoji::parse(&"👍".repeat(16)).is_ok() && Emoji::parse(&"👍".repeat(17)).is_err());
    }
}
