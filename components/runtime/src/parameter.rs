//! Words that the graph can set.

use crate::Word;
use core::marker::PhantomData;

/// A word that the graph can set; made by [`parameter!`](crate::parameter).
#[repr(transparent)]
pub struct Parameter<T> {
    word: u64,
    kind: PhantomData<fn() -> T>,
}

impl<T: Word> Parameter<T> {
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

    #[test]
    fn a_parameter_has_its_default_until_it_is_set() {
        assert_eq!(Parameter::<u64>::new(1000).get(), 1000);
        assert!(Parameter::<bool>::new(1).get());
    }
}
