//! Calls of every shape: any sequence of them has the same results directly and by page, and leaves the server the same.

use super::{Batch, Ends, TOKEN, ends_permitting};
use crate::page::Posts;
use crate::page::tests::Serves;
use crate::server::{Invocation, Reply};
use crate::{Answer, Error, Result, Word};
use core::cell::Cell;
use proptest::prelude::*;
use std::boxed::Box;
use std::vec::Vec;

/// Every number of words there, every number of words back, and words of every kind.
#[crate::interface]
pub trait Shapes {
    /// No word there, none back.
    fn none(&self) -> Result<()>;
    /// One there, one back.
    fn one(&self, a: u8) -> Result<bool>;
    /// Two, of which one has a sign.
    fn two(&self, a: i32, b: bool) -> Result<i64>;
    /// Three, and two back.
    fn three(&self, a: u16, b: i8, c: u64) -> Result<(u64, u32)>;
    /// As many as there can be.
    fn four(&self, a: u64, b: u64, c: usize, d: i64) -> Result<(i64, bool)>;
    /// An error of the server's.
    fn fails(&self, number: u8) -> Result<u64>;
    /// The edge does not permit it.
    fn forbidden(&self, a: u64) -> Result<u64>;
}

/// All but the last.
const PERMITTED: u64 = 0b11_1111;

/// What all calls so far come to: every word of every one, in their order.
#[derive(Default)]
struct Sum(Cell<u64>);

impl Sum {
    fn add(&self, words: &[u64]) -> u64 {
        let sum = words.iter().fold(self.0.get(), |sum, word| sum.wrapping_mul(31).wrapping_add(*word));
        self.0.set(sum);
        sum
    }
}

impl Shapes for Sum {
    fn none(&self) -> Result<()> {
        self.add(&[1]);
        Ok(())
    }

    fn one(&self, a: u8) -> Result<bool> {
        Ok(self.add(&[a.into()]) & 1 != 0)
    }

    fn two(&self, a: i32, b: bool) -> Result<i64> {
        Ok(self.add(&[a.into_word(), b.into()]).cast_signed())
    }

    fn three(&self, a: u16, b: i8, c: u64) -> Result<(u64, u32)> {
        let sum = self.add(&[a.into(), b.into_word(), c]);
        Ok((sum, sum as u32))
    }

    fn four(&self, a: u64, b: u64, c: usize, d: i64) -> Result<(i64, bool)> {
        let sum = self.add(&[a, b, c as u64, d.into_word()]);
        Ok((sum.cast_signed(), sum & 2 != 0))
    }

    fn fails(&self, number: u8) -> Result<u64> {
        self.add(&[number.into()]);
        Err(Error::numbered(number.into()))
    }

    fn forbidden(&self, _: u64) -> Result<u64> {
        unreachable!("the edge does not permit this")
    }
}

/// A call, with as many words as it has.
type Call = (u16, [u64; 4]);

fn call() -> impl Strategy<Value = Call> {
    (0_u16..7, any::<[u64; 4]>())
}

/// Has the page served by the server that is called by page.
struct Served<'e> {
    ends: &'e Ends,
    server: Sum,
}

impl Serves for Served<'_> {
    fn serve_for(&self, _: u64) -> Result<u64> {
        let batch = Batch { method: 0, row: 0, identity: 0 };
        let dispatch = |posted: crate::page::Posted<'_>| ShapesServer::dispatch(&self.server, posted);
        let reply = self.ends.table.serve(batch, ShapesServer::METHODS, 0, dispatch);
        assert_eq!(reply.status(), 0);
        Ok(reply.words()[0])
    }
}

type Result2 = Result<[u64; 2]>;

/// What waits for a call's result.
type Waits<'p> = Box<dyn FnOnce(&Served<'_>) -> Result2 + 'p>;

/// Posts a call by the generated methods.
fn post<'p>(posts: &'p ShapesPosts<'p>, (method, [a, b, c, d]): Call) -> Waits<'p> {
    macro_rules! waits {
        ($posted:expr) => {{
            let ticket = $posted.unwrap();
            Box::new(move |scheduler| ticket.wait(scheduler).map(Answer::into_words))
        }};
    }
    match method {
        0 => waits!(posts.post().none()),
        1 => waits!(posts.post().one(a as u8)),
        2 => waits!(posts.post().two(a as i32, b & 1 != 0)),
        3 => waits!(posts.post().three(a as u16, b as i8, c)),
        4 => waits!(posts.post().four(a, b, c as usize, d.cast_signed())),
        5 => waits!(posts.post().fails(a as u8)),
        _ => waits!(posts.post().forbidden(a)),
    }
}

/// What the kernel and the server make of the same call as an invocation.
fn direct(server: &Sum, (method, [a, b, c, d]): Call) -> Result2 {
    if PERMITTED & 1 << method == 0 {
        return Err(Error::Kernel(abi::error::Error::MethodNotPermitted));
    }
    let words = match method {
        1 | 5 => [(a as u8).into_word(), 0, 0, 0],
        2 => [(a as i32).into_word(), (b & 1 != 0).into_word(), 0, 0],
        3 => [(a as u16).into_word(), (b as i8).into_word(), c, 0],
        _ => [a, b, c, d],
    };
    let reply: Reply = ShapesServer::dispatch(server, Invocation { method: method.into(), words, token: TOKEN });
    Error::check(reply.status()).map(|()| reply.words())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn calls_of_every_shape_answer_by_page_as_directly(
        calls in prop::collection::vec(call(), 0..300),
        batch in 1_usize..=64,
    ) {
        let ends = ends_permitting(PERMITTED, 0, None);
        let posts = ShapesPosts(ends.import.open().unwrap());
        let (served, twin) = (Served { ends: &ends, server: Sum::default() }, Sum::default());
        for batch in calls.chunks(batch) {
            let waiting: Vec<_> = batch.iter().map(|call| post(&posts, *call)).collect();
            for (waits, call) in waiting.into_iter().zip(batch) {
                prop_assert_eq!(waits(&served), direct(&twin, *call), "{:?}", call);
            }
        }
        prop_assert_eq!(served.server.0.get(), twin.0.get());
        prop_assert_eq!(Posts::free(&posts), 64);
    }
}
