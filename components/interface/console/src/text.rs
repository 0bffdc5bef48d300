//! Text as words.

/// Bytes of text in one call.
pub const TEXT_BYTES: usize = runtime::pieces::PIECE;

/// Up to [`TEXT_BYTES`] bytes of text; the first zero byte ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text([u8; TEXT_BYTES]);

impl Text {
    /// As much of `bytes` as fits, and ends before the first zero byte.
    pub fn new(bytes: &[u8]) -> Self {
        let mut text = [0; TEXT_BYTES];
        text.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        Self(text)
    }

    /// The text that the words hold.
    pub fn from_words(words: [u64; 4]) -> Self {
        let mut text = [0; TEXT_BYTES];
        for (bytes, word) in text.chunks_exact_mut(8).zip(words) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        Self(text)
    }

    /// The words that hold the text.
    pub fn words(&self) -> [u64; 4] {
        runtime::pieces::words(&self.0)
    }

    /// The bytes before the first that is zero.
    pub fn bytes(&self) -> &[u8] {
        self.0.split(|byte| *byte == 0).next().unwrap_or(&[])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_comes_back_as_it_went() {
        for length in 0..=TEXT_BYTES {
            let bytes = &b"an answer of exactly 32 bytes ..."[..length];
            assert_eq!(Text::from_words(Text::new(bytes).words()).bytes(), bytes);
        }
    }

    #[test]
    fn the_first_byte_is_the_lowest() {
        assert_eq!(Text::new(b"AB").words(), [0x4241, 0, 0, 0]);
    }

    #[test]
    fn text_ends_at_a_zero_byte_and_where_it_no_longer_fits() {
        assert_eq!(Text::new(b"one\0two").bytes(), b"one");
        assert_eq!(Text::new(&[b'a'; 40]).bytes(), &[b'a'; 32]);
    }
}
