//! The one place that knows how images are linked; a build dependency of every image.
//!
//! A build script is one line: `image_link::component()`, or in the kernel
//! `image_link::kernel("link.ld")`. Both print linker arguments for the
//! package's binaries alone, so that its tests stay ordinary programs.

use std::path::PathBuf;
use std::{env, fs, io};

/// Where the parts of a component's image lie.
const COMPONENT_SCRIPT: &str = include_str!("component.ld");

/// What every image asks of the linker, by way of the C compiler that drives it.
const EVERY_IMAGE: &[&str] = &[
    // No C library, and none of its start-up files.
    "-nostdlib",
    "-nostartfiles",
    // Same input, same bytes.
    "-Wl,--build-id=none",
    // Segments meet at page boundaries and nowhere wider.
    "-Wl,-zmax-page-size=4096",
    // Nothing relocates at run time, so nothing needs to be made read-only after it.
    "-Wl,-znorelro",
    "-Wl,-znoexecstack",
    "-Wl,--gc-sections",
];

/// Position-independent, so that the composer can place it anywhere, and
/// complete, so that relative addresses are all that it has to fill in.
/// `-ztext` refuses an image whose code would need to be patched.
const COMPONENT: &[&str] = &["-static-pie", "-Wl,--no-dynamic-linker", "-Wl,-ztext"];

/// Linked for the addresses in its script, and never moved.
const KERNEL: &[&str] = &["-static", "-no-pie"];

/// Links the package's binaries as a component: a static, position-independent
/// ELF with one segment each for code, constants and data.
///
/// # Errors
///
/// The linker script could not be written to cargo's output directory.
pub fn component() -> io::Result<()> {
    let script = PathBuf::from(variable("OUT_DIR")?).join("component.ld");
    fs::write(&script, COMPONENT_SCRIPT)?;
    println!("cargo:rerun-if-changed=build.rs");
    print_arguments(COMPONENT, &script.display().to_string());
    Ok(())
}

/// Links the package's binaries at fixed addresses by the package's own linker
/// script, whose path is relative to the package.
///
/// # Errors
///
/// Not run by cargo as a build script.
pub fn kernel(script: &str) -> io::Result<()> {
    let path = PathBuf::from(variable("CARGO_MANIFEST_DIR")?).join(script);
    println!("cargo:rerun-if-changed={script}");
    print_arguments(KERNEL, &path.display().to_string());
    Ok(())
}

fn print_arguments(kind: &[&str], script: &str) {
    for argument in arguments(kind, script) {
        println!("cargo:rustc-link-arg-bins={argument}");
    }
}

fn arguments(kind: &[&str], script: &str) -> impl Iterator<Item = String> {
    let fixed = EVERY_IMAGE.iter().chain(kind).map(|argument| (*argument).to_owned());
    fixed.chain([format!("-T{script}")])
}

fn variable(name: &str) -> io::Result<String> {
    env::var(name).map_err(|error| io::Error::other(format!("{name}: {error}; is this a build script?")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_comes_last_and_once() {
        let all: Vec<_> = arguments(COMPONENT, "some/where.ld").collect();
        assert_eq!(all.last().map(String::as_str), Some("-Tsome/where.ld"));
        assert_eq!(all.iter().filter(|argument| argument.starts_with("-T")).count(), 1);
    }

    #[test]
    fn a_component_moves_and_the_kernel_does_not() {
        let has = |kind, flag: &str| arguments(kind, "s").any(|argument| argument == flag);
        assert!(has(COMPONENT, "-static-pie") && !has(COMPONENT, "-no-pie"));
        assert!(has(KERNEL, "-no-pie") && !has(KERNEL, "-static-pie"));
    }
}
