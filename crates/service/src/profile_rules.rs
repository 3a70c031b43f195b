//! Which profiles a contract takes: lengths for all, and what each promises beyond.

use parlour_model::hidden::{Lines, holds_hidden};
use parlour_model::{Contract, Field, Profile, ProfileChange, Rule, Violation};

/// Fewest and most characters of a text.
struct Length {
    field: Field,
    least: usize,
    most: usize,
    /// Whether white space alone counts as nothing.
    refuse_blank: bool,
    /// What everybody sees holds nothing that nobody sees; the rest is as its owner wants it.
    shown: Option<Lines>,
}

const FIRST_NAME: Length = length(Field::FirstName, 150);
const LAST_NAME: Length = length(Field::LastName, 150);
const DISPLAY_NAME: Length = Length { shown: Some(Lines::One), ..length(Field::DisplayName, 50) };
const FACILITY_ID: Length = length(Field::FacilityId, 50);
const PROFILE_PICTURE: Length = length(Field::ProfilePicture, 2_048);
const BIO: Length = Length { shown: Some(Lines::Many), ..length(Field::Bio, 2_000) };

const fn length(field: Field, most: usize) -> Length {
    Length { field, least: 0, most, refuse_blank: false, shown: None }
}

/// What is wrong with the profile of a new account.
pub(crate) fn violations(profile: &Profile, contract: Contract) -> Vec<Violation> {
    let cookies = contract == Contract::Cookies;
    let tokens = contract == Contract::Tokens;
    [
        (&profile.first_name, Length { refuse_blank: tokens, ..FIRST_NAME }),
        (&profile.last_name, Length { refuse_blank: tokens, ..LAST_NAME }),
        (&profile.display_name, Length { least: if cookies { 2 } else { 0 }, ..DISPLAY_NAME }),
        (&profile.facility_id, Length { least: usize::from(cookies), ..FACILITY_ID }),
        (&profile.profile_picture, PROFILE_PICTURE),
        (&profile.bio, BIO),
    ]
    .into_iter()
    .filter_map(|(text, length)| length.broken_by(text))
    .collect()
}

/// What is wrong with a change of a profile.
pub(crate) fn change_violations(change: &ProfileChange) -> Vec<Violation> {
    [
        (&change.first_name, FIRST_NAME),
        (&change.last_name, LAST_NAME),
        (&change.display_name, DISPLAY_NAME),
        (&change.facility_id, FACILITY_ID),
        (&change.profile_picture, PROFILE_PICTURE),
        (&change.bio, BIO),
    ]
    .into_iter()
    .filter_map(|(text, length)| length.broken_by(text.as_deref()?))
    .collect()
}

impl Length {
    fn broken_by(&self, text: &str) -> Option<Violation> {
        let count = text.chars().count();
        let rule = if self.refuse_blank && text.trim().is_empty() {
            Rule::Blank
        } else if text.contains('\0') || self.shown.is_some_and(|lines| holds_hidden(text, lines)) {
            // PostgreSQL has no text with NUL in it, and no person has one in their name.
            Rule::ForbiddenCharacter
        } else if count < self.least {
            Rule::TooShort(self.least)
        } else if count > self.most {
            Rule::TooLong(self.most)
        } else {
            return None;
        };
        Some(Violation::new(self.field, rule))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_contract_has_its_own_least() {
        let profile = Profile { display_name: "J".to_owned(), last_name: " ".to_owned(), ..Profile::default() };
        let fields = |contract| violations(&profile, contract).iter().map(|v| v.field).collect::<Vec<_>>();
        assert_eq!(fields(Contract::Cookies), [Field::DisplayName, Field::FacilityId]);
        assert_eq!(fields(Contract::Tokens), [Field::FirstName, Field::LastName]);
        assert_eq!(fields(Contract::Rooms), []);
    }

    #[test]
    fn what_everybody_sees_hides_nothing() {
        let change = |name: &str, bio: &str| ProfileChange {
            display_name: Some(name.to_owned()),
            bio: Some(bio.to_owned()),
            ..ProfileChange::default()
        };
        assert_eq!(change_violations(&change("Ada 👩\u{200d}🚀", "one\r\ntwo")), []);
        let broken = change_violations(&change("Ada\u{202e}", "one\u{200b}two"));
        let forbidden = |field| Violation::new(field, Rule::ForbiddenCharacter);
        assert_eq!(broken, [forbidden(Field::DisplayName), forbidden(Field::Bio)]);
        assert_eq!(change_violations(&change("two\nlines", "")), [forbidden(Field::DisplayName)]);
        let own = ProfileChange { first_name: Some("A\u{200b}".to_owned()), ..ProfileChange::default() };
        assert_eq!(change_violations(&own), [], "nobody else sees it");
    }

    #[test]
    fn a_change_is_held_to_the_same_lengths() {
        let change = ProfileChange { bio: Some("x".repeat(2_001)), ..ProfileChange::default() };
        assert_eq!(change_violations(&change), [Violation::new(Field::Bio, Rule::TooLong(2_000))]);
        assert_eq!(change_violations(&ProfileChange::default()), []);
    }
}
