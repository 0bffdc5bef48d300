//! What a machine prints before its kernel does.
//!
//! UEFI uses the serial port as a screen, which it clears and colours, and so does GRUB there. None of it is the system's, so
//! it is held back; but if no kernel ever speaks, it is all that there is to go by.

/// How every line of the kernel starts, the first as well.
const KERNEL: &[u8] = b"tessera: ";

const ESCAPE: u8 = 0x1b;

/// The console of a machine, until its kernel speaks.
#[derive(Debug, Default)]
pub struct Preamble {
    held: Vec<u8>,
    over: bool,
}

impl Preamble {
    /// Nothing is held back.
    pub fn none() -> Self {
        Self { held: Vec::new(), over: true }
    }

    /// What to show when the machine has printed `piece`, too.
    pub fn pass(&mut self, piece: Vec<u8>) -> Vec<u8> {
        if self.over {
            return piece;
        }
        let known = self.held.len().saturating_sub(KERNEL.len() - 1);
        self.held.extend(piece);
        let fresh = self.held.get(known..).unwrap_or_default();
        let Some(at) = fresh.windows(KERNEL.len()).position(|window| window == KERNEL) else {
            return Vec::new();
        };
        self.over = true;
        std::mem::take(&mut self.held).split_off(known + at)
    }

    /// Bytes that are held back.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// What was held back in vain, as plain text.
    pub fn into_text(self) -> Vec<u8> {
        let mut text = Vec::new();
        let mut bytes = self.held.into_iter();
        while let Some(byte) = bytes.next() {
            match byte {
                // A command to the screen: a bracket, numbers, and a letter that ends it.
                ESCAPE => drop(bytes.by_ref().skip(1).find(u8::is_ascii_alphabetic)),
                b'\r' => {}
                byte => text.push(byte),
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(pieces: &[&str]) -> String {
        let mut preamble = Preamble::default();
        let shown: Vec<u8> = pieces.iter().flat_map(|piece| preamble.pass(piece.as_bytes().to_vec())).collect();
        String::from_utf8(shown).unwrap()
    }

    #[test]
    fn the_first_line_of_the_kernel_is_the_first_to_be_shown() {
        assert_eq!(shown(&["\x1b[2JBoot\r\n\rtessera: loaded\nhello\n"]), "tessera: loaded\nhello\n");
        assert_eq!(shown(&["Boot\n\rtes", "s", "era", ": loaded\n", "hello\n"]), "tessera: loaded\nhello\n");
        assert_eq!(shown(&["tessera: a\n", "tessera: b\n"]), "tessera: a\ntessera: b\n");
        assert_eq!(shown(&["Boot\n", "tessera\n"]), "");
    }

    #[test]
    fn without_a_kernel_the_text_remains() {
        let mut preamble = Preamble::default();
        assert!(preamble.pass(b"\x1b[2J\x1b[01;01H\x1b[=3hBoot failed\r\n\x1b[0".to_vec()).is_empty());
        assert_eq!(preamble.held(), 33);
        assert_eq!(preamble.into_text(), b"Boot failed\n");
    }

    #[test]
    fn nothing_is_held_back_from_other_machines() {
        let mut preamble = Preamble::none();
        assert_eq!(preamble.pass(b"hello\r\n".to_vec()), b"hello\r\n");
        assert!(preamble.into_text().is_empty());
    }
}
