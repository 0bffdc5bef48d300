//! What a capability can refer to.

/// The kind of a capability, in the lowest byte of its slot's first word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// A synchronous invocation: an entry point of a component.
    Invocation = 1,
    /// A capability table.
    CapabilityTable = 2,
    /// A page table.
    PageTable = 3,
    /// A component.
    Component = 4,
    /// A thread.
    Thread = 5,
    /// A range of I/O ports.
    Ports = 6,
    /// The kernel's own console, for those that have no other.
    DebugConsole = 7,
    /// The end of the system.
    Power = 8,
    /// The receiving end of asynchronous activations of a thread.
    Receive = 9,
    /// The right to activate a thread asynchronously.
    Send = 10,
    /// An interrupt line, or a run of lines from which capabilities to single ones are made.
    Interrupt = 11,
    /// A range of physical memory in which devices have their registers.
    PhysicalRange = 12,
    /// The level of the current thread whose fault or system call the holder handles.
    HandledLevel = 13,
    /// Time of a core, in cycles.
    TemporalCapability = 14,
}

impl Kind {
    /// Every kind there is.
    pub const ALL: [Self; 14] = [
        Self::Invocation,
        Self::CapabilityTable,
        Self::PageTable,
        Self::Component,
        Self::Thread,
        Self::Ports,
        Self::DebugConsole,
        Self::Power,
        Self::Receive,
        Self::Send,
        Self::Interrupt,
        Self::PhysicalRange,
        Self::HandledLevel,
        Self::TemporalCapability,
    ];

    /// The kind that `number` stands for.
    pub const fn from_number(number: u8) -> Option<Self> {
        if number == 0 || number as usize > Self::ALL.len() {
            return None;
        }
        Some(Self::ALL[number as usize - 1])
    }

    /// The kind's name, as reports and documents write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invocation => "invocation",
            Self::CapabilityTable => "capability table",
            Self::PageTable => "page table",
            Self::Component => "component",
            Self::Thread => "thread",
            Self::Ports => "ports",
            Self::DebugConsole => "debug console",
            Self::Power => "power",
            Self::Receive => "receive end-point",
            Self::Send => "send end-point",
            Self::Interrupt => "interrupt line",
            Self::PhysicalRange => "physical range",
            Self::HandledLevel => "handled level",
            Self::TemporalCapability => "temporal capability",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_dense_and_round_trip() {
        for (at, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, at + 1);
            assert_eq!(Kind::from_number(kind as u8), Some(kind));
        }
        assert_eq!(Kind::from_number(0), None);
        assert_eq!(Kind::from_number(Kind::ALL.len() as u8 + 1), None);
    }
}
