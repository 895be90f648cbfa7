//! `__PRODUCT_NAME__` and its like: one pass over each text, values are never looked at again.

use super::interpreter::Interpreter;
use crate::model::content::File;
use crate::model::path::TreePath;
use crate::model::plan::{Placeholder, Plan};
use crate::model::provenance::Provenance;
use crate::model::report::ChangeOrigin;
use crate::tree::TreeError;
use aho_corasick::AhoCorasick;

/// The placeholders of a plan with their values.
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

    /// The text with its placeholders replaced, for a file of that path; nothing when it holds none.
    pub(super) fn apply(&self, text: &str, path: &str) -> Option<String> {
        self.tokens
            .is_match(text)
            .then(|| self.tokens.replace_all(text, self.values(path)))
    }

    /// How many bytes [`Self::apply`] would give.
    pub(super) fn length(&self, text: &str, path: &str) -> u64 {
        let values = self.values(path);
        self.tokens
            .find_iter(text)
            .fold(text.len() as u64, |length, found| {
                length + values[found.pattern().as_usize()].len() as u64 - found.len() as u64
            })
    }

    /// The values as a file of that path takes them.
    fn values(&self, path: &str) -> &[String] {
        if is_json(path) {
            &self.in_json
        } else {
            &self.plain
        }
    }

    fn used_in(&self, text: &str) -> Vec<Placeholder> {
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

/// Replaces the placeholders of the template's text files, before any action runs: what actions bring is replaced when
/// they bring it, so no text is ever passed over twice. A tree that already holds this plan's provenance had its pass.
pub(super) fn fill_template(work: &mut Interpreter<'_>, own: &Provenance) -> Result<(), TreeError> {
    let plan = work.plan();
    let provenance = work.tree().read(plan.provenance_path.as_tree())?;
    if provenance.is_some_and(|file| file.bytes == own.to_text()) {
        return Ok(());
    }
    let listing = work.tree().list()?;
    for path in listing.with_placeholders() {
        fill(work, &path)?;
    }
    Ok(())
}

fn fill(work: &mut Interpreter<'_>, path: &TreePath) -> Result<(), TreeError> {
    let Some(file) = work.tree().read(path)? else {
        return Ok(());
    };
    let Some(text) = file.text() else {
        return Ok(());
    };
    let placeholders = work.substitution().used_in(text);
    if placeholders.is_empty() {
        return Ok(());
    }
    // Before it is filled: a file of nothing but placeholders can grow to many times its size.
    if let Some(finding) = work.too_large(path, work.substitution().length(text, path.as_str()))? {
        work.report(finding);
        return Ok(());
    }
    let Some(filled) = work.substitution().apply(text, path.as_str()) else {
        return Ok(());
    };
    work.write(
        path,
        File {
            mode: file.mode,
            bytes: filled.into(),
        },
        ChangeOrigin::Placeholders { placeholders },
    )
}

/// Whether a file's name says that it is JSON or one of the languages around it.
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
