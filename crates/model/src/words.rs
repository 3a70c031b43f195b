//! The words of a text, as a search compares them: folded, without accents, apart.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::username::folded_key;

/// The most characters of a word that are compared.
const MOST_CHARACTERS: usize = 64;

/// The words of a text in their order. Scripts that put no space between words give every character as one.
pub fn words(text: &str) -> Vec<String> {
    let letters = folded_key(text).nfkd().filter(|c| !is_combining_mark(*c) || c.is_alphanumeric()).collect::<String>();
    let mut words = Vec::new();
    let mut word = String::new();
    for c in letters.chars() {
        let stands_alone = stands_alone(c);
        if (stands_alone || !c.is_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if stands_alone {
            words.push(c.to_string());
        } else if c.is_alphanumeric() {
            word.push(c);
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    for word in &mut words {
        if let Some((end, _)) = word.char_indices().nth(MOST_CHARACTERS) {
            word.truncate(end);
        }
    }
    words
}

/// Han and the two kanas.
const fn stands_alone(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{3fffd}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_accents_make_no_difference() {
        assert_eq!(words("Ein Café, GRÜN & Straße!"), ["ein", "cafe", "grun", "strasse"]);
        assert_eq!(words("ＦＵＬＬ width ﬁne"), ["full", "width", "fine"]);
        assert_eq!(words("a-b a_b \"c\" d* (e) f:g"), ["a", "b", "a", "b", "c", "d", "e", "f", "g"]);
        assert_eq!(words(" \u{0} 👍 ... "), Vec::<String>::new());
    }

    #[test]
    fn every_script_has_words() {
        assert_eq!(words("Привет, мир"), ["привет", "мир"]);
        assert_eq!(words("お茶"), ["お", "茶"]);
        assert_eq!(words("हिन्दी में").len(), 2);
        assert_eq!(words(&"x".repeat(100)), ["x".repeat(64)]);
    }
}
