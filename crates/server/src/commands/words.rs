//! The words of the command line for what is wrong with something given.

use parlour_model::{Field, Rule, Violation};

/// What is wrong, as a sentence without its full stop.
pub(super) fn violation(violation: &Violation) -> String {
    let field = field(violation.field);
    match violation.rule {
        Rule::Required | Rule::Blank => format!("the {field} is missing"),
        Rule::TooShort(least) => format!("the {field} needs at least {least} characters"),
        Rule::TooLong(most) => format!("the {field} has at most {most} characters"),
        Rule::TooManyBytes(most) => format!("the {field} has at most {most} bytes"),
        Rule::ForbiddenCharacter => format!("the {field} holds a character that cannot be seen"),
        Rule::OuterSpace => format!("the {field} begins or ends with a space"),
        Rule::OutsidePolicy => format!("the {field} takes letters, digits and . _ - + only"),
        Rule::NotAnEmail => format!("the {field} is none"),
        Rule::TooCommon => format!("the {field} is one of the most common"),
        Rule::EntirelyNumeric => format!("the {field} is made of digits only"),
        Rule::OutOfRange(least, most) => format!("the {field} goes from {least} to {most}"),
        Rule::TooMany(most) => format!("the {field} may be there {most} times at most"),
        Rule::NotAnEmoji => format!("the {field} is no emoji"),
        Rule::ContainsName => format!("the {field} contains the username or the e-mail"),
    }
}

/// The name of a field.
pub(super) const fn field(field: Field) -> &'static str {
    match field {
        Field::Username => "username",
        Field::Email => "e-mail address",
        Field::Password => "password",
        Field::DisplayName => "display name",
        Field::FirstName => "first name",
        Field::LastName => "last name",
        Field::FacilityId => "facility",
        Field::ProfilePicture => "picture",
        Field::Bio => "bio",
        Field::RoomName => "room name",
        Field::Text => "text",
        Field::Key => "key",
        Field::Topic => "topic",
        Field::SlowMode => "slow mode",
        Field::Emoji => "reaction",
        Field::Reason => "reason",
        Field::Seconds => "time",
        Field::Avatar => "avatar",
        Field::AdminLevel => "admin_level",
        Field::IdempotencyKey => "idempotency key",
    }
}
