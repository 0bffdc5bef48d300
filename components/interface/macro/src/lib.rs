//! The attribute that turns a trait into an interface between components.
//!
//! Use it as `runtime::interface`.

use proc_macro::TokenStream;

mod expand;
mod interface;
mod page;
#[cfg(test)]
mod tests;

/// Turns a trait into an interface between components.
///
/// Each method takes `&self` and at most four words, and returns
/// `Result<T, E>` of `()`, a word, or a pair of words; a word is any type
/// that implements `runtime::Word`. `E` is made by `runtime::errors!`, or `runtime::Error`
/// of a method that can fail only as any call can.
///
/// For a trait `Pong`, types are made beside it: `PongClient`, which
/// implements `Pong` by calling the server that the graph names
/// (`runtime::import!`), and `PongServer`, by which an image serves an
/// implementation of its own (`runtime::export!`). A third, `PongPage`, posts
/// calls to a syscall page (`runtime::import_page!`). The trait stays as it is, so
/// that tests implement it.
/// A method that may wait for something, for a lock or another thread, is marked `#[may_block]`: posted to a page, its
/// calls are run by workers of the server, and hold up nothing that is behind them.
#[proc_macro_attribute]
pub fn interface(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::interface(arguments.into(), item.into()).into()
}
