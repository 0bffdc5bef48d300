//! What programs share that coverage guides: see the programs `guided` and `garbled`.

pub mod coverage;
