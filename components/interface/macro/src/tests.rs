//! What is refused, in which words, and what is underlined.

use crate::expand::interface;
use crate::interface::Interface;
use proc_macro2::TokenStream;
use std::str::FromStr;

/// The messages about a trait, each with the source text that it underlines.
fn complaints(source: &str) -> Vec<(String, String)> {
    let item: syn::ItemTrait = syn::parse_str(source).unwrap();
    let Err(error) = Interface::read(&item) else {
        return Vec::new();
    };
    let text = |error: &syn::Error| {
        let (start, end) = (error.span().start(), error.span().end());
        assert_eq!(start.line, end.line, "underlines more than a line");
        source.lines().nth(start.line - 1).unwrap()[start.column..end.column].to_owned()
    };
    error.into_iter().map(|error| (error.to_string(), text(&error))).collect()
}

#[track_caller]
fn refuses(method: &str, message: &str, underlined: &str) {
    let all = complaints(&format!("trait T {{ {method} }}"));
    assert_eq!(all, [(message.to_owned(), underlined.to_owned())]);
}

const NEEDS_RESULT: &str =
    "a method of an interface returns `runtime::Result<T>`, or `Result<T, E>`: any call can fail";

#[test]
fn what_cannot_be_a_word_is_refused() {
    refuses(
        "fn m(&self, text: &str) -> Result<()>;",
        "a reference cannot cross a component boundary in a register",
        "&str",
    );
    refuses(
        "fn m(&self, at: *const u8) -> Result<()>;",
        "a pointer cannot cross a component boundary in a register",
        "*const u8",
    );
}

#[test]
fn a_fifth_word_is_refused() {
    refuses(
        "fn m(&self, a: u64, b: u64, c: u64, d: u64, e: u64) -> Result<()>;",
        "a method takes at most four words, one in each register for them",
        "e: u64",
    );
}

#[test]
fn a_method_without_a_result_is_refused() {
    refuses("fn m(&self);", NEEDS_RESULT, "m");
    refuses("fn m(&self) -> u64;", NEEDS_RESULT, "u64");
    refuses("fn m(&self) -> Result;", NEEDS_RESULT, "Result");
    refuses("fn m(&self) -> Result<u64, E, F>;", NEEDS_RESULT, "Result<u64, E, F>");
}

#[test]
fn a_server_is_shared() {
    refuses(
        "fn m(&mut self) -> Result<()>;",
        "a method of an interface takes `&self`: its server is shared",
        "&mut self",
    );
    refuses("fn m() -> Result<()>;", "a method of an interface takes `&self`", "m");
}

#[test]
fn a_method_is_plain() {
    const PLAIN: &str = "a method of an interface is a plain function";
    refuses("unsafe fn m(&self) -> Result<()>;", PLAIN, "unsafe");
    refuses("async fn m(&self) -> Result<()>;", PLAIN, "async");
    refuses(
        "fn m<T>(&self) -> Result<()>;",
        "a method of an interface cannot be generic: both ends must be the same for every client",
        "<T>",
    );
    refuses("fn m(&self) -> Result<()> {}", "a method of an interface has no body: each server has its own", "{}");
    refuses("const N: u64;", "an interface has only methods", "const N: u64;");
}

#[test]
fn all_is_refused_at_once() {
    let all = complaints("trait T<A> { fn m(&self, a: &u8) -> u64; fn n(); }");
    assert_eq!(all.len(), 5, "{all:?}");
}

#[test]
fn a_mask_has_64_methods() {
    let methods = |count: usize| -> String { (0..count).map(|n| format!("fn m{n}(&self) -> Result<()>;\n")).collect() };
    assert_eq!(complaints(&format!("trait T {{ {} }}", methods(64))), []);
    let all = complaints(&format!("trait T {{ {} }}", methods(65)));
    let expected = ("an interface has at most 64 methods".to_owned(), "m64".to_owned());
    assert_eq!(all, [expected]);
}

#[test]
fn the_trait_stays_when_it_is_refused() {
    let tokens = TokenStream::from_str("trait T { fn m(&self); }").unwrap();
    let expanded = interface(TokenStream::new(), tokens).to_string();
    assert!(expanded.starts_with("trait T { fn m (& self) ; }"), "{expanded}");
    assert!(expanded.contains("compile_error"), "{expanded}");
}

#[test]
fn the_attribute_takes_no_arguments() {
    let arguments = TokenStream::from_str("fast").unwrap();
    let expanded = interface(arguments, TokenStream::from_str("trait T {}").unwrap()).to_string();
    assert!(expanded.contains("`interface` takes no arguments"), "{expanded}");
}

#[test]
fn names_and_schemas_are_canonical() {
    let source = "trait BlockStore { fn read( &self, at : u64 ) -> runtime::Result<( u64 , bool )>;
        fn flush(&self) -> Result<()>; }";
    let interface = Interface::read(&syn::parse_str(source).unwrap()).unwrap();
    assert_eq!(interface.name(), "block-store");
    assert_eq!(interface.schema(), "read(u64)->(u64,bool)\nflush()->()\n");
}

#[test]
fn methods_that_may_block_are_marked_and_the_mark_is_not_left_behind() {
    let source =
        "trait Gate { fn a(&self) -> Result<()>; #[may_block] fn b(&self) -> Result<()>; fn c(&self) -> Result<()>;
        #[doc = \"d\"] #[may_block] fn d(&self) -> Result<()>; }";
    let read = Interface::read(&syn::parse_str(source).unwrap()).unwrap();
    assert_eq!(read.may_block(), 0b1010);
    let expanded = interface(TokenStream::new(), TokenStream::from_str(source).unwrap()).to_string();
    assert!(!expanded.contains("may_block") && expanded.contains("MAY_BLOCK : u64 = 10u64"), "{expanded}");
    assert!(expanded.contains("doc = \"d\""), "{expanded}");
}
