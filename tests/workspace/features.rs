//! Images are programs without a standard library, next to programs with one, and share crates with them. Cargo builds
//! a crate once for all of the workspace, with the features that anybody asks for. So if a program of the host asks for
//! such a crate's standard library, every image gets it, and does not build: its panic handler is a second one (E0152).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::{Outcome, cargo};

/// Features that bring in what an image does not have, by the names that they usually go by.
const HOSTED: [&str; 3] = ["alloc", "std", "use_std"];

/// The features of crates, by the crate's name and version.
type Features = BTreeMap<String, BTreeSet<String>>;

#[test]
fn no_crate_of_an_image_is_built_for_the_host() -> Outcome {
    let images = images()?;
    assert!(images.contains(&"kernel".into()) && images.contains(&"ping".into()), "{images:?}");
    let packages: Vec<_> = images.iter().flat_map(|image| ["--package", image]).collect();
    let (alone, together) = (features(&packages)?, features(&["--workspace"])?);
    assert!(alone.keys().any(|name| name.starts_with("log@")), "{alone:?}");
    let complaints = complaints(&alone, &together);
    assert!(complaints.is_empty(), "{complaints}");
    Ok(())
}

#[test]
fn what_the_host_adds_is_found() {
    let alone = parse("log v0.4.1|\nspin v0.9.0|once\nours v0.1.0 (a/place)|alloc\n");
    let together = parse(
        "log v0.4.1|\nlog v0.4.1|alloc,std\nspin v0.9.0|once,lazy\nours v0.1.0 (a/place)|alloc\nhost v1.0.0|std\n",
    );
    let complaints = complaints(&alone, &together);
    assert!(complaints.starts_with("`log@0.4.1` gets `alloc`, `std`, "), "{complaints}");
    assert_eq!(complaints.lines().count(), 2, "{complaints}");
}

/// The packages that are images: they alone link the memory functions, which a host has in its C library.
fn images() -> Result<Vec<String>, String> {
    let tree = tree(&["--workspace", "--invert", "memory-functions", "--depth", "1", "--edges", "normal"], "{p}|")?;
    let names = parse(&tree).into_keys().filter_map(|name| Some(name.split_once('@')?.0.to_owned()));
    Ok(names.filter(|name| name != "memory-functions").collect())
}

/// The features that the crates of these packages are built with; macros and build scripts are built apart.
fn features(packages: &[&str]) -> Result<Features, String> {
    let edges = ["--edges", "normal,dev,no-proc-macro", "--no-dedupe"];
    Ok(parse(&tree(&[packages, &edges].concat(), "{p}|{f}")?))
}

fn tree(arguments: &[&str], format: &str) -> Result<String, String> {
    cargo(|cargo| {
        cargo.args(["tree", "--offline", "--color", "never", "--prefix", "none", "--format", format]).args(arguments)
    })
}

fn parse(tree: &str) -> Features {
    let mut all = Features::new();
    for (package, features) in tree.lines().filter_map(|line| line.split_once('|')) {
        let mut words = package.split_whitespace();
        let (Some(name), Some(version)) = (words.next(), words.next()) else { continue };
        let of = all.entry(format!("{name}@{}", version.trim_start_matches('v'))).or_default();
        of.extend(features.split(',').filter(|feature| !feature.is_empty()).map(str::to_owned));
    }
    all
}

fn complaints(alone: &Features, together: &Features) -> String {
    let mut text = String::new();
    for (name, wanted) in alone {
        let added = together.get(name).into_iter().flat_map(|all| all.difference(wanted));
        let added: Vec<_> = added.filter(|feature| HOSTED.contains(&feature.as_str())).collect();
        if !added.is_empty() {
            let added = added.iter().map(|feature| format!("`{feature}`")).collect::<Vec<_>>().join(", ");
            let _ = writeln!(
                text,
                "`{name}` gets {added}, and is part of images, which then do not build with the rest of the workspace.\n\
                 Who asks for it: cargo tree --workspace --edges features,no-proc-macro --invert {name}"
            );
        }
    }
    text
}
