//! Amounts with their units, and the goals that they are held against.

use std::fmt::{self, Display, Formatter};

/// Something measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Amount {
    /// So many a second.
    PerSecond(f64),
    /// Of a value to its floor.
    Ratio(f64),
    /// Time.
    Milliseconds(f64),
    /// Time of a processor.
    Microseconds(f64),
    /// Memory.
    Mebibytes(f64),
    /// Memory of a small thing.
    Kibibytes(f64),
    /// A number of things.
    Count(f64),
}

/// What a result must reach, in the result's own unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Goal {
    /// No less.
    AtLeast(f64),
    /// No more.
    AtMost(f64),
}

impl Amount {
    fn value(self) -> f64 {
        let (Self::PerSecond(value)
        | Self::Ratio(value)
        | Self::Milliseconds(value)
        | Self::Microseconds(value)
        | Self::Mebibytes(value)
        | Self::Kibibytes(value)
        | Self::Count(value)) = self;
        value
    }

    fn with_value(self, value: f64) -> Self {
        match self {
            Self::PerSecond(_) => Self::PerSecond(value),
            Self::Ratio(_) => Self::Ratio(value),
            Self::Milliseconds(_) => Self::Milliseconds(value),
            Self::Microseconds(_) => Self::Microseconds(value),
            Self::Mebibytes(_) => Self::Mebibytes(value),
            Self::Kibibytes(_) => Self::Kibibytes(value),
            Self::Count(_) => Self::Count(value),
        }
    }
}

impl Display for Amount {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::PerSecond(value) if *value >= 1000.0 => write!(f, "{value:.0}/s"),
            Self::PerSecond(value) => write!(f, "{value:.1}/s"),
            Self::Ratio(value) => write!(f, "{value:.3}"),
            Self::Milliseconds(value) => write!(f, "{value:.2} ms"),
            Self::Microseconds(value) if *value < 10.0 => write!(f, "{value:.2} µs"),
            Self::Microseconds(value) => write!(f, "{value:.1} µs"),
            Self::Mebibytes(value) => write!(f, "{value:.1} MiB"),
            Self::Kibibytes(value) => write!(f, "{value:.2} KiB"),
            Self::Count(value) => write!(f, "{value:.0}"),
        }
    }
}

impl Goal {
    /// Whether a result reaches it. One that is not a number reaches none.
    pub(crate) fn met_by(self, result: Amount) -> bool {
        match self {
            Self::AtLeast(least) => result.value() >= least,
            Self::AtMost(most) => result.value() <= most,
        }
    }

    /// The goal as text, with the unit of the result it is for.
    pub(crate) fn in_unit_of(self, result: Amount) -> String {
        match self {
            Self::AtLeast(least) => format!("≥ {}", result.with_value(least)),
            Self::AtMost(most) => format!("≤ {}", result.with_value(most)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_told_with_their_units() {
        let amounts = [
            Amount::PerSecond(81_234.5),
            Amount::PerSecond(117.26),
            Amount::Ratio(0.9512),
            Amount::Milliseconds(1.234),
            Amount::Microseconds(12.34),
            Amount::Microseconds(0.064),
            Amount::Mebibytes(20.0),
            Amount::Kibibytes(1.25),
            Amount::Count(3.0),
        ];
        let told = amounts.map(|amount| amount.to_string());
        assert_eq!(told, ["81234/s", "117.3/s", "0.951", "1.23 ms", "12.3 µs", "0.06 µs", "20.0 MiB", "1.25 KiB", "3"]);
    }

    #[test]
    fn a_goal_is_met_at_its_edge() {
        assert!(Goal::AtLeast(0.8).met_by(Amount::Ratio(0.8)) && !Goal::AtLeast(0.8).met_by(Amount::Ratio(0.79)));
        assert!(Goal::AtMost(5.0).met_by(Amount::Milliseconds(5.0)));
        assert!(!Goal::AtMost(5.0).met_by(Amount::Milliseconds(5.1)));
        assert!(!Goal::AtMost(5.0).met_by(Amount::Milliseconds(f64::NAN)));
        assert_eq!(Goal::AtMost(5.0).in_unit_of(Amount::Milliseconds(1.0)), "≤ 5.00 ms");
    }
}
