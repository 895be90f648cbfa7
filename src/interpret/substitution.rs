//! Placeholders such as `__PRODUCT_NAME__`, replaced in one pass; the values themselves are not searched again.

use crate::model::plan::{Placeholder, Plan};
use aho_corasick::AhoCorasick;

/// The placeholders of a plan, each with its value as plain text and inside a JSON string.
pub(super) struct Substitution {
    tokens: AhoCorasick,
    placeholders: Vec<Placeholder>,
    plain: Vec<String>,
    in_json: Vec<String>,
}

impl Substitution {
    pub(super) fn of(plan: &Plan) -> Self {
        let placeholders = plan.placeholders.clone();
        let plain: Vec<String> = placeholders
            .iter()
            .map(|placeholder| placeholder.value(&plan.inputs).to_owned())
            .collect();
        Self {
            tokens: AhoCorasick::new(placeholders.iter().map(|placeholder| placeholder.token()))
                .expect("a handful of short tokens"),
            in_json: plain.iter().map(|value| escape_json(value)).collect(),
            placeholders,
            plain,
        }
    }

    /// The text with its placeholders replaced, for a file of that path; `None` if it contains none.
    pub(super) fn apply(&self, text: &str, path: &str) -> Option<String> {
        self.tokens
            .is_match(text)
            .then(|| self.tokens.replace_all(text, self.values(path)))
    }

    /// The length in bytes of the text that [`Self::apply`] gives.
    pub(super) fn length(&self, text: &str, path: &str) -> u64 {
        let values = self.values(path);
        self.tokens
            .find_iter(text)
            .fold(text.len() as u64, |length, found| {
                length + values[found.pattern().as_usize()].len() as u64 - found.len() as u64
            })
    }

    /// The values, escaped for JSON if the file is JSON.
    fn values(&self, path: &str) -> &[String] {
        if is_json(path) {
            &self.in_json
        } else {
            &self.plain
        }
    }

    /// The placeholders in a text, sorted, each once.
    pub(super) fn used_in(&self, text: &str) -> Vec<Placeholder> {
        let mut used: Vec<Placeholder> = self
            .tokens
            .find_iter(text)
            .map(|found| self.placeholders[found.pattern().as_usize()])
            .collect();
        used.sort_unstable();
        used.dedup();
        used
    }
}

/// True if the name of a file ends as JSON, or a format in which strings are written alike.
fn is_json(path: &str) -> bool {
    const ENDINGS: [&str; 7] = [
        "json",
        "jsonc",
        "json5",
        "webmanifest",
        "geojson",
        "map",
        "code-workspace",
    ];
    let name = path.rsplit('/').next().unwrap_or(path);
    let ending = name
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}

fn escape_json(value: &str) -> String {
    let quoted = serde_json::Value::from(value).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}
