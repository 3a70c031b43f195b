//! What cannot be seen in a text, or turns what stands around it. The rules of names, in `username`, are stricter.

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// How many lines a text may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// One: breaks and tabs have no place in it.
    One,
    /// Many.
    Many,
}

/// What a flag of a region begins with: only behind it do the invisible tags make a picture.
const FLAG: char = '\u{1f3f4}';

/// Whether a text holds what cannot be seen: controls, marks that turn the direction of writing, blanks without width,
/// fillers. The joiners that emojis and scripts need are none, where there is something to join: they follow a character
/// that is not ASCII and no joiner, so that no name is made of them alone, and none gets another in ASCII.
pub fn holds_hidden(text: &str, lines: Lines) -> bool {
    let (mut in_flag, mut joins) = (false, false);
    text.chars().any(|c| {
        in_flag = c == FLAG || (in_flag && is_tag(c));
        let joined = std::mem::replace(&mut joins, !c.is_ascii() && !c.is_whitespace() && !is_joiner(c));
        match c {
            '\n' | '\r' | '\t' => lines == Lines::One,
            c if is_joiner(c) => !joined,
            c => !in_flag && is_hidden(c),
        }
    })
}

const fn is_tag(c: char) -> bool {
    matches!(c, '\u{e0020}'..='\u{e007f}')
}

fn is_hidden(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    match c.general_category() {
        GeneralCategory::Control | GeneralCategory::LineSeparator | GeneralCategory::ParagraphSeparator => true,
        GeneralCategory::Format => !is_shown(c),
        // Letters and symbols by their category that show nothing.
        _ => matches!(c, '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}'),
    }
}

/// The two joiners of zero width.
const fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// Marks that are formats by their category and are written around digits and letters all the same.
const fn is_shown(c: char) -> bool {
    matches!(
        c,
        '\u{600}'..='\u{605}' | '\u{6dd}' | '\u{70f}' | '\u{890}' | '\u{891}' | '\u{8e2}' | '\u{110bd}' | '\u{110cd}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_or_turns_is_found() {
        let bidi = ('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}');
        let others = "\0\u{7}\u{1b}\u{7f}\u{85}\u{ad}\u{61c}\u{200b}\u{200e}\u{200f}\u{2028}\u{2029}\u{2060}\u{feff}\u{115f}\u{1160}\u{2800}\u{3164}\u{e0041}";
        for c in bidi.chain(others.chars()) {
            for lines in [Lines::One, Lines::Many] {
                assert!(holds_hidden(&format!("a{c}b"), lines), "{c:?}");
            }
        }
        for c in ['\n', '\r', '\t'] {
            assert!(holds_hidden(&format!("a{c}b"), Lines::One) && !holds_hidden(&format!("a{c}b"), Lines::Many));
        }
    }

    #[test]
    fn joiners_that_join_nothing_are_found() {
        for text in
            ["\u{200d}", "\u{200c}\u{200d}", "Ada\u{200d}", "Ada\u{200c} Lovelace", "م\u{200c}\u{200c}ن", "م \u{200c}ن"]
        {
            assert!(holds_hidden(text, Lines::One), "{text:?}");
        }
    }

    #[test]
    fn what_scripts_and_emojis_need_is_none() {
        for text in [
            "",
            "Ada  Lovelace",
            "می\u{200c}خواهم",
            "👩\u{200d}👩\u{200d}👧 ❤\u{fe0f} 1\u{fe0f}\u{20e3}",
            "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
            "Zoe\u{308}",
            "الآية \u{6dd}",
            "李雷 Ольга",
        ] {
            assert!(!holds_hidden(text, Lines::One), "{text:?}");
        }
    }
}
