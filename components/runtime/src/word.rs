//! What crosses a component boundary: values that fit a register.

use core::mem::MaybeUninit;

/// A value that crosses a component boundary in a register.
///
/// The other side can send any word. `from_word` accepts them all; a type
/// that not every word is a value of keeps its low bits, or checks.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot cross a component boundary in a register",
    label = "not a word",
    note = "a method takes at most four words and answers with `()`, a word, or a pair of words"
)]
pub trait Word: Copy {
    /// The word that stands for this value.
    fn into_word(self) -> u64;

    /// The value that a word stands for.
    fn from_word(word: u64) -> Self;
}

macro_rules! integers {
    ($($integer:ty)*) => {$(
        impl Word for $integer {
            #[inline]
            fn into_word(self) -> u64 {
                self as u64
            }

            #[inline]
            fn from_word(word: u64) -> Self {
                word as Self
            }
        }
    )*};
}

integers!(u8 u16 u32 u64 usize i8 i16 i32 i64 isize);

impl Word for bool {
    #[inline]
    fn into_word(self) -> u64 {
        self.into()
    }

    #[inline]
    fn from_word(word: u64) -> Self {
        word != 0
    }
}

/// What a method answers with when it succeeds: nothing, a word, or a pair of words.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot cross a component boundary in a register",
    label = "not an answer",
    note = "a method takes at most four words and answers with `()`, a word, or a pair of words"
)]
pub trait Answer: Copy {
    /// The two words that stand for this answer.
    fn into_words(self) -> [u64; 2];

    /// How many of the words mean something.
    #[doc(hidden)]
    const WORDS: usize = 2;

    /// The same, but for words that mean nothing: those need not be anything.
    #[doc(hidden)]
    #[inline]
    fn into_meant_words(self) -> [MaybeUninit<u64>; 2] {
        self.into_words().map(MaybeUninit::new)
    }

    /// The answer that two words stand for.
    fn from_words(words: [u64; 2]) -> Self;
}

impl Answer for () {
    const WORDS: usize = 0;

    #[inline]
    fn into_words(self) -> [u64; 2] {
        [0; 2]
    }

    #[inline]
    fn into_meant_words(self) -> [MaybeUninit<u64>; 2] {
        [MaybeUninit::uninit(); 2]
    }

    #[inline]
    fn from_words(_: [u64; 2]) -> Self {}
}

impl<W: Word> Answer for W {
    const WORDS: usize = 1;

    #[inline]
    fn into_words(self) -> [u64; 2] {
        [self.into_word(), 0]
    }

    #[inline]
    fn into_meant_words(self) -> [MaybeUninit<u64>; 2] {
        [MaybeUninit::new(self.into_word()), MaybeUninit::uninit()]
    }

    #[inline]
    fn from_words([first, _]: [u64; 2]) -> Self {
        W::from_word(first)
    }
}

impl<A: Word, B: Word> Answer for (A, B) {
    const WORDS: usize = 2;

    #[inline]
    fn into_words(self) -> [u64; 2] {
        [self.0.into_word(), self.1.into_word()]
    }

    #[inline]
    fn from_words([first, second]: [u64; 2]) -> Self {
        (A::from_word(first), B::from_word(second))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_come_back_as_they_went() {
        assert_eq!(i32::from_word((-5_i32).into_word()), -5);
        assert_eq!(u64::from_word(u64::MAX.into_word()), u64::MAX);
        assert_eq!(u8::from_word(200_u8.into_word()), 200);
    }

    #[test]
    fn a_word_that_is_no_value_keeps_its_low_bits() {
        assert_eq!(u8::from_word(0x1_02), 2);
        assert!(bool::from_word(1 << 40));
    }

    #[test]
    fn answers_use_no_more_words_than_they_need() {
        assert_eq!(().into_words(), [0, 0]);
        assert_eq!(7_u16.into_words(), [7, 0]);
        assert_eq!((true, 9_u64).into_words(), [1, 9]);
        assert_eq!(<(bool, u8)>::from_words([1, 9]), (true, 9));
    }
}
