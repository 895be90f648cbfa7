//! The origin of each line of one file, updated at each write while a plan is interpreted.

use crate::model::content::File;
use crate::model::path::TreePath;
use crate::model::report::ChangeOrigin;
use crate::tree::{Tree, TreeError};
use similar::{Algorithm, DiffOp, capture_diff_slices};

/// Texts with more lines are not compared line by line: all lines between the common ends count as new.
const MAX_LINES: usize = 20_000;

/// The origin of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineOrigin {
    /// A line of the template, with its number from 1.
    Template { line: usize },
    /// The change that wrote the line last.
    Change(ChangeOrigin),
}

/// One file and the origin of each of its lines.
#[derive(Debug)]
pub(super) struct Trace {
    path: TreePath,
    lines: Vec<LineOrigin>,
}

impl Trace {
    /// Starts with the lines of the template.
    pub(super) fn start(path: &TreePath, tree: &dyn Tree) -> Result<Self, TreeError> {
        let template = tree.read(path)?;
        let count = lines(template.as_ref()).len();
        let numbers = 1..=count;
        Ok(Self {
            path: path.clone(),
            lines: numbers.map(|line| LineOrigin::Template { line }).collect(),
        })
    }

    /// Starts again with the lines of a file that was moved within the template.
    pub(super) fn place(&mut self, path: &TreePath, file: &File) {
        if *path == self.path {
            let numbers = 1..=lines(Some(file)).len();
            self.lines = numbers.map(|line| LineOrigin::Template { line }).collect();
        }
    }

    /// Updates the origins after one write.
    pub(super) fn record(
        &mut self,
        path: &TreePath,
        before: Option<&File>,
        after: &File,
        by: &ChangeOrigin,
    ) {
        if *path != self.path {
            return;
        }
        let (old, new) = (lines(before), lines(Some(after)));
        let ends = old.len() + new.len() > MAX_LINES;
        let operations = if ends {
            common_ends(&old, &new)
        } else {
            capture_diff_slices(Algorithm::Myers, &old, &new)
        };
        let ending = path.as_str().rsplit_once('.').map(|(_, ending)| ending);
        let is_json = ending == Some("json");
        let mut origins = Vec::with_capacity(new.len());
        for operation in operations {
            match operation {
                DiffOp::Equal { old_index, len, .. } => {
                    origins.extend_from_slice(&self.lines[old_index..old_index + len]);
                }
                DiffOp::Delete { .. } => {}
                DiffOp::Insert { new_len, .. } => {
                    origins.extend((0..new_len).map(|_| LineOrigin::Change(by.clone())));
                }
                DiffOp::Replace {
                    old_index,
                    old_len,
                    new_index,
                    new_len,
                } => {
                    let replaced = &old[old_index..old_index + old_len];
                    let of_line = |at: usize| {
                        let line = new[new_index + at];
                        let same = replaced
                            .iter()
                            .position(|old| is_json && has_same_value(old, line));
                        match same {
                            Some(found) => self.lines[old_index + found].clone(),
                            None => LineOrigin::Change(in_line(by, replaced.get(at))),
                        }
                    };
                    origins.extend((0..new_len).map(of_line));
                }
            }
        }
        self.lines = origins;
    }

    pub(super) fn into_lines(self) -> Vec<LineOrigin> {
        self.lines
    }
}

/// True for lines that differ only in the comma at their end: a key that was added after a line is no change of it.
fn has_same_value(old: &str, new: &str) -> bool {
    !old.trim().is_empty() && without_comma(old) == without_comma(new)
}

fn without_comma(line: &str) -> &str {
    let line = line.trim_end();
    line.strip_suffix(',').unwrap_or(line)
}

/// The change for one line: of the placeholders, those in the replaced line.
fn in_line(by: &ChangeOrigin, replaced: Option<&&str>) -> ChangeOrigin {
    match (by, replaced) {
        (ChangeOrigin::Placeholders { placeholders }, Some(line)) => {
            let here = placeholders.iter();
            ChangeOrigin::Placeholders {
                placeholders: here
                    .filter(|placeholder| line.contains(&placeholder.token()))
                    .cloned()
                    .collect(),
            }
        }
        _ => by.clone(),
    }
}

/// Lines with their ends, as git counts them; none for a file that is not text.
fn lines(file: Option<&File>) -> Vec<&str> {
    let text = file.and_then(File::text);
    text.map_or_else(Vec::new, |text| text.split_inclusive('\n').collect())
}

/// The common lines at both ends of two texts, and all between as replaced.
fn common_ends(old: &[&str], new: &[&str]) -> Vec<DiffOp> {
    let start = old
        .iter()
        .zip(new)
        .take_while(|(one, other)| one == other)
        .count();
    let (old_rest, new_rest) = (&old[start..], &new[start..]);
    let end = old_rest
        .iter()
        .rev()
        .zip(new_rest.iter().rev())
        .take_while(|(one, other)| one == other)
        .count();
    vec![
        DiffOp::Equal {
            old_index: 0,
            new_index: 0,
            len: start,
        },
        DiffOp::Replace {
            old_index: start,
            old_len: old_rest.len() - end,
            new_index: start,
            new_len: new_rest.len() - end,
        },
        DiffOp::Equal {
            old_index: old.len() - end,
            new_index: new.len() - end,
            len: end,
        },
    ]
}
