//! Paths of source files as a reader knows them: relative to the workspace, to the package, or to the library.
//!
//! The build has replaced what is this machine's own (see [`build`](crate::pass::build)). A package that lies outside of
//! all that the build knows keeps its path there; here it loses all in front of the package's directory.

/// What the build put in place of a directory, and where the file's name starts behind it: after so many directories.
const PLACES: [(&str, usize); 5] = [
    ("/workspace/", 0),
    ("/tessera/", 0),
    // The registry's name, then the package's.
    ("/cargo/registry/src/", 1),
    // The repository's name and the revision.
    ("/cargo/git/checkouts/", 2),
    // The compiler's revision.
    ("/rustc/", 1),
];

/// The path as it is shown. It is never absolute.
pub fn shown(path: &str) -> String {
    let known = PLACES.iter().find_map(|(place, skipped)| path.strip_prefix(place)?.splitn(skipped + 1, '/').last());
    match known {
        Some(known) => known.to_owned(),
        None if path.starts_with('/') => in_package(path).to_owned(),
        None => path.to_owned(),
    }
}

/// From the directory above the last `src` on, or the file's name alone.
fn in_package(path: &str) -> &str {
    let slash = match path.rfind("/src/") {
        Some(source) => path.get(..source).and_then(|package| package.rfind('/')),
        None => path.rfind('/'),
    };
    path.get(slash.unwrap_or(0)..).unwrap_or_default().trim_start_matches('/')
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn paths_are_relative() {
        for (path, expected) in [
            ("/workspace/components/ping/src/lib.rs", "components/ping/src/lib.rs"),
            ("/tessera/components/runtime/src/start.rs", "components/runtime/src/start.rs"),
            ("components/ping/src/lib.rs", "components/ping/src/lib.rs"),
            ("/cargo/registry/src/example.org-0123456789abcdef/log-0.4.0/src/lib.rs", "log-0.4.0/src/lib.rs"),
            ("/cargo/git/checkouts/log-0123/4567/src/lib.rs", "src/lib.rs"),
            ("/rustc/0123456789abcdef/library/core/src/slice/mod.rs", "library/core/src/slice/mod.rs"),
            ("/somebody/src/parser/src/deep/mod.rs", "parser/src/deep/mod.rs"),
            ("/src/lib.rs", "src/lib.rs"),
            ("/somebody/generated.rs", "generated.rs"),
        ] {
            assert_eq!(shown(path), expected, "{path}");
        }
    }
}
