//! Nodes of page tables: what components that map memory for others add where it is missing.

use abi::error::Error;

/// Adds the nodes of a page table that are missing above `address`, from the uppermost on: `take` answers names of untyped frames for
/// them, and `graft` performs the operation `Graft` with these words.
///
/// # Errors
///
/// Those of the two.
pub fn add_nodes<E: From<Error>>(
    address: u64,
    mut take: impl FnMut() -> Result<u64, E>,
    mut graft: impl FnMut([u64; 4]) -> Result<(), Error>,
) -> Result<(), E> {
    let mut spare = None;
    for level in [3, 2, 1] {
        // A frame for a node that is there already is for the next one.
        let frame = spare.take().map_or_else(&mut take, Ok)?;
        match graft([address, frame, level, 0]) {
            Ok(()) => {}
            Err(Error::AlreadyMapped) => spare = Some(frame),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    extern crate std;
    use std::vec::Vec;

    /// What was grafted where the nodes of these levels are there already, and how many frames were taken.
    fn added(there: &[u64]) -> (Vec<[u64; 4]>, u64) {
        let (mut taken, mut grafted) = (0, Vec::new());
        let take = || {
            taken += 1;
            Ok::<_, Error>(taken * 0x1000)
        };
        let added = add_nodes(0x40_0000, take, |words| {
            if there.contains(&words[2]) {
                return Err(Error::AlreadyMapped);
            }
            grafted.push(words);
            Ok(())
        });
        assert_eq!(added, Ok(()));
        (grafted, taken)
    }

    #[test]
    fn what_is_missing_is_added_from_above_and_no_frame_is_wasted() {
        let node = |frame, level| [0x40_0000, frame, level, 0];
        assert_eq!(added(&[]), ([node(0x1000, 3), node(0x2000, 2), node(0x3000, 1)].into(), 3));
        assert_eq!(added(&[3]), ([node(0x1000, 2), node(0x2000, 1)].into(), 2));
        assert_eq!(added(&[3, 2]), ([node(0x1000, 1)].into(), 1));
    }

    #[test]
    fn no_frame_and_a_refusal_are_errors() {
        assert_eq!(add_nodes(0, || Err(Error::NoFrame), |_| Ok(())), Err(Error::NoFrame));
        assert_eq!(add_nodes(0, || Ok::<_, Error>(0x1000), |_| Err(Error::Revoked)), Err(Error::Revoked));
    }
}
