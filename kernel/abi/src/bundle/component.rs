//! Components, and the further threads of schedulers.

use super::{Entry, NAME_BYTES, array};
use crate::phase::Phases;

/// A component: its name, where it starts, and its share of the other tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Component {
    /// The name in the graph, padded with zeros.
    pub name: [u8; NAME_BYTES],
    /// Address at which its thread starts.
    pub entry: u64,
    /// Index of its own thread.
    pub thread: u64,
    /// First of its segments, and how many.
    pub segments: (u64, u64),
    /// First of its capabilities, and how many.
    pub capabilities: (u64, u64),
    /// First of its stacks, and how many.
    pub stacks: (u64, u64),
    /// The component that schedules its thread, as an index into the bundle's components; 0 if that is
    /// nobody, and the booter runs it.
    pub scheduler: u64,
    /// The component that constructs it, as an index into the bundle's components; 0 for the booter.
    pub constructor: u64,
    /// The core that its thread runs on.
    pub core: u64,
    /// 0 for a component; for one more thread of a component, on another core, the component, as an index into the bundle's components.
    pub of: u64,
    /// What its thread does.
    pub phases: Phases,
    /// Time of its thread's own.
    pub time: Time,
    /// The component before it whose page table it shares, as an index into the bundle's components; 0 if it has one of its
    /// own.
    pub space: u64,
    /// If it has one of its own, the component in whose page table everything is mapped at first that is to be mapped in its
    /// own as well; 0 if there is none.
    pub around: u64,
}

/// The temporal capability that belongs to a scheduler's thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u64)]
pub enum Time {
    /// There is none.
    #[default]
    None = 0,
    /// An empty one: the scheduler above fills it.
    Given = 1,
    /// One that is never used up, of the thread's core.
    Endless = 2,
}

impl Time {
    const fn from_word(word: u64) -> Self {
        match word {
            1 => Self::Given,
            2 => Self::Endless,
            _ => Self::None,
        }
    }
}

impl Component {
    /// Words of an entry.
    pub const WORDS: usize = 20;

    /// The entry's words.
    pub fn to_words(&self) -> [u64; Self::WORDS] {
        let mut words = [0; Self::WORDS];
        for (word, bytes) in words.iter_mut().zip(self.name.chunks_exact(8)) {
            *word = u64::from_le_bytes(array(bytes));
        }
        words[4..].copy_from_slice(&[
            self.entry,
            self.thread,
            self.segments.0,
            self.segments.1,
            self.capabilities.0,
            self.capabilities.1,
            self.stacks.0,
            self.stacks.1,
            self.scheduler,
            self.constructor,
            self.core,
            self.of,
            self.phases.to_word(),
            self.time as u64,
            self.space,
            self.around,
        ]);
        words
    }

    /// The name as text, or the part before the first byte that is none.
    pub fn name(&self) -> &str {
        let end = self.name.iter().position(|b| *b == 0).unwrap_or(NAME_BYTES);
        match core::str::from_utf8(&self.name[..end]) {
            Ok(name) => name,
            Err(error) => core::str::from_utf8(&self.name[..error.valid_up_to()]).unwrap_or(""),
        }
    }

    /// The name as the four words that the kernel's `Name` operation takes.
    pub fn name_words(&self) -> [u64; 4] {
        let words = self.to_words();
        [words[0], words[1], words[2], words[3]]
    }
}

impl Entry for Component {
    const WORDS: usize = Component::WORDS;

    fn from_words(w: &[u64]) -> Option<Self> {
        let mut name = [0; NAME_BYTES];
        for (bytes, word) in name.chunks_exact_mut(8).zip(w) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        Some(Self {
            name,
            entry: w[4],
            thread: w[5],
            segments: (w[6], w[7]),
            capabilities: (w[8], w[9]),
            stacks: (w[10], w[11]),
            scheduler: w[12],
            constructor: w[13],
            core: w[14],
            of: w[15],
            phases: Phases::from_word(w[16]),
            time: Time::from_word(w[17]),
            space: w[18],
            around: w[19],
        })
    }
}
