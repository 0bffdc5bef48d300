//! What the interface attribute makes of a trait: names, schema, and a server
//! that runs the method of an invocation.

use runtime::{CallError, Error, Failure, Invocation, Reply, Result, Word};

/// A word of an interface's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle(u32);

impl Word for Handle {
    fn into_word(self) -> u64 {
        self.0.into()
    }

    fn from_word(word: u64) -> Self {
        Self(word as u32)
    }
}

runtime::errors! {
    /// Why a shape is refused.
    pub enum ShapeError {
        Round = 4: "it is round",
    }
}

runtime::errors! {
    /// Of another interface, with the same number.
    pub enum ColourError {
        Green = 4: "it is green",
    }
}

/// Methods of every shape.
#[runtime::interface]
pub trait EveryShape {
    /// Takes and answers nothing.
    fn nothing(&self) -> Result<(), ShapeError>;
    /// Takes and answers a word of its own.
    fn one(&self, handle: Handle) -> Result<Handle>;
    /// Takes four words and answers two.
    fn all(&self, a: u64, b: u8, c: i32, d: bool) -> Result<(u64, bool)>;
}

struct Mock;

impl EveryShape for Mock {
    fn nothing(&self) -> Result<(), ShapeError> {
        Err(ShapeError::Round)
    }

    fn one(&self, handle: Handle) -> Result<Handle> {
        // As if it had called a server of its own, which refused that.
        if handle.0 == 0 { Err(ColourError::Green.into()) } else { Ok(Handle(handle.0 + 1)) }
    }

    fn all(&self, a: u64, b: u8, c: i32, d: bool) -> Result<(u64, bool)> {
        Ok((a + u64::from(b) + u64::from(c.unsigned_abs()), !d))
    }
}

fn serve(method: u64, words: [u64; 4]) -> Reply {
    EveryShapeServer::dispatch(&Mock, Invocation { method, words, token: 1 })
}

#[test]
fn both_ends_have_one_name_and_schema() {
    assert_eq!((EveryShapeClient::NAME, EveryShapeServer::NAME), ("every-shape", "every-shape"));
    assert_eq!(EveryShapeClient::SCHEMA, EveryShapeServer::SCHEMA);
    let schema = "nothing()->()\none(Handle)->Handle\nall(u64,u8,i32,bool)->(u64,bool)\n";
    assert_eq!(EveryShapeServer::SCHEMA, schema);
}

#[test]
fn the_server_runs_the_method_that_was_invoked() {
    assert_eq!(serve(1, [6, 0, 0, 0]), Reply::from(Ok::<_, Error>(7_u64)));
    assert_eq!(serve(2, [100, 20, (-3_i32).into_word(), 0]), Reply::from(Ok::<_, Error>((123_u64, true))));
}

#[test]
fn the_servers_error_is_the_replys_status() {
    let reply = serve(0, [0; 4]);
    assert_eq!(ShapeError::check(reply.status()), Err(ShapeError::Round));
}

#[test]
fn another_interfaces_error_does_not_arrive_as_this_ones() {
    let reply = serve(1, [0; 4]);
    assert_eq!(Error::check(reply.status()), Err(Error::Unknown));
    assert_eq!(ShapeError::check(reply.status()), Err(ShapeError::Call(CallError::Unknown)));
}

#[test]
fn a_method_that_is_not_there_is_refused() {
    for method in [3, 64, u64::MAX] {
        assert_eq!(serve(method, [0; 4]), Reply::UNKNOWN_METHOD);
    }
    let unknown = Error::Kernel(abi::error::Error::UnknownOperation);
    assert_eq!(Error::check(Reply::UNKNOWN_METHOD.status()), Err(unknown));
}
