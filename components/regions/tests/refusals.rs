//! What does not compile: to borrow what another can write, to use what was given away, and values that are not all bits.

#![allow(clippy::unwrap_used, reason = "a test, its helpers too, may panic")]

#[path = "../../runtime/tests/refused/mod.rs"]
mod refused;

use refused::expect;

const BORROWS: &str = "\
#![no_std]
use regions::{Owned, Shared, Source, View};
pub fn viewed(view: &View<u64>) -> &u64 { &view[0] }
pub fn looked_at(view: &View<u64>) -> &[u64] { &**view }
pub fn shared(shared: &mut Shared<u64>) -> &mut u64 { &mut shared[0] }
pub fn references(source: &'static Source) { drop(Owned::<&u8>::new(source, 1)); }
";

const USES: &str = "\
#![no_std]
use regions::{Buffer, Channel, Owned, Peer};
pub fn given(picture: Owned<u64>, to: Peer) -> u64 { drop(picture.give(to)); picture[0] }
pub fn shared(picture: Owned<u64>, to: Peer) -> u64 { let first = &picture[0]; drop(picture.share(to)); *first }
pub fn lent(mut picture: Owned<u64>, to: Peer) { let first = &mut picture[0]; drop(picture.lend(to)); *first = 1 }
pub fn sent(mut channel: Channel<u64, 2, 2>, buffer: Buffer) -> Option<()> {
    drop(channel.send(buffer));
    channel.read(&buffer, 0, &mut [0])
}
";

fn said(name: &str, text: &str) -> String {
    refused::said(name, &["regions"], text)
}

#[test]
fn what_another_can_write_is_not_borrowed() {
    let lines = [
        "src/lib.rs:3:48: error[E0608]: cannot index into a value of type `&View<u64>`",
        "src/lib.rs:4:49: error[E0614]: type `View<u64>` cannot be dereferenced",
        "src/lib.rs:5:66: error[E0608]: cannot index into a value of type `&mut Shared<u64>`",
        "src/lib.rs:6:51: error[E0277]: the trait bound `&u8: zerocopy::FromBytes` is not satisfied",
    ];
    expect(&said("borrows", BORROWS), &lines);
}

#[test]
fn what_was_given_away_is_not_used() {
    let lines = [
        "src/lib.rs:3:78: error[E0382]: borrow of moved value: `picture`",
        "src/lib.rs:4:85: error[E0505]: cannot move out of `picture` because it is borrowed",
        "src/lib.rs:5:84: error[E0502]: cannot borrow `picture` as immutable because it is also borrowed as mutable",
        "src/lib.rs:8:18: error[E0382]: borrow of moved value: `buffer`",
    ];
    expect(&said("uses", USES), &lines);
}
