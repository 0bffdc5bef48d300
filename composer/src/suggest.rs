//! "Did you mean": the known name that a misspelt one is nearest to.

/// The candidate nearest to `word`, if it is near enough to be meant.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Nobody misspells a name at this length; it would only cost time.
    if word.len() > 64 {
        return None;
    }
    let word = word.to_ascii_lowercase();
    let score = |candidate: &str| strsim::jaro_winkler(&word, &candidate.to_ascii_lowercase());
    let scored = candidates.into_iter().map(|candidate| (score(candidate), candidate));
    let near = scored.filter(|(score, candidate)| *score >= 0.8 && is_near(&word, candidate));
    // The first of equals, so that the answer does not depend on more than the order of the candidates.
    near.fold(None, |best: Option<(f64, &str)>, next| match best {
        Some(best) if best.0 >= next.0 => Some(best),
        _ => Some(next),
    })
    .map(|(_, candidate)| candidate)
}

fn is_near(word: &str, candidate: &str) -> bool {
    let edits = strsim::damerau_levenshtein(word, &candidate.to_ascii_lowercase());
    edits <= 1 + word.len().max(candidate.len()) / 3
}

/// Help that names the nearest candidate, or else all of them if they fit a line.
pub fn help<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> Option<String> {
    if let Some(near) = nearest(word, candidates.clone()) {
        return Some(format!("did you mean `{near}`?"));
    }
    let all: Vec<_> = candidates.into_iter().map(|candidate| format!("`{candidate}`")).collect();
    let line = all.join(", ");
    (!all.is_empty() && line.len() <= 100)
        .then(|| format!("there {} {line}", if all.len() == 1 { "is" } else { "are" }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_nearest() {
        assert_eq!(nearest("implemnts", ["interface", "implements"]), Some("implements"));
        assert_eq!(nearest("Name", ["name"]), Some("name"));
        assert_eq!(nearest("dep", ["devices", "deps"]), Some("deps"));
    }

    #[test]
    fn is_silent_about_the_far() {
        assert_eq!(nearest("colour", ["name", "stack"]), None);
        assert_eq!(nearest(&"a".repeat(1000), ["a"]), None);
    }

    #[test]
    fn lists_what_there_is() {
        assert_eq!(help("x", ["ping", "pong"]).as_deref(), Some("there are `ping`, `pong`"));
        assert_eq!(help("x", []), None);
    }
}
