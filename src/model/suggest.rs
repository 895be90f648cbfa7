//! Suggestions for misspelt words.

/// The candidate nearest to `word`, if it is near enough to be a misspelling.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let distance = |candidate: &str| strsim::damerau_levenshtein(&lower, &candidate.to_lowercase());
    let allowed = (word.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .filter(|candidate| candidate.len().abs_diff(word.len()) <= 3)
        .map(|candidate| (distance(candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The path that is probably meant by one that does not exist: the only file of that name, or one that is spelt alike.
pub fn nearest_path<'a>(path: &str, existing: &[&'a str]) -> Option<&'a str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let has_name = |other: &&&str| other.rsplit('/').next() == Some(name);
    let mut namesakes = existing.iter().filter(has_name);
    match (namesakes.next(), namesakes.next()) {
        (Some(only), None) => Some(only),
        _ => nearest(path, existing.iter().copied()),
    }
}

/// The help for a path that does not exist: a file where it needs a folder, the path that is probably meant, or `otherwise`.
pub fn missing_path(path: &str, existing: &[&str], otherwise: &str) -> String {
    let mut folders = path.match_indices('/').map(|(at, _)| &path[..at]);
    if let Some(file) = folders.find(|folder| existing.contains(folder)) {
        return format!("`{file}` is a file: the `to` of a copied file ends with its name");
    }
    nearest_path(path, existing).map_or_else(
        || otherwise.to_owned(),
        |near| format!("did you mean `{near}`?"),
    )
}

/// The help for an unknown word: the nearest candidate, or a list of the candidates.
pub fn help<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> String {
    let mut all: Vec<&str> = Vec::new();
    for candidate in candidates.clone() {
        if !all.contains(&candidate) {
            all.push(candidate);
        }
    }
    match nearest(word, candidates).or_else(|| beginning_with(word, &all)) {
        Some(near) => format!("did you mean `{near}`?"),
        None if all.is_empty() => "no value is available".to_owned(),
        None if all.len() <= 12 => format!("choose one of {}", list(&all)),
        None => format!(
            "choose one of {} and {} more",
            list(&all[..10]),
            all.len() - 10
        ),
    }
}

/// The first candidate that begins with a word that is not too short.
fn beginning_with<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let begins = |candidate: &&&str| candidate.to_lowercase().starts_with(&lower);
    let found = candidates.iter().find(begins)?;
    (word.chars().count() >= 3).then_some(*found)
}

/// The words in backticks, joined by commas.
pub fn list(words: &[&str]) -> String {
    words
        .iter()
        .map(|word| format!("`{word}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_near_candidate_is_suggested() {
        let kinds = ["COPY_FILE", "WRITE_FILE", "ADD_DEPENDENCY"];
        assert_eq!(nearest("copy_fil", kinds), Some("COPY_FILE"));
        assert_eq!(nearest("ADD_DEPENDANCY", kinds), Some("ADD_DEPENDENCY"));
        assert_eq!(nearest("DELETE", kinds), None);
    }

    #[test]
    fn without_a_near_candidate_all_are_listed() {
        assert_eq!(
            help("x", ["left", "right"]),
            "choose one of `left`, `right`"
        );
        assert_eq!(help("x", ["left", "left"]), "choose one of `left`");
        assert_eq!(
            help("Apache", ["MIT", "Apache-2.0"]),
            "did you mean `Apache-2.0`?"
        );
    }

    #[test]
    fn a_file_where_a_folder_is_needed_is_named() {
        let existing = [".github/workflows", "README.md"];
        let help = missing_path(".github/workflows/ci.yml", &existing, "check the path");
        assert!(help.starts_with("`.github/workflows` is a file"), "{help}");
        let help = missing_path("READM.md", &existing, "check the path");
        assert_eq!(help, "did you mean `README.md`?");
        assert_eq!(
            missing_path("x", &existing, "check the path"),
            "check the path"
        );
    }

    #[test]
    fn a_path_is_near_by_its_spelling_or_by_its_name() {
        let existing = ["src/app.ts", "web/main.ts", "a/index.ts", "b/index.ts"];
        for (path, near) in [
            ("src/ap.ts", Some("src/app.ts")),
            ("src/main.ts", Some("web/main.ts")),
            ("c/index.ts", Some("a/index.ts")),
            ("deep/folder/index.ts", None),
            ("README.md", None),
        ] {
            assert_eq!(nearest_path(path, &existing), near, "{path}");
        }
    }
}
