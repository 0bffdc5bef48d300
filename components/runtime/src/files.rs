//! Files that a component starts with.

use abi::files::{Archive, File};

/// The files that the graph's `initfs` gives the component; made by [`files!`](crate::files).
#[repr(C)]
pub struct Files {
    address: u64,
    bytes: u64,
}

impl Files {
    /// No files, until the composer has filled in where they are.
    ///
    /// # Safety
    ///
    /// In a static of an image that a record names, so that the composer fills it in.
    #[doc(hidden)]
    pub const unsafe fn unbound() -> Self {
        Self { address: 0, bytes: 0 }
    }

    /// The contents of the file `name`.
    pub fn get(&self, name: &str) -> Option<&'static [u8]> {
        self.archive().get(name)
    }

    /// All files, by name.
    pub fn iter(&self) -> impl Iterator<Item = File<'static>> {
        self.archive().files()
    }

    fn archive(&self) -> Archive<'static> {
        // SAFETY: references can be read through. Volatile, because the words in the image are not always those that the
        // compiler put there.
        let (address, bytes) =
            unsafe { ((&raw const self.address).read_volatile(), (&raw const self.bytes).read_volatile()) };
        if bytes == 0 {
            return Archive(&[]);
        }
        let start = core::ptr::with_exposed_provenance(address as usize);
        // SAFETY: by the promise of `unbound`, the words are the composer's: it has put so many bytes there, which nobody
        // can write to and which stay for as long as the component.
        Archive(unsafe { core::slice::from_raw_parts(start, bytes as usize) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_none_until_the_composer_gives_some() {
        // SAFETY: it stays unbound.
        let files = unsafe { Files::unbound() };
        assert_eq!((files.get("a"), files.iter().count()), (None, 0));
    }
}
