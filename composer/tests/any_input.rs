//! Whatever a file holds, the composer answers: with a graph, which can be drawn, or with complaints, which can be printed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test, its helpers too, may panic")]

#[path = "shared/answered.rs"]
mod answered;
#[path = "shared/pieces.rs"]
mod pieces;

use std::path::PathBuf;

use composer::diagnostic::Source;
use composer::{LoadOptions, judge, load};
use pieces::PIECES;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

const GOOD: [&str; 3] = [
    include_str!("good/pingpong.toml"),
    include_str!("good/every_key.toml"),
    include_str!("good/headers_instead_of_inline.toml"),
];

fn answer(text: String) {
    answered::is_sound(Source { path: PathBuf::from("graph.toml"), text });
}

/// An edit: where, how many bytes are taken out, what is put in.
fn edits() -> impl Strategy<Value = Vec<(Index, usize, String)>> {
    let text = prop_oneof![select(&PIECES[..]).prop_map(str::to_owned), "\\PC{0,3}", Just(String::new())];
    vec((any::<Index>(), 0..12_usize, text), 1..6)
}

fn edited(good: &str, edits: &[(Index, usize, String)]) -> String {
    edits.iter().fold(good.to_owned(), |text, (at, take, put)| {
        let boundaries: Vec<_> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let start = *at.get(&boundaries);
        let end = boundaries.iter().copied().find(|end| *end >= start + take).unwrap_or(text.len());
        format!("{}{put}{}", &text[..start], &text[end..])
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn edited_graphs(good in select(&GOOD[..]), edits in edits()) {
        answer(edited(good, &edits));
    }

    #[test]
    fn pieces_in_any_order(pieces in vec(select(&PIECES[..]), 0..40)) {
        answer(pieces.concat());
    }

    #[test]
    fn any_text(text in "\\PC{0,200}") {
        answer(text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    /// Also what is not text, and the file system between.
    #[test]
    fn changed_bytes(good in select(&GOOD[..]), changes in vec((any::<Index>(), any::<u8>()), 1..8)) {
        let mut bytes = good.as_bytes().to_vec();
        for (at, byte) in changes {
            *at.get_mut(&mut bytes) = byte;
        }
        let directory = temp_dir::TempDir::new().unwrap();
        let file = directory.child("graph.toml");
        std::fs::write(&file, bytes).unwrap();
        if let Err(failure) = load(&file, LoadOptions { graph_only: true }) {
            prop_assert!(failure.diagnostics.has_errors());
            prop_assert!(!failure.diagnostics.render(&failure.source).is_empty());
        }
    }

    /// Components that name each other at random: cycles, self-dependencies, and graphs that are sound.
    #[test]
    fn any_edges(edges in vec((0..12_usize, 0..12_usize), 0..30)) {
        let mut text = String::from("[system]\ndescription = \"random\"\n[[components]]\nname = \"booter\"\nconstructor = \"kernel\"\n");
        for client in 0..12 {
            text += &format!("[[components]]\nname = \"c{client}\"\nimplements = [{{ interface = \"i\" }}]\n");
            let servers: std::collections::BTreeSet<_> = edges.iter().filter(|edge| edge.0 == client).map(|edge| edge.1).collect();
            let deps: Vec<_> = servers.iter().map(|server| format!("{{ srv = \"c{server}\", interface = \"i\" }}")).collect();
            text += &format!("deps = [{}]\n", deps.join(", "));
        }
        let is_acyclic = edges.iter().all(|(client, server)| client != server) && {
            let mut edges = edges.clone();
            // Take away components without servers until nothing changes: what remains lies on, or leads to, a cycle.
            loop {
                let before = edges.len();
                let clients: Vec<_> = edges.iter().map(|edge| edge.0).collect();
                edges.retain(|edge| clients.contains(&edge.1));
                if edges.len() == before {
                    break edges.is_empty();
                }
            }
        };
        let source = Source { path: PathBuf::from("graph.toml"), text: text.clone() };
        let judged = judge(source, LoadOptions { graph_only: true });
        prop_assert_eq!(judged.is_ok(), is_acyclic);
        if let Ok(loaded) = &judged {
            let components = &loaded.graph.components;
            prop_assert!(components[0].is_base_constructor);
            for (at, component) in components.iter().enumerate() {
                prop_assert!(component.deps.iter().all(|dep| dep.server < at), "a server comes before its clients");
                prop_assert!(component.deps.iter().all(|dep| components[dep.server].name.value == dep.srv.value));
            }
        }
        answer(text);
    }
}
