//! A username: any script, one person, no look-alikes.
//!
//! The vocabulary is that of nicknames (RFC 8266): letters, digits, marks, symbols, punctuation and spaces of
//! any script, but no controls, no bidirectional marks and nothing that cannot be seen (RFC 8264 §4.3). The
//! categories come from a current Unicode table rather than from a PRECIS crate: those stop at the tables of
//! 2013 and would refuse every script and symbol added since.

use std::collections::BTreeSet;
use std::fmt;

use caseless::default_case_fold_str;
use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};
use unicode_security::confusable_detection::skeleton;

use crate::{Field, Rule, Violation};

/// The most characters of a username, after NFC.
pub const MOST_CHARACTERS: usize = 150;

/// Which usernames an operator allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UsernamePolicy {
    /// Any script, inner spaces.
    #[default]
    Open,
    /// ASCII letters, digits and `. _ - +`.
    Strict,
}

/// A username that has passed the rules: 1 to 150 characters in NFC.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Username(String);

impl Username {
    /// Takes a username as typed and puts it into NFC.
    ///
    /// # Errors
    /// The one [`Violation`] that names what is wrong.
    pub fn parse(text: &str, policy: UsernamePolicy) -> Result<Self, Violation> {
        let name = checked_name(text, MOST_CHARACTERS).map_err(|rule| Violation::new(Field::Username, rule))?;
        if policy == UsernamePolicy::Strict && !name.chars().all(is_strict) {
            return Err(Violation::new(Field::Username, Rule::OutsidePolicy));
        }
        Ok(Self(name))
    }

    /// A username made of what somebody is called: what the rules refuse is left out, at most 140 characters
    /// stay, and nothing becomes `user`.
    pub fn derived(text: &str, policy: UsernamePolicy) -> Self {
        let allowed = |c: &char| match policy {
            UsernamePolicy::Open => *c == ' ' || !(is_hidden(*c) || c.is_whitespace()),
            UsernamePolicy::Strict => *c == ' ' || is_strict(*c),
        };
        let kept: String = text.nfc().filter(allowed).collect();
        let words: Vec<_> = kept.split(' ').filter(|word| !word.is_empty()).collect();
        let cut: String = words.join(separator(policy)).chars().take(DERIVED_CHARACTERS).collect();
        Self::parse(cut.trim_end(), policy).unwrap_or_else(|_nothing_left| Self("user".to_owned()))
    }

    /// The same with a number behind it: `Ada Lovelace 2`.
    #[must_use]
    pub fn numbered(&self, number: u32, policy: UsernamePolicy) -> Self {
        Self(format!("{}{}{number}", self.0, separator(policy)))
    }

    /// A username that the store gave back. It was parsed when it was taken; a rule tightened since then
    /// must not lock its owner out, so nothing is checked again.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The name as others see it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What login and uniqueness compare: equal keys are one name.
    pub fn key(&self) -> String {
        folded_key(&self.0)
    }

    /// What the name looks like (UTS 39 §4), one to three ways: two names that share one can be taken for each other.
    ///
    /// Case cannot simply be folded away first, because the two cases of a letter look like different letters:
    /// Cyrillic `Т` is a `T` while its small `т` is none, and a Latin `I` is an `l` while its small `i` is none.
    /// So a name looks like its key, and like what was typed; an ASCII name, which others may imitate in capitals
    /// that its owner never typed, looks like its capitals too. (Were that so for every name, `Alda Jónsdóttir`
    /// would be in the way of `Aida Jónsdóttir`.)
    pub fn skeletons(&self) -> BTreeSet<String> {
        let of_key = skeleton(&self.key()).collect();
        let of_capitals = self.0.is_ascii().then(|| caseless_skeleton(&self.0.to_ascii_uppercase()));
        [of_key, caseless_skeleton(&self.0)].into_iter().chain(of_capitals).collect()
    }

    /// Whether this name and a held one that shares a skeleton may stand side by side. Two ASCII names may:
    /// `rn` and `m` look alike, but people know their letters.
    pub fn may_stand_beside(&self, held: &str) -> bool {
        self.0.is_ascii() && held.is_ascii()
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The comparing form of a name that somebody typed to log in. It needs no check: what is no username has no match.
pub fn folded_key(name: &str) -> String {
    // ASCII, which most names are, folds to its small letters and composes to itself.
    let folded = if name.is_ascii() { name.to_ascii_lowercase() } else { folded(name) };
    folded.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Unicode D146, the compatibility caseless match: fold, compose, and once more, because each of the two can bring
/// back what the other had removed.
fn folded(name: &str) -> String {
    let fold = |text: &str| -> String { default_case_fold_str(&text.nfkc().collect::<String>()) };
    fold(&fold(name)).nfkc().collect()
}

/// What a text looks like in the case that it has, so that texts of either case can be compared by it. Folding
/// brings back letters that a skeleton has none of, such as `m`, which is `rn`: hence a skeleton again.
fn caseless_skeleton(text: &str) -> String {
    let typed: String = skeleton(text).collect();
    skeleton(&folded_key(&typed)).collect()
}

/// The rules that usernames and room names share.
pub(crate) fn checked_name(text: &str, most: usize) -> Result<String, Rule> {
    // Before normalising, so that a megabyte of combining marks costs nothing.
    if text.len() > most * MOST_BYTES_A_CHARACTER {
        return Err(Rule::TooLong(most));
    }
    let name: String = if text.is_ascii() { text.to_owned() } else { text.nfc().collect() };
    if name.is_empty() {
        return Err(Rule::Required);
    }
    if name.starts_with(char::is_whitespace) || name.ends_with(char::is_whitespace) {
        return Err(Rule::OuterSpace);
    }
    if name.chars().any(is_hidden) {
        return Err(Rule::ForbiddenCharacter);
    }
    if name.chars().count() > most {
        return Err(Rule::TooLong(most));
    }
    // A name of nothing but marks and blanks folds to nothing that can be compared.
    if folded_key(&name).is_empty() {
        return Err(Rule::ForbiddenCharacter);
    }
    Ok(name)
}

/// The most characters of a derived name, so that a number fits behind it.
const DERIVED_CHARACTERS: usize = 140;

/// What stands between the words of a derived name.
const fn separator(policy: UsernamePolicy) -> &'static str {
    match policy {
        UsernamePolicy::Open => " ",
        UsernamePolicy::Strict => ".",
    }
}

/// NFC can join up to four characters into one (four bytes each, with some room).
const MOST_BYTES_A_CHARACTER: usize = 24;

/// Whether a character cannot be seen, or turns what stands around it: controls, formats, private and
/// unassigned ones by category; then the default-ignorable marks and letters (UAX 44), and the blank of braille.
fn is_hidden(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    match c.general_category_group() {
        GeneralCategoryGroup::Other => true,
        GeneralCategoryGroup::Separator => matches!(c, '\u{2028}' | '\u{2029}'),
        _ => matches!(c,
            '\u{034f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{e0100}'..='\u{e01ef}'),
    }
}

fn is_strict(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(text: &str) -> Result<Username, Violation> {
        Username::parse(text, UsernamePolicy::Open)
    }

    #[test]
    fn the_short_way_of_ascii_is_the_way_of_all() {
        for c in (0..128_u8).map(char::from) {
            let text = format!("a{c}B");
            assert_eq!(text.to_ascii_lowercase(), folded(&text));
            assert_eq!(text.nfc().collect::<String>(), text);
            assert_eq!(is_hidden(c), c.general_category_group() == GeneralCategoryGroup::Other, "{c:?}");
        }
    }

    fn name(text: &str) -> Username {
        open(text).expect("a username")
    }

    #[test]
    fn any_script_and_inner_spaces_are_allowed() {
        for text in
            ["a", "User Name", "Ada Lovelace", "Zoë", "李雷", "Ольга", "محمد", "ada@example.com", "🦀", "a.b_c-d+e"]
        {
            assert!(open(text).is_ok(), "{text:?} was refused");
        }
        assert!(open(&"é".repeat(150)).is_ok());
        assert_eq!(name("Zoe\u{308}").as_str(), "Zoë");
    }

    #[test]
    fn what_hides_or_misleads_is_refused() {
        for text in [
            "",
            " ",
            " ada",
            "ada ",
            "a\u{0}b",
            "a\nb",
            "a\u{202e}b",
            "a\u{200b}b",
            "a\u{200d}b",
            "a\u{ad}b",
            "\u{2800}",
            "\u{3164}",
            "a\u{a0}",
            "\u{e000}",
            "a\u{feff}b",
        ] {
            assert!(open(text).is_err(), "{text:?} was taken");
        }
        assert_eq!(open(&"a".repeat(151)).map_err(|v| v.rule), Err(Rule::TooLong(150)));
    }

    #[test]
    fn one_name_has_one_key() {
        for (one, other) in [
            ("ALICE", "alice"),
            ("Straße", "STRASSE"),
            ("ﬁn", "FIN"),
            ("Ａda", "ada"),
            ("a  b", "a b"),
            ("Zoë", "ZOE\u{308}"),
        ] {
            assert_eq!(name(one).key(), name(other).key(), "{one} and {other}");
        }
    }

    fn look_alike(one: &str, other: &str) -> bool {
        !name(one).skeletons().is_disjoint(&name(other).skeletons())
    }

    #[test]
    fn look_alikes_share_a_skeleton() {
        assert_ne!(name("Аlice").key(), name("Alice").key());
        assert!(!name("Аlice").may_stand_beside("Alice"));
        assert!(look_alike("modern", "modem"));
        assert!(name("modern").may_stand_beside("modem"));
    }

    #[test]
    fn look_alikes_of_either_case_share_a_skeleton() {
        // The first of each pair holds letters that are not Latin, mostly such as look Latin in one case only.
        for (fake, real) in [
            ("Аlice", "Alice"),
            ("АLІСЕ", "alice"),
            ("Тom", "Tom"),
            ("ТОМ", "tom"),
            ("Вob", "Bob"),
            ("Нenry", "Henry"),
            ("Кate", "Kate"),
            ("КІМ", "Kim"),
            ("МІКЕ", "mike"),
            ("Мax", "Max"),
            ("Νina", "Nina"),
            ("Ηenry", "henry"),
            ("Υves", "Yves"),
            ("Ζoe", "Zoe"),
        ] {
            for real in [real.to_owned(), real.to_uppercase(), real.to_lowercase()] {
                assert!(look_alike(fake, &real), "{fake} and {real}");
                assert!(!name(fake).may_stand_beside(&real), "{fake} and {real}");
            }
        }
    }

    #[test]
    fn ordinary_names_are_not_in_each_others_way() {
        let names = [
            "Ольга",
            "Олег",
            "Анна",
            "Тимур",
            "Максим",
            "Наталья",
            "Вера",
            "Кирилл",
            "Ελένη",
            "Νίκος",
            "Ζωή",
            "李雷",
            "李磊",
            "محمد",
            "Zoë",
            "Zoe",
            "Tom",
            "Max",
            "Bob",
            "Kate",
            "Nina",
            "Anna",
            "Oleg",
            "Vera",
            "Alda Jónsdóttir",
            "Aida Jónsdóttir",
            "Élia",
            "Élla",
        ];
        for (at, one) in names.iter().enumerate() {
            for other in &names[at + 1..] {
                assert!(!look_alike(one, other), "{one} and {other}");
            }
        }
    }

    #[test]
    fn a_name_is_made_of_what_somebody_is_called() {
        let derived = |text| Username::derived(text, UsernamePolicy::Open);
        assert_eq!(derived("Ada Lovelace").as_str(), "Ada Lovelace");
        assert_eq!(derived(" A\u{0}da  \u{202e}Love\tlace ").as_str(), "Ada Lovelace");
        assert_eq!(derived("\u{200b} \u{0}").as_str(), "user");
        assert_eq!(derived("Ada Lovelace").numbered(2, UsernamePolicy::Open).as_str(), "Ada Lovelace 2");
        let long = derived(&"a".repeat(300)).numbered(999_999_999, UsernamePolicy::Open);
        assert!(open(long.as_str()).is_ok());
        let strict = Username::derived("Zoë Lovelace", UsernamePolicy::Strict);
        assert_eq!(strict.numbered(2, UsernamePolicy::Strict).as_str(), "Zo.Lovelace.2");
    }

    #[test]
    fn the_strict_policy_narrows() {
        let strict = |text| Username::parse(text, UsernamePolicy::Strict);
        assert!(strict("a.b_c-d+e9").is_ok());
        assert_eq!(strict("User Name").map_err(|v| v.rule), Err(Rule::OutsidePolicy));
        assert_eq!(strict("Zoë").map_err(|v| v.rule), Err(Rule::OutsidePolicy));
    }
}
