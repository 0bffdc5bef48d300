//! The image of greeter.
#![no_std]
#![no_main]

use greeter::Greeter;

static GREETER: Greeter = Greeter::new();

runtime::export!(greeting::GreetingServer => GREETER);

runtime::component! {}
