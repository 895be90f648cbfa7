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

/// The help for an unknown word: the nearest candidate, or a list of the candidates.
pub fn help<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> String {
    let all: Vec<&str> = candidates.clone().into_iter().collect();
    match nearest(word, candidates) {
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
    }
}
