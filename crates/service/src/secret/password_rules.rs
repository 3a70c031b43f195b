//! Which passwords a new account may have.

use parlour_model::{Contract, Field, Password, Rule, Violation};

use crate::settings::PasswordPolicy;

/// The 20,000 most common passwords, lower case, sorted: the list that Django publishes (BSD), made by Royce Williams.
const COMMON: &str = include_str!("common_passwords.txt");

/// The rules that hold for a new password.
struct Rules<'a> {
    minimum: usize,
    refuse_common: bool,
    refuse_numeric: bool,
    /// What the password must not contain.
    names: &'a [&'a str],
}

/// What is wrong with a new password; empty when nothing is. `names` are the account's username and e-mail.
pub fn violations(password: &Password, names: &[&str], contract: Contract, policy: PasswordPolicy) -> Vec<Violation> {
    let rules = match (policy, contract) {
        (PasswordPolicy::Strict { minimum }, _) => Rules { minimum, refuse_common: true, refuse_numeric: true, names },
        (PasswordPolicy::Contract, Contract::Cookies | Contract::Native | Contract::Console) => {
            Rules { minimum: 8, refuse_common: true, refuse_numeric: true, names: &[] }
        }
        (PasswordPolicy::Contract, Contract::Tokens) => {
            Rules { minimum: 8, refuse_common: false, refuse_numeric: false, names: &[] }
        }
        (PasswordPolicy::Contract, Contract::Actions | Contract::Rooms | Contract::Lobby) => {
            Rules { minimum: 1, refuse_common: false, refuse_numeric: false, names: &[] }
        }
    };
    rules.broken_by(password.as_str()).map(|rule| Violation::new(Field::Password, rule)).collect()
}

impl Rules<'_> {
    fn broken_by(&self, password: &str) -> impl Iterator<Item = Rule> {
        let lower = password.to_lowercase();
        let short = password.chars().count() < self.minimum;
        let common = self.refuse_common && is_common(&lower);
        let numeric = self.refuse_numeric && password.chars().all(|c| c.is_ascii_digit());
        let named = self.names.iter().any(|name| name.chars().count() >= 3 && lower.contains(&name.to_lowercase()));
        [
            short.then_some(Rule::TooShort(self.minimum)),
            common.then_some(Rule::TooCommon),
            numeric.then_some(Rule::EntirelyNumeric),
            named.then_some(Rule::ContainsName),
        ]
        .into_iter()
        .flatten()
    }
}

/// Whether a lower-case password stands in the list, by binary search over its lines.
fn is_common(password: &str) -> bool {
    let (mut low, mut high) = (0, COMMON.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        let start = COMMON.as_bytes()[..middle].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let end =
            COMMON.as_bytes()[middle..].iter().position(|byte| *byte == b'\n').map_or(COMMON.len(), |at| middle + at);
        match COMMON[start..end].cmp(password) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => low = end + 1,
            std::cmp::Ordering::Greater => high = start,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str, contract: Contract, policy: PasswordPolicy) -> Vec<Rule> {
        let password = Password::parse(text.to_owned()).expect("a password");
        violations(&password, &["JohnSmith"], contract, policy).into_iter().map(|v| v.rule).collect()
    }

    #[test]
    fn every_line_of_the_list_is_found_and_nothing_else() {
        assert_eq!(COMMON.lines().count(), 19_640);
        assert!(COMMON.lines().all(is_common));
        for text in ["", "correct horse battery staple", "123456 ", "zzzzzzzzzzzzzzzzzzzz", "!!"] {
            assert!(!is_common(text), "{text:?}");
        }
    }

    #[test]
    fn each_contract_keeps_its_own_rules() {
        let own = |text, contract| rules(text, contract, PasswordPolicy::Contract);
        assert_eq!(own("1234", Contract::Cookies), [Rule::TooShort(8), Rule::TooCommon, Rule::EntirelyNumeric]);
        assert_eq!(own("1234", Contract::Tokens), [Rule::TooShort(8)]);
        assert_eq!(own("1234", Contract::Rooms), []);
        assert_eq!(own("password", Contract::Tokens), []);
        assert_eq!(own("éééééééé", Contract::Tokens), []);
    }

    #[test]
    fn the_strict_policy_holds_everywhere() {
        let strict = PasswordPolicy::Strict { minimum: 15 };
        assert_eq!(rules("1234", Contract::Rooms, strict).len(), 3);
        assert_eq!(rules("my johnsmith password", Contract::Rooms, strict), [Rule::ContainsName]);
        assert_eq!(rules("correct horse battery staple", Contract::Lobby, strict), []);
    }
}
