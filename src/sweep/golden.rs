//! Tree ids that were looked at and accepted, as lines of a text: `<tree id> <option> <option> …`.

use crate::model::digest::GitId;
use crate::model::selection::Selection;
use crate::model::slug::OptionRef;
use crate::model::slug::Slug;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use thiserror::Error;

/// Selection → the id of its tree without the provenance file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Golden(BTreeMap<String, (Selection, GitId)>);

/// Why a text holds no tree ids.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {reason}")]
pub struct GoldenError {
    /// From 1.
    pub line: usize,
    reason: String,
}

/// How what is now differs from what was accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// Selection, accepted id, id now.
    pub changed: Vec<(String, GitId, GitId)>,
    /// Accepted, but not made now.
    pub gone: Vec<String>,
    /// Made now, but never accepted.
    pub new: Vec<String>,
}

/// What stands for a selection of nothing.
const NOTHING: &str = "-";

/// A selection in one line: its options, in the order of their names.
pub fn line_of(selection: &Selection) -> String {
    let options: Vec<String> = selection
        .options()
        .map(|option| option.to_string())
        .collect();
    if options.is_empty() {
        NOTHING.to_owned()
    } else {
        options.join(" ")
    }
}

impl Golden {
    /// The tree ids of some selections.
    pub fn of(made: impl IntoIterator<Item = (Selection, GitId)>) -> Self {
        let made = made.into_iter();
        Self(
            made.map(|(selection, id)| (line_of(&selection), (selection, id)))
                .collect(),
        )
    }

    /// Reads what [`Self::text`] wrote. Empty lines and those that begin with `#` are passed over.
    pub fn parse(text: &str) -> Result<Self, GoldenError> {
        let mut golden = Self::default();
        for (index, line) in text.lines().enumerate() {
            let wrong = |reason: String| GoldenError {
                line: index + 1,
                reason,
            };
            let line = line.trim_end();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (id, options) = line.split_once(' ').ok_or_else(|| {
                wrong("expected a tree id, a blank and the selected options".to_owned())
            })?;
            let id = GitId::parse(id).map_err(|error| wrong(error.to_string()))?;
            let mut selection = Selection::default();
            for option in options.split(' ').filter(|_| options != NOTHING) {
                let option = OptionRef::parse(option).map_err(|error| wrong(error.to_string()))?;
                let slug = |text: &str| Slug::parse(text).expect("an option is made of slugs");
                selection.insert(slug(option.category()), slug(option.option()));
            }
            let key = line_of(&selection);
            if golden.0.insert(key, (selection, id)).is_some() {
                return Err(wrong("this selection stands here twice".to_owned()));
            }
        }
        Ok(golden)
    }

    /// The selections, in the order of their lines.
    pub fn selections(&self) -> impl Iterator<Item = &Selection> {
        self.0.values().map(|(selection, _)| selection)
    }

    /// One line for each selection, below a comment.
    pub fn text(&self, comment: &str) -> String {
        let mut text = String::new();
        for line in comment.lines() {
            writeln!(text, "# {line}").expect("a string grows");
        }
        for (line, (_, id)) in &self.0 {
            writeln!(text, "{id} {line}").expect("a string grows");
        }
        text
    }

    /// How `now` differs from what was accepted.
    pub fn differences(&self, now: &Self) -> Differences {
        let mut differences = Differences::default();
        for (line, (_, accepted)) in &self.0 {
            match now.0.get(line) {
                None => differences.gone.push(line.clone()),
                Some((_, id)) if id != accepted => {
                    let change = (line.clone(), accepted.clone(), id.clone());
                    differences.changed.push(change);
                }
                Some(_) => {}
            }
        }
        let new = now.0.keys().filter(|line| !self.0.contains_key(*line));
        differences.new.extend(new.cloned());
        differences
    }
}

impl Differences {
    /// Whether everything is as it was accepted.
    pub fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.gone.is_empty() && self.new.is_empty()
    }
}
