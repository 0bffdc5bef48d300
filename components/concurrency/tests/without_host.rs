//! What is told to whoever tests a library on the host, and has not asked for the feature `host`.

use concurrency::thread;
use std::panic::{UnwindSafe, catch_unwind};

/// What is said in the panic in which this ends.
fn said(does: impl FnOnce() + UnwindSafe) -> String {
    match catch_unwind(does) {
        Err(said) => said
            .downcast_ref::<String>()
            .cloned()
            .unwrap_or_else(|| (*said.downcast_ref::<&str>().unwrap_or(&"")).into()),
        Ok(()) => String::new(),
    }
}

#[test]
fn a_test_that_would_ask_the_scheduler_is_told_of_the_feature() {
    assert!(said(|| _ = thread::yield_now()).contains("name the feature `host` of `concurrency`"));
}

#[test]
fn a_test_with_values_of_a_thread_is_told_of_the_feature() {
    runtime::thread_local! {
        static VALUE: u64 = 7;
    }
    assert!(said(|| VALUE.with(|value| assert_eq!(*value, 7))).contains("name the feature `host`"));
}
