//! The image of wall, to which pictures are lent.
#![no_std]
#![no_main]

use memory_interface::{MemoryClient, Result};
use regions::{Loan, Peer, Source, View};
use runtime::Caller;
use wall::{Exhibit, ExhibitServer};

runtime::import!(MEMORY: MemoryClient);
runtime::export!(ExhibitServer => |caller| Wall(caller));

runtime::component! {}

static REGIONS: Source = Source::new(&MEMORY);

/// The wall, as one caller sees it.
struct Wall(Caller);

impl Exhibit for Wall {
    fn peer(&self) -> Result<Peer> {
        Peer::own(&REGIONS)
    }

    fn add_up(&self, picture: Loan<u64>) -> Result<u64> {
        let picture = View::open(&REGIONS, Peer::caller(self.0), picture)?;
        // Its owner can write to it meanwhile: each dot is copied out, and none is borrowed.
        Ok((0..picture.len()).filter_map(|at| picture.get(at)).sum())
    }
}
