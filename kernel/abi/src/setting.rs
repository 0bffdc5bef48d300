//! The types of the words that a graph sets in an image: an image's [record](crate::record) names the type of each by its name in
//! Rust, and the composer lets a graph give it only values of that type.

/// The type of a parameter or of a constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SettingType {
    /// `true` or `false`, as 1 or 0.
    Bool,
    /// An integer, in as many of the word's low bits. A negative one is its two's complement, in all of them.
    Integer {
        /// Whether it can be negative.
        is_signed: bool,
        /// How many bits it has.
        bits: u32,
    },
}

/// The names of all types; `isize` and `usize` have the 64 bits of the machine.
const NAMES: [(&str, SettingType); 11] = [
    ("bool", SettingType::Bool),
    ("u8", SettingType::unsigned(8)),
    ("u16", SettingType::unsigned(16)),
    ("u32", SettingType::unsigned(32)),
    ("u64", SettingType::unsigned(64)),
    ("usize", SettingType::unsigned(64)),
    ("i8", SettingType::signed(8)),
    ("i16", SettingType::signed(16)),
    ("i32", SettingType::signed(32)),
    ("i64", SettingType::signed(64)),
    ("isize", SettingType::signed(64)),
];

impl SettingType {
    const fn unsigned(bits: u32) -> Self {
        Self::Integer { is_signed: false, bits }
    }

    const fn signed(bits: u32) -> Self {
        Self::Integer { is_signed: true, bits }
    }

    /// The type of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, found)| *found)
    }

    /// The least and the greatest number that it has; `None` if its values are no numbers.
    pub const fn range(self) -> Option<(i128, i128)> {
        match self {
            Self::Bool => None,
            Self::Integer { is_signed: false, bits } => Some((0, (1 << bits) - 1)),
            Self::Integer { is_signed: true, bits } => Some((-(1 << (bits - 1)), (1 << (bits - 1)) - 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_of_rust() {
        let range = |name| SettingType::from_name(name).and_then(SettingType::range);
        assert_eq!(range("u8"), Some((0, 255)));
        assert_eq!(range("i8"), Some((-128, 127)));
        assert_eq!(range("u32"), Some((0, u32::MAX.into())));
        assert_eq!(range("u64"), Some((0, u64::MAX.into())));
        assert_eq!(range("i64"), Some((i64::MIN.into(), i64::MAX.into())));
        assert_eq!(range("usize"), range("u64"));
        assert_eq!(range("isize"), range("i64"));
        assert_eq!((SettingType::from_name("bool"), range("bool")), (Some(SettingType::Bool), None));
        assert_eq!(SettingType::from_name("f32"), None);
    }
}
