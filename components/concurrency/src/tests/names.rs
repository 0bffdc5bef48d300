//! Names that the standard library has, beyond what the suite of behaviours asks for.

use crate::sync::OnceLock;
use crate::sync::mpsc::Queue;
use std::vec::Vec;

#[test]
fn what_is_received_is_walked_through() {
    let queue: Queue<u64, 8> = Queue::new();
    let (sender, receiver) = queue.split().unwrap();
    (0..3).for_each(|value| sender.send(value).unwrap());
    assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [0, 1, 2], "what is there, though there may be more");
    (3..6).for_each(|value| sender.send(value).unwrap());
    drop(sender);
    let mut received = Vec::new();
    for value in receiver {
        received.push(value);
    }
    assert_eq!(received, [3, 4, 5], "until nobody sends any more");
}

#[test]
fn a_value_that_nobody_shares_is_changed_and_taken() {
    let mut value = OnceLock::new();
    assert_eq!(value.get_mut(), None);
    assert_eq!(value.take(), None);
    value.set(Vec::from([1])).unwrap();
    value.get_mut().unwrap().push(2);
    assert_eq!(value.take(), Some(Vec::from([1, 2])));
    assert_eq!(value.get(), None);
    assert_eq!(value.set(Vec::new()), Ok(()), "as if it never had been made");
}
