//! One frame mapped twice is one page: what one side writes the other reads.

use std::ptr::NonNull;
use std::sync::atomic::AtomicU64;
use syscall_page::mapped::{self, NotAFrame};
use syscall_page::{Client, Reply, Request, Server};

#[repr(C, align(4096))]
struct Frame([AtomicU64; 512]);

impl Frame {
    fn cleared() -> Self {
        Self([const { AtomicU64::new(0) }; 512])
    }

    fn address(&self) -> NonNull<u8> {
        NonNull::from(self).cast()
    }
}

#[test]
fn two_views_of_cleared_frames_make_a_page() {
    let (header, entries) = (Frame::cleared(), Frame::cleared());
    // SAFETY: both frames outlive the views and consist of atomic words only.
    let view = || unsafe { mapped::page(header.address(), entries.address()) }.unwrap();
    let mut client = Client::new(view());
    let server = Server::new(view(), 1, 1);

    let ticket = client.post(&Request::new(0, [1, 2, 3, 4]), 9).unwrap();
    let _ = server.pass(64, |call| {
        assert_eq!((call.request().args, call.token()), ([1, 2, 3, 4], 9));
        call.answer(&Reply { status: 0x123, words: [5, 6] })
    });
    assert_eq!(client.poll(ticket), Ok(Some(Reply { status: 0x123, words: [5, 6] })));
}

#[test]
fn the_layout_is_what_the_documentation_says() {
    let (header, entries) = (Frame::cleared(), Frame::cleared());
    // SAFETY: both frames outlive the page and consist of atomic words only.
    let page = unsafe { mapped::page(header.address(), entries.address()) }.unwrap();
    let mut client = Client::new(page);
    for number in 0..2 {
        client.post(&Request::new(5, [10, 11, 12, 13]), 14 + number).unwrap();
    }
    let words: Vec<u64> = entries.0[8..16].iter().map(|word| word.load(std::sync::atomic::Ordering::Relaxed)).collect();
    assert_eq!(words, [5 << 16 | 2, 10, 11, 12, 13, 0, 15, 0]);
    assert_eq!(header.0[0].load(std::sync::atomic::Ordering::Relaxed), 0b11);
}

#[test]
fn an_address_inside_a_frame_is_refused() {
    let frame = Frame::cleared();
    // SAFETY: nothing is mapped through it, the address is refused before.
    let page = unsafe { mapped::page(frame.address(), NonNull::from(&frame.0[1]).cast()) };
    assert_eq!(page.err(), Some(NotAFrame));
}
