//! What is wrong with a bundle.

use super::VERSION;

/// What is wrong with a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BundleError {
    /// It is shorter than it says, or than a header.
    Truncated,
    /// It does not start with [`MAGIC`](super::MAGIC).
    NotABundle,
    /// It has another [`VERSION`].
    OtherVersion(u64),
    /// Its contents do not match its checksum.
    Corrupt,
    /// A table or a segment lies outside the file or off its alignment.
    BadTable,
    /// A component's fields contradict each other.
    BadComponent(usize),
    /// It has no components.
    Empty,
}

impl core::fmt::Display for BundleError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Truncated => f.write_str("the bundle is truncated"),
            Self::NotABundle => f.write_str("the module is not a bundle"),
            Self::OtherVersion(v) => write!(f, "the bundle has version {v}, this kernel reads {VERSION}"),
            Self::Corrupt => f.write_str("the bundle is corrupt: its checksum does not match"),
            Self::BadTable => f.write_str("the bundle is corrupt: a table lies outside it"),
            Self::BadComponent(at) => write!(f, "the bundle is corrupt: component {at} is malformed"),
            Self::Empty => f.write_str("the bundle has no components"),
        }
    }
}

impl core::error::Error for BundleError {}
