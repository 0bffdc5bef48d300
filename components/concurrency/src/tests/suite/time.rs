//! Points in time, and lengths of it.

use super::super::subject::{Duration, Instant};

pub fn times_add_up() {
    let (before, length) = (Instant::now(), Duration::from_micros(1_500));
    let after = before + length;
    // A clock need not tell each nanosecond.
    assert!(after - before >= length && after - before < length + Duration::from_micros(1));
    assert!(before.duration_since(after) == Duration::ZERO && after > before);
    assert!(before.checked_add(Duration::from_secs(1)).is_some_and(|later| later > after));
}
