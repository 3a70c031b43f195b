//! What is wrong with something a person sent, as values: each contract has its own sentences for them.

/// The part of a request that a rule speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// The account's name.
    Username,
    /// The account's address.
    Email,
    /// The password of a sign-up or a login, or the new one of a change.
    Password,
    /// The name that others see.
    DisplayName,
    /// Given name.
    FirstName,
    /// Family name.
    LastName,
    /// The facility the person belongs to.
    FacilityId,
    /// The address of the person's picture.
    ProfilePicture,
    /// A few words about oneself.
    Bio,
    /// A room's name.
    RoomName,
    /// A message's text.
    Text,
    /// The client's own key of a message.
    Key,
    /// What a room is about.
    Topic,
    /// Seconds between two messages of one person.
    SlowMode,
    /// A reaction.
    Emoji,
    /// Why somebody was kept out.
    Reason,
    /// How long something holds.
    Seconds,
    /// A picture of a person.
    Avatar,
    /// What somebody may do beyond their own account.
    AdminLevel,
    /// The name of a request by which a repeat is known.
    IdempotencyKey,
}

/// The rule that was broken. Lengths count characters (Unicode scalar values) unless a variant says bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// Nothing was given.
    Required,
    /// Only white space was given.
    Blank,
    /// Fewer characters than this.
    TooShort(usize),
    /// More characters than this.
    TooLong(usize),
    /// More bytes of UTF-8 than this.
    TooManyBytes(usize),
    /// A control, bidirectional or invisible character, or an unassigned one.
    ForbiddenCharacter,
    /// A space at the beginning or the end.
    OuterSpace,
    /// A character that the operator's strict policy leaves out.
    OutsidePolicy,
    /// Not an e-mail address (RFC 5321 §4.1.2, without the quoted and bracketed forms).
    NotAnEmail,
    /// One of the 20,000 most common passwords.
    TooCommon,
    /// A password of digits only.
    EntirelyNumeric,
    /// A password that contains the username or the e-mail.
    ContainsName,
    /// A number outside of these bounds.
    OutOfRange(i64, i64),
    /// More different emojis on one message than this.
    TooMany(usize),
    /// Not an emoji.
    NotAnEmoji,
}

/// One broken rule at one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Violation {
    /// Where.
    pub field: Field,
    /// What.
    pub rule: Rule,
}

impl Violation {
    /// `rule` is broken at `field`.
    pub const fn new(field: Field, rule: Rule) -> Self {
        Self { field, rule }
    }
}
