//! What several cores do at once.

/// What independent components on so many cores came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scaling {
    /// Cores that worked.
    pub cores: u32,
    /// Calls in a second, of all together, by the emulator's time.
    pub calls_per_second: f64,
    /// Instructions of one call.
    pub instructions: u64,
}
