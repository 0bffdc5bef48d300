//! What the base constructor has beyond other components: the machine, the bundle, and the kernel's operations.

use crate::operate;
use abi::boot::{BUNDLE, BootInformation, INFORMATION};
use abi::error::Error;

/// The base constructor's view of what the kernel handed to it.
///
/// Declared by [`constructor!`](crate::constructor) in the one image of a system that the kernel starts.
pub struct Constructor(());

impl Constructor {
    /// The only way to have one.
    ///
    /// # Safety
    ///
    /// In the image of a base constructor, which makes new objects and address
    /// spaces from memory that its own image does not lie in.
    #[doc(hidden)]
    pub const unsafe fn new() -> Self {
        Self(())
    }

    /// What the kernel says of the machine.
    pub fn information(&self) -> BootInformation<'static> {
        // SAFETY: the kernel maps one page of words there for a base constructor, for ever and read-only.
        let words = unsafe { core::slice::from_raw_parts(INFORMATION as *const u64, 512) };
        BootInformation { words }
    }

    /// The bundle's bytes.
    pub fn bundle(&self) -> &'static [u8] {
        let bytes = self.information().bundle_bytes() as usize;
        // SAFETY: the kernel maps that many bytes there, read-only. Segments that components can write
        // lie in them as well, but a constructor reads the tables in front, which nobody can write.
        unsafe { core::slice::from_raw_parts(BUNDLE as *const u8, bytes) }
    }

    /// Asks the object behind `capability` for `operation`.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn operate(&self, capability: u32, operation: u16, words: [u64; 4]) -> Result<[u64; 2], Error> {
        // SAFETY: `new` promises that what is made lies outside this image.
        let (status, words) = unsafe { operate(capability, operation, words) };
        Error::from_status(status).map_or(Ok(words), Err)
    }
}

/// Declares the static through which the image of a base constructor reaches the machine.
///
/// ```ignore
/// runtime::constructor!(CONSTRUCTOR);
/// ```
#[macro_export]
macro_rules! constructor {
    ($name:ident) => {
        // SAFETY: an image says of itself that it is a base constructor.
        static $name: $crate::Constructor = unsafe { $crate::Constructor::new() };
    };
}
