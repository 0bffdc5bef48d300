//! Untyped frames, taken one after another from what the kernel left.

use crate::Failure;
use abi::boot::{BootInformation, RANGES, UntypedRange};
use abi::layout::PAGE;

/// What is left of the untyped memory.
#[derive(Clone, Debug)]
pub struct Frames {
    ranges: [UntypedRange; RANGES],
    current: usize,
}

impl Frames {
    /// Everything that the kernel lists.
    pub fn new(information: &BootInformation) -> Self {
        let mut ranges = [UntypedRange { start: 0, frames: 0 }; RANGES];
        for (range, listed) in ranges.iter_mut().zip(information.untyped()) {
            *range = listed;
        }
        Self { ranges, current: 0 }
    }

    /// The name of a frame that has not been taken.
    ///
    /// # Errors
    ///
    /// [`Failure::OutOfMemory`].
    pub fn take(&mut self) -> Result<u64, Failure> {
        while let Some(range) = self.ranges.get_mut(self.current) {
            if range.frames > 0 {
                let name = range.start;
                range.start += PAGE;
                range.frames -= 1;
                return Ok(name);
            }
            self.current += 1;
        }
        Err(Failure::OutOfMemory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_frame_is_taken_once() {
        let information = BootInformation { words: &[0, 3, 0x1000, 2, 0x9000, 0, 0x8000, 1] };
        let mut frames = Frames::new(&information);
        assert_eq!([(); 3].map(|()| frames.take()), [Ok(0x1000), Ok(0x2000), Ok(0x8000)]);
        assert_eq!(frames.take(), Err(Failure::OutOfMemory));
        assert_eq!(frames.take(), Err(Failure::OutOfMemory));
    }
}
