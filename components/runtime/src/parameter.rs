//! Words that the graph can set.

use crate::Word;
use core::marker::PhantomData;

/// A type of which the graph can set a value: the composer refuses what is none.
#[diagnostic::on_unimplemented(
    message = "the graph cannot set a `{Self}`",
    label = "not an integer and not a boolean",
    note = "`runtime::text!` is for texts"
)]
pub trait ParameterType: Word {
    /// The type's name, as in `abi::setting`.
    const NAME: &'static str;
}

macro_rules! types {
    ($($kind:ident)*) => {$(
        impl ParameterType for $kind {
            const NAME: &'static str = stringify!($kind);
        }
    )*};
}

types!(bool u8 u16 u32 u64 usize i8 i16 i32 i64 isize);

/// A word that the graph can set; made by [`parameter!`](crate::parameter).
#[repr(transparent)]
pub struct Parameter<T> {
    word: u64,
    kind: PhantomData<fn() -> T>,
}

impl<T: ParameterType> Parameter<T> {
    /// The name of its type, for the composer.
    pub const TYPE: &'static str = T::NAME;

    /// A parameter that has its default until the composer sets it.
    pub const fn new(default: u64) -> Self {
        Self { word: default, kind: PhantomData }
    }

    /// The value in the graph, or else the default.
    #[inline]
    pub fn get(&self) -> T {
        // SAFETY: a reference can be read through. Volatile, because the word
        // in the image is not always the one that the compiler put there.
        T::from_word(unsafe { (&raw const self.word).read_volatile() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use abi::setting::SettingType;

    #[test]
    fn a_parameter_has_its_default_until_it_is_set() {
        assert_eq!(Parameter::<u64>::new(1000).get(), 1000);
        assert!(Parameter::<bool>::new(1).get());
    }

    #[test]
    fn the_composer_knows_every_type_of_a_parameter() {
        fn is_known<T: ParameterType>() -> bool {
            SettingType::from_name(Parameter::<T>::TYPE).is_some()
        }
        let signed = is_known::<i8>() && is_known::<i16>() && is_known::<i32>() && is_known::<i64>();
        let unsigned = is_known::<u8>() && is_known::<u16>() && is_known::<u32>() && is_known::<u64>();
        assert!(signed && unsigned && is_known::<isize>() && is_known::<usize>() && is_known::<bool>());
    }
}
