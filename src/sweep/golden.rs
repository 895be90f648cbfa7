//! Accepted tree ids in a text file, one selection per line: `<tree id> <option> <option> …`.

use crate::error::{Class, Explain, Hint, Setting};
use crate::hint;
use crate::model::digest::{DigestError, GitId};
use crate::model::selection::Selection;
use crate::model::slug::{OptionRef, OptionRefError};
use std::collections::BTreeMap;
use thiserror::Error;

/// Line of the selection → the selection and the id of its tree without the provenance file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Golden(BTreeMap<String, (Selection, GitId)>);

/// A malformed line of a file of tree ids.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {reason}")]
pub struct GoldenError {
    /// Counts from 1.
    pub line: usize,
    reason: LineError,
}

impl Explain for GoldenError {
    fn class(&self) -> Class {
        Class::Refused
    }

    fn code(&self) -> &'static str {
        "accepted_ids_invalid"
    }

    fn hint(&self) -> Option<Hint> {
        Some(hint!(
            "restore the file from version control, or write it again with ",
            Setting::Accept
        ))
    }
}

/// The reasons to refuse a line.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
enum LineError {
    #[error("expected a tree id, a space and the selected options")]
    Form,
    #[error(transparent)]
    Id(#[from] DigestError),
    #[error(transparent)]
    Option(#[from] OptionRefError),
    #[error("selection is listed twice")]
    Duplicate,
}

/// The differences between accepted and current tree ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// Selection, accepted id, current id.
    pub changed: Vec<(String, GitId, GitId)>,
    /// Accepted, but not built.
    pub gone: Vec<String>,
    /// Built, but not accepted.
    pub new: Vec<String>,
}

/// The line of an empty selection.
const NOTHING: &str = "-";

/// The options of a selection in one line, sorted by name.
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
    /// The tree ids of built selections.
    pub fn of(built: impl IntoIterator<Item = (Selection, GitId)>) -> Self {
        let entries = built
            .into_iter()
            .map(|(selection, id)| (line_of(&selection), (selection, id)));
        Self(entries.collect())
    }

    /// Parses the output of [`Self::text`]. Ignores empty lines and those that start with `#`.
    pub fn parse(text: &str) -> Result<Self, GoldenError> {
        let mut golden = Self::default();
        let lines = text.lines().map(str::trim_end).enumerate();
        for (index, line) in lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
            golden.add(line).map_err(|reason| GoldenError {
                line: index + 1,
                reason,
            })?;
        }
        Ok(golden)
    }

    fn add(&mut self, line: &str) -> Result<(), LineError> {
        let (id, options) = line.split_once(' ').ok_or(LineError::Form)?;
        let id = GitId::parse(id)?;
        let mut selection = Selection::default();
        for option in options.split(' ').filter(|_| options != NOTHING) {
            selection.insert_option(&OptionRef::parse(option)?);
        }
        match self.0.insert(line_of(&selection), (selection, id)) {
            Some(_) => Err(LineError::Duplicate),
            None => Ok(()),
        }
    }

    /// The selections, in the order of their lines.
    pub fn selections(&self) -> impl Iterator<Item = &Selection> {
        self.0.values().map(|(selection, _)| selection)
    }

    /// A comment and one line for each selection.
    pub fn text(&self, comment: &str) -> String {
        let heading = comment.lines().map(|line| format!("# {line}\n"));
        let selections = self
            .0
            .iter()
            .map(|(line, (_, id))| format!("{id} {line}\n"));
        heading.chain(selections).collect()
    }

    /// The differences to the current tree ids.
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
    /// True if all tree ids are as accepted.
    pub fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.gone.is_empty() && self.new.is_empty()
    }
}
