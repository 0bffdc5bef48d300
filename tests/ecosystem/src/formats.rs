//! Values as text, and as bytes.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Kind {
    Plain,
    Sized { bytes: u32 },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Component {
    name: String,
    kind: Kind,
    threads: Vec<u8>,
    quotas: BTreeMap<String, i64>,
}

fn component() -> Component {
    let quotas = [("memory", 4_096), ("time", -1)].map(|(key, value)| (key.into(), value));
    Component {
        name: "ping".into(),
        kind: Kind::Sized { bytes: 70_000 },
        threads: [1, 2, 255].into(),
        quotas: quotas.into(),
    }
}

pub fn json() -> String {
    let text = serde_json::to_string(&component()).unwrap_or_default();
    let is_same = serde_json::from_str(&text).is_ok_and(|read: Component| read == component());
    let is_refused = serde_json::from_str::<Component>("{\"name\": 5}").is_err();
    alloc::format!("{text}, read back: {is_same}, nonsense refused: {is_refused}")
}

pub fn postcard() -> String {
    let bytes = postcard::to_allocvec(&component()).unwrap_or_default();
    let is_same = postcard::from_bytes(&bytes).is_ok_and(|read: Component| read == component());
    let is_refused = bytes.get(..5).is_some_and(|some| postcard::from_bytes::<Component>(some).is_err());
    alloc::format!("{} bytes, read back: {is_same}, a part refused: {is_refused}", bytes.len())
}
