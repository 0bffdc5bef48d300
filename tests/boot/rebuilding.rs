//! What is built again when something has changed, in a system of several components.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use abi::bundle::Bundle;
use libtest_mimic::{Failed, Trial};

use crate::outside::copy_workspace;
use crate::tools::{Outcome, compose, ensure, finish, trials};

/// The trials of this file.
pub fn trials() -> Vec<Trial> {
    trials!("rebuilding":
        who_changes_one_component_has_that_one_built_again
    )
}

/// The component that is changed, and those that are not.
const CHANGED: &str = "visitor";
const OTHERS: [&str; 4] = ["booter", "console", "greeter", "kernel"];

/// A compiler that notes what it compiles, given as a wrapper: its first argument is the compiler's program.
const NOTING: &str = "#!/bin/sh\necho \"$@\" >>\"$TESSERA_COMPILED\"\nexec \"$@\"\n";

/// A workspace with a target directory of its own, so that nobody else builds in it.
struct Place {
    directory: PathBuf,
}

impl Place {
    /// The workspace as it is shown in the manual. What was compiled before of Tessera itself stays.
    fn new() -> std::io::Result<Self> {
        let place = Self { directory: Path::new(env!("CARGO_TARGET_TMPDIR")).join("rebuilding") };
        let [workspace, tools] = ["workspace", "tools"].map(|name| place.path(name));
        for directory in [&workspace, &tools] {
            // The first time, there is none.
            let _ = fs::remove_dir_all(directory);
            fs::create_dir_all(directory)?;
        }
        copy_workspace(&workspace)?;
        fs::write(place.path("tools/compiler"), NOTING)?;
        fs::set_permissions(place.path("tools/compiler"), fs::Permissions::from_mode(0o755))?;
        symlink(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), place.path("tools/cargo"))?;
        Ok(place)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Composes the system, and says which crates were compiled for that.
    fn compose(&self) -> Result<BTreeSet<String>, Failed> {
        let (workspace, noted) = (self.path("workspace"), self.path("tools/compiled"));
        fs::write(&noted, "")?;
        let mut command = compose("build", &workspace.join("greetings.toml"), &self.path("system"))?;
        command.current_dir(&workspace).env("CARGO_TARGET_DIR", self.path("target"));
        command.env("CARGO", self.path("tools/cargo")).env("RUSTC_WRAPPER", self.path("tools/compiler"));
        finish(command.env("TESSERA_COMPILED", &noted))?.expect_status(0)?;
        let noted = fs::read_to_string(noted)?;
        let name = |line: &str| Some(line.split_once("--crate-name ")?.1.split(' ').next()?.to_owned());
        // By the name `___`, cargo asks what the compiler can do.
        Ok(noted.lines().filter_map(name).filter(|name| name != "___").collect())
    }

    /// An image's bytes, and which file they are, of which time.
    fn image(&self, name: &str) -> std::io::Result<(Vec<u8>, [i64; 3])> {
        let file = self.path("target/image/x86_64-unknown-linux-gnu/image").join(name);
        let state = fs::metadata(&file)?;
        Ok((fs::read(file)?, [state.ino() as i64, state.mtime(), state.mtime_nsec()]))
    }

    fn images(&self) -> std::io::Result<Vec<(Vec<u8>, [i64; 3])>> {
        OTHERS.iter().map(|name| self.image(name)).collect()
    }

    /// What the bundle has of each component: its name, and the contents of its memory.
    fn parts(&self) -> Result<Vec<(String, Vec<u8>)>, Failed> {
        let file = fs::read(self.path("system/bundle"))?;
        let bundle = Bundle::parse(&file)?;
        let part = |component: abi::bundle::Component| {
            let contents = bundle.segments(&component).flat_map(|segment| bundle.contents(&segment).to_vec());
            (component.name().to_owned(), contents.collect())
        };
        Ok(bundle.components().map(part).collect())
    }

    fn change(&self) -> std::io::Result<()> {
        let source = self.path("workspace").join(CHANGED).join("src/lib.rs");
        let text = fs::read_to_string(&source)?;
        fs::write(source, text.replace("has greeted {visitors} visitors", "greeted {visitors} of us"))
    }
}

fn who_changes_one_component_has_that_one_built_again() -> Outcome {
    let place = Place::new()?;
    place.compose()?;
    // What was written just before may still be changed, by the clock of the file system, and is asked for once more.
    ensure(place.compose()?.is_empty(), || "what has not changed is compiled again".into())?;
    let (images, changed, parts) = (place.images()?, place.image(CHANGED)?, place.parts()?);
    nothing_is_asked_of_cargo(&place)?;
    ensure(place.parts()? == parts, || "what has not changed is composed in another way".into())?;

    place.change()?;
    let compiled = place.compose()?;
    ensure(compiled == [CHANGED.to_owned()].into(), || format!("{compiled:?} were compiled"))?;
    ensure(place.images()? == images, || "an image was written that has not changed".into())?;
    ensure(place.image(CHANGED)?.0 != changed.0, || "the change is not in the image".into())?;
    let differ = parts.iter().zip(place.parts()?).filter(|(before, after)| **before != *after);
    let differ: Vec<_> = differ.map(|(before, _)| before.0.as_str()).collect();
    ensure(differ == [CHANGED], || format!("the parts of {differ:?} have changed in the bundle"))
}

/// Composes where there is no cargo.
fn nothing_is_asked_of_cargo(place: &Place) -> Outcome {
    let (cargo, away) = (place.path("tools/cargo"), place.path("tools/away"));
    fs::rename(&cargo, &away)?;
    let compiled = place.compose()?;
    fs::rename(away, cargo)?;
    ensure(compiled.is_empty(), || format!("{compiled:?} were compiled"))
}
