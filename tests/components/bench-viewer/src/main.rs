//! The image of a server that maps what the benchmark lends it.
#![no_std]
#![no_main]

use bench_viewer::{Viewer, ViewerServer};
use memory_interface::MemoryClient;
use regions::{Loan, Peer, Source, View};
use runtime::{Caller, Result};

runtime::import!(MEMORY: MemoryClient);
runtime::export!(ViewerServer => |caller| Viewing(caller));

runtime::component! {}

static REGIONS: Source = Source::new(&MEMORY);

struct Viewing(Caller);

impl Viewer for Viewing {
    fn peer(&self) -> Result<Peer> {
        Ok(Peer::own(&REGIONS)?)
    }

    fn view(&self, region: Loan<u64>) -> Result<u64> {
        Ok(View::open(&REGIONS, Peer::caller(self.0), region)?.get(0).unwrap_or_default())
    }
}
