//! How much of something a component may.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::text::size;

/// How much of something a component may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    Whole,
    /// Some methods.
    Methods(BTreeSet<String>),
    /// So many bytes.
    Bytes(u64),
    /// So many.
    Number(u64),
    /// The addresses, or the ports, from the first to before the last.
    Addresses(Range<u64>),
    /// So many microseconds of each period of so many.
    Share {
        /// In each period.
        budget: u64,
        /// A period.
        period: u64,
    },
    /// As urgent as that: the lower, the more.
    Urgency(u64),
    /// So many microseconds after the start of a period: the sooner, the more.
    Due(u64),
    /// This way; none is more than another.
    Way(String),
}

impl Extent {
    /// What `self` has that `other` has not, in words; `None` if that is nothing.
    pub fn beyond(&self, other: &Self) -> Option<String> {
        match (self, other) {
            (Self::Methods(ours), Self::Methods(theirs)) => {
                let more: Vec<_> = ours.difference(theirs).map(String::as_str).collect();
                (!more.is_empty()).then(|| more.join(", "))
            }
            (Self::Whole, Self::Methods(_)) => Some(format!("all methods but {}", other.describe())),
            _ => self.is_beyond(other).then(|| self.instead_of(other)),
        }
    }

    /// In words, what differs between `self` and `other` if neither has more.
    pub fn beside(&self, other: &Self) -> Option<String> {
        let is_other = self != other && self.beyond(other).or_else(|| other.beyond(self)).is_none();
        is_other.then(|| self.instead_of(other))
    }

    fn is_beyond(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bytes(ours), Self::Bytes(theirs)) | (Self::Number(ours), Self::Number(theirs)) => ours > theirs,
            (Self::Urgency(ours), Self::Urgency(theirs)) | (Self::Due(ours), Self::Due(theirs)) => ours < theirs,
            (Self::Addresses(ours), Self::Addresses(theirs)) => ours.start < theirs.start || ours.end > theirs.end,
            (Self::Share { budget, period }, Self::Share { budget: other, period: of }) => {
                u128::from(*budget) * u128::from(*of) > u128::from(*other) * u128::from(*period)
            }
            (Self::Way(_), Self::Way(_)) | (_, Self::Whole) => false,
            _ => true,
        }
    }

    /// Both, of one thing.
    pub(super) fn add(&mut self, other: Self) {
        match (&mut *self, other) {
            (Self::Methods(ours), Self::Methods(theirs)) => ours.extend(theirs),
            (_, Self::Whole) => *self = Self::Whole,
            _ => {}
        }
    }

    /// In words; empty for all.
    pub fn describe(&self) -> String {
        match self {
            Self::Whole => String::new(),
            Self::Methods(methods) => methods.iter().map(String::as_str).collect::<Vec<_>>().join(", "),
            Self::Bytes(bytes) => size(*bytes),
            Self::Number(number) | Self::Urgency(number) => number.to_string(),
            Self::Due(microseconds) => format!("{microseconds} microseconds"),
            Self::Addresses(range) => format!("{:#x}-{:#x}", range.start, range.end.saturating_sub(1)),
            Self::Share { budget, period } => format!("{budget} of {period} microseconds"),
            Self::Way(way) => way.clone(),
        }
    }

    fn instead_of(&self, other: &Self) -> String {
        let words = |extent: &Self| match extent {
            Self::Whole => "no limit".to_owned(),
            limited => limited.describe(),
        };
        format!("{} instead of {}", words(self), words(other))
    }
}
