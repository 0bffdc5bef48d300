//! What was found out of an image's stack before, kept beside what cargo built. To follow all code of an image takes longer than
//! everything else that is done with one that has not changed.

use std::hash::{DefaultHasher, Hasher};
use std::path::PathBuf;
use std::time::SystemTime;

use crate::cargo::kept_in;
use crate::elf::Image;
use crate::fresh::{self, Inputs};
use crate::locate::Binary;
use crate::stack::{self, Bounds, Problem};

/// What `image` needs, whose ELF file is `file`: as this composer found out before of the same bytes, or found out now.
///
/// # Errors
///
/// All that keeps the stack from being bounded. That is found out each time.
pub fn bounds(binary: &Binary, file: &[u8], image: &Image, recursion: Option<u32>) -> Result<Bounds, Vec<Problem>> {
    let find = || stack::bounds(file, image, recursion);
    // Another composer may follow code in another way.
    let Ok(composer) = std::env::current_exe() else { return find() };
    let question = format!("stack of {binary:?}, circles of {recursion:?}, by {}", composer.display());
    Kept { directory: kept_in(&binary.target), question, composer }.bounds(file, find)
}

struct Kept {
    directory: PathBuf,
    question: String,
    composer: PathBuf,
}

impl Kept {
    fn bounds(self, file: &[u8], find: impl FnOnce() -> Result<Bounds, Vec<Problem>>) -> Result<Bounds, Vec<Problem>> {
        let (contents, asked) = (digest(file), SystemTime::now());
        let known: Option<(u64, Bounds)> = fresh::recall(&self.directory, &self.question);
        if let Some((_, bounds)) = known.filter(|(of, _)| *of == contents) {
            return Ok(bounds);
        }
        let bounds = find()?;
        let inputs = Inputs { files: [self.composer].into(), ..Inputs::default() };
        fresh::keep(&self.directory, &self.question, asked, inputs, (contents, bounds.clone()));
        Ok(bounds)
    }
}

fn digest(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, File};
    use std::time::Duration;
    use temp_dir::TempDir;

    fn needing(bytes: u64) -> Bounds {
        Bounds::fixed(&[(0x1000, bytes, Some(8))])
    }

    fn made_before(composer: &std::path::Path) {
        let before = SystemTime::now() - Duration::from_secs(60);
        File::options().write(true).open(composer).unwrap().set_modified(before).unwrap();
    }

    #[test]
    fn code_is_followed_again_if_it_or_the_composer_has_changed() {
        let place = TempDir::new().unwrap();
        let composer = place.path().join("composer");
        let told = |file: &[u8], found: u64| {
            let (directory, question) = (place.path().join("kept"), "of one image".to_owned());
            Kept { directory, question, composer: composer.clone() }.bounds(file, || Ok(needing(found)))
        };
        fs::write(&composer, "one").unwrap();
        made_before(&composer);
        assert_eq!(told(b"image", 1), Ok(needing(1)));
        assert_eq!(told(b"image", 2), Ok(needing(1)), "nothing has changed");
        assert_eq!(told(b"other", 3), Ok(needing(3)), "it is another image");
        assert_eq!(told(b"other", 4), Ok(needing(3)));
        fs::write(&composer, "another").unwrap();
        made_before(&composer);
        assert_eq!(told(b"other", 5), Ok(needing(5)), "it is another composer");
    }

    #[test]
    fn a_stack_without_a_bound_is_complained_of_each_time() {
        let place = TempDir::new().unwrap();
        let composer = place.path().join("composer");
        fs::write(&composer, "one").unwrap();
        made_before(&composer);
        for _ in 0..2 {
            let kept =
                Kept { directory: place.path().into(), question: "of one image".into(), composer: composer.clone() };
            assert_eq!(kept.bounds(b"image", || Err(vec![Problem::NoSymbols])), Err(vec![Problem::NoSymbols]));
        }
    }
}
