//! Something that chance does not find: words that have to be right one after another.

use crate::script::Script;
use play::Choices;

/// Right words.
const KEY: [u8; 4] = [0x5a, 0xc3, 0x17, 0x88];

/// How many of the first words of a case are right, up to the first that is not.
pub fn depth(script: &mut Script) -> usize {
    let mut depth = 0;
    // Written out: each step is an edge of its own.
    if script.word() as u8 == KEY[0] {
        depth = 1;
        if script.word() as u8 == KEY[1] {
            depth = 2;
            if script.word() as u8 == KEY[2] {
                depth = 3;
                if script.word() as u8 == KEY[3] {
                    depth = 4;
                }
            }
        }
    }
    std::hint::black_box(depth)
}

/// How deep one can get.
pub const DEPTH: usize = KEY.len();
