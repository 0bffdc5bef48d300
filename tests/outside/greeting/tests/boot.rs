//! Boots the system in which a visitor is greeted.

use std::env;
use std::process::Command;

#[test]
#[ignore = "boots a machine: COMPOSER says where Tessera's composer is"]
fn a_visitor_is_greeted() {
    let composer = env::var_os("COMPOSER").expect("COMPOSER=TESSERA/target/debug/composer");
    let graph = concat!(env!("CARGO_MANIFEST_DIR"), "/../greetings.toml");
    let ended = Command::new(composer).args(["run", graph]).status().unwrap();
    assert!(ended.success(), "{ended}");
}
