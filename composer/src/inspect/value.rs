//! Values of a program in memory, found by the names of their parts.

use super::types::{Member, Type, Types};

/// A value.
#[derive(Clone, Copy)]
pub struct Value<'v, 'e> {
    types: &'v Types<'e>,
    /// The word that holds this address.
    word: &'v dyn Fn(u64) -> Option<u64>,
    of: Type,
    at: u64,
}

/// Newtypes in each other at most: debugging information that is damaged may have one in itself.
const DEPTH: u32 = 16;

impl<'v, 'e> Value<'v, 'e> {
    /// The value at `at`; `word` reads the aligned word that holds an address.
    pub fn new(types: &'v Types<'e>, of: Type, at: u64, word: &'v dyn Fn(u64) -> Option<u64>) -> Self {
        Self { types, word, of, at }
    }

    fn part(&self, member: &Member) -> Self {
        Self { of: member.of, at: self.at.wrapping_add(member.offset), ..*self }
    }

    /// A field, of a field, and so on.
    pub fn path(&self, names: &[&str]) -> Option<Self> {
        names.iter().try_fold(*self, |value, name| value.field(name))
    }

    /// A field.
    pub fn field(&self, name: &str) -> Option<Self> {
        self.types.members(self.of).iter().find(|member| member.name == name).map(|member| self.part(member))
    }

    /// The elements of an array, whatever newtypes are around it.
    pub fn elements(&self) -> Vec<Self> {
        let array = self.peeled(|value| value.types.elements(value.of));
        let elements = array.and_then(|(array, (of, count))| {
            let bytes = array.types.size(of)?;
            Some((0..count).map(move |number| Self {
                of,
                at: array.at.wrapping_add(number.wrapping_mul(bytes)),
                ..array
            }))
        });
        elements.into_iter().flatten().collect()
    }

    /// The number that it is, whatever newtypes are around it.
    pub fn number(&self) -> Option<u64> {
        self.peeled(|value| value.types.members(value.of).is_empty().then_some(()))?.0.plain()
    }

    /// The value within newtypes of which `is` has something to say.
    fn peeled<T>(&self, is: impl Fn(&Self) -> Option<T>) -> Option<(Self, T)> {
        let mut value = *self;
        for _ in 0..DEPTH {
            if let Some(what) = is(&value) {
                return Some((value, what));
            }
            let members = value.types.members(value.of);
            let mut solid = members.iter().filter(|member| value.types.size(member.of) != Some(0));
            let (Some(only), None) = (solid.next(), solid.next()) else { return None };
            value = value.part(only);
        }
        None
    }

    /// A number of up to eight bytes, which does not cross a word's end.
    fn plain(&self) -> Option<u64> {
        let bytes = self.types.size(self.of).filter(|bytes| (1..=8).contains(bytes))?;
        let within = self.at % 8;
        let word = (self.word)(self.at - within).filter(|_| within + bytes <= 8)?;
        Some(word >> (8 * within) & mask(bytes))
    }

    /// Which of an enumeration's variants it is, and what that has.
    pub fn variant(&self) -> Option<(String, Self)> {
        let Some(choice) = self.types.choice(self.of) else {
            return self.types.enumerator(self.of, self.plain()?).map(|name| (name, *self));
        };
        let told = match &choice.discriminant {
            Some(member) => Some((self.part(member).plain()?, mask(self.types.size(member.of)?))),
            None => None,
        };
        let is = |number: &Option<u64>| match (number, told) {
            (Some(number), Some((told, mask))) => number & mask == told,
            _ => false,
        };
        let exact = choice.variants.iter().find(|(number, _)| is(number));
        let (_, variant) = exact.or_else(|| choice.variants.iter().find(|(number, _)| number.is_none()))?;
        Some((variant.name.clone(), self.part(variant)))
    }

    /// What an `Option` has, if it has something.
    pub fn some(&self) -> Option<Self> {
        self.variant().filter(|(name, _)| name == "Some")?.1.field("__0")
    }
}

/// The lowest bits of so many bytes.
const fn mask(bytes: u64) -> u64 {
    if bytes >= 8 { u64::MAX } else { (1 << (8 * bytes)) - 1 }
}
