//! The image's import, and what there is in its stead where there is no image.

use core::ops::Deref;
use sched_interface::SchedClient;

runtime::import!(CLIENT: SchedClient);

/// The scheduler that the graph names.
pub struct Imported;

impl Deref for Imported {
    type Target = SchedClient;

    #[inline]
    fn deref(&self) -> &SchedClient {
        assert!(
            runtime::is_image(),
            "there is no scheduler on the host: name the feature `host` of `concurrency` under dev-dependencies"
        );
        &CLIENT
    }
}
