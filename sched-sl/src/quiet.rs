//! Which cores of a scheduler have nothing to do, and whether any of them ever will.
//!
//! A core is *quiet* when nothing can happen there but what another core brings about. When all are, nothing will ever happen: the system
//! cannot go on, and the last one to fall quiet says so. It must not say so while something is on its way from one core to another. So each
//! core that has something for another says that, once it is where the other looks, and a core that was told so is not quiet before it has looked:
//!
//! ```text
//!   who sends:  puts it there ──▶ tell ──▶ interrupts the core
//!   the core:   look ──▶ takes in what is there ──▶ nothing to do? ──▶ fall_quiet ──▶ waits ──▶ rouse ──▶ look …
//!                 ▲                                                    │ told
//!                 └────────────────────────────────────────────────────┘
//! ```
//!
//! Whether a core is quiet and whether it was told of something are bits of one word, for all cores: each step changes at once what is
//! known of all. Whoever tells is on a core that is not quiet until it has told.

use crate::word::Word;

/// Cores that there is room for.
const CORES: u32 = 32;

/// How a core that has nothing to do may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quiet {
    /// It was told of something, and is to look first.
    No,
    /// Another core may have something for it.
    Yes,
    /// So are all others: nothing will ever happen.
    ForEver,
}

/// The cores of a scheduler.
#[derive(Debug, Default)]
pub struct QuietCores<W> {
    /// A bit for each core that is quiet, and above those a bit for each that was told of something.
    word: W,
}

const fn quiet(core: u32) -> u64 {
    1 << (core % CORES)
}

const fn told(core: u32) -> u64 {
    quiet(core) << CORES
}

impl<W> QuietCores<W> {
    /// None is quiet, of a word that is 0.
    pub const fn new(word: W) -> Self {
        Self { word }
    }
}

impl<W: Word> QuietCores<W> {
    /// Says that there is something for a core, which therefore is not quiet.
    pub fn tell(&self, core: u32) {
        self.word.update(|found| Some(found & !quiet(core) | told(core)));
    }

    /// Notes that the core takes in what there is for it, from now on.
    pub fn look(&self, core: u32) {
        self.word.update(|found| Some(found & !told(core)));
    }

    /// Notes that the core may have something to do.
    pub fn rouse(&self, core: u32) {
        self.word.update(|found| Some(found & !quiet(core)));
    }

    /// Notes that a core has nothing to do, one of the scheduler's `cores`, unless it was told of something that it has not looked at.
    pub fn fall_quiet(&self, core: u32, cores: u64) -> Quiet {
        match self.word.update(|found| (found & told(core) == 0).then_some(found | quiet(core))) {
            None => Quiet::No,
            Some(found) if (found | quiet(core)) & cores == cores => Quiet::ForEver,
            Some(_) => Quiet::Yes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::sync::atomic::AtomicU64;

    const CORES: u64 = 0b101;

    #[test]
    fn nothing_will_happen_once_all_cores_are_quiet() {
        let cores = QuietCores::<AtomicU64>::default();
        assert_eq!([0, 0, 2].map(|core| cores.fall_quiet(core, CORES)), [Quiet::Yes, Quiet::Yes, Quiet::ForEver]);
        cores.rouse(0);
        assert_eq!([2, 0].map(|core| cores.fall_quiet(core, CORES)), [Quiet::Yes, Quiet::ForEver]);
    }

    #[test]
    fn who_was_told_of_something_looks_first_however_often_it_would_wait() {
        let cores = QuietCores::<AtomicU64>::default();
        cores.fall_quiet(2, CORES);
        cores.tell(2);
        assert_eq!(cores.fall_quiet(0, CORES), Quiet::Yes, "the other is not quiet");
        assert_eq!([2, 2].map(|core| cores.fall_quiet(core, CORES)), [Quiet::No; 2]);
        cores.rouse(2);
        assert_eq!(cores.fall_quiet(2, CORES), Quiet::No, "it has not looked");
        cores.look(2);
        assert_eq!(cores.fall_quiet(2, CORES), Quiet::ForEver);
    }
}
