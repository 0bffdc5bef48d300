//! Sets of events.

use super::super::subject::{EventSet, sleep_briefly, spawn, wait_briefly_for_any};
use super::{TIMES, each};

pub fn waits_for_any() {
    static EVENTS: EventSet = EventSet::new();
    assert_eq!((EVENTS.take(!0), wait_briefly_for_any(&EVENTS, 0b11)), (0, 0));
    EVENTS.trigger(0b101);
    assert_eq!((EVENTS.wait(0b11).unwrap(), EVENTS.take(0b11), EVENTS.wait(0b110).unwrap()), (0b1, 0, 0b100));
    let triggers = spawn(|| {
        sleep_briefly();
        EVENTS.trigger(0b1000);
        EVENTS.trigger(0b10);
    });
    assert_eq!(EVENTS.wait(0b10).unwrap(), 0b10);
    triggers.join().unwrap();
    assert_eq!((EVENTS.wait(0b1010).unwrap(), EVENTS.take(!0)), (0b1000, 0));
    each(|number| {
        for _ in 0..TIMES / 10 {
            EVENTS.trigger(1 << (2 * number));
            EVENTS.wait(1 << (2 * number)).unwrap();
        }
    });
}
