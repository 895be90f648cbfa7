//! Warnings about contents of a template that no placeholder pass and no action changes.

use super::interpreter::Interpreter;
use super::lfs;
use crate::model::content::{File, Mode};
use crate::model::diagnostic::{Code, Diagnostic, Location};
use crate::model::plan::Placeholder;
use crate::tree::TreeError;
use std::collections::{BTreeMap, BTreeSet};

/// The paths that a warning names.
const MAX_NAMED: usize = 3;

/// A reason why a file or path is not filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unfilled {
    NotUtf8,
    Path,
    LfsPointer,
}

/// The unfilled files and paths by reason, in order.
pub(super) type UnfilledFiles = BTreeMap<Unfilled, BTreeSet<String>>;

impl Unfilled {
    /// One warning about all files.
    fn warning(self, paths: &BTreeSet<String>) -> Diagnostic {
        let named = paths.iter().take(MAX_NAMED).map(|path| format!("`{path}`"));
        let mut named = named.collect::<Vec<_>>().join(", ");
        if let Some(more) = paths.len().checked_sub(MAX_NAMED).filter(|more| *more > 0) {
            named = format!("{named} and {more} more");
        }
        let (code, message, help) = match self {
            Self::NotUtf8 => (
                Code::PlaceholderNotText,
                format!("placeholders in files that are not UTF-8 text are not replaced: {named}"),
                "save the file as UTF-8, or remove the placeholder",
            ),
            Self::Path => (
                Code::PlaceholderInPath,
                format!("placeholders in paths are not replaced: {named}"),
                "give the file or folder a fixed name",
            ),
            Self::LfsPointer => (
                Code::LfsPointer,
                format!("Git LFS pointers are copied without the content they stand for: {named}"),
                "commit the files themselves, or leave them out: a forge may refuse a push of pointers alone",
            ),
        };
        let place = paths.first().map(|path| Location::start_of(path.as_str()));
        Diagnostic::warning(code, message).at("", place).help(help)
    }
}

/// The warnings about a template's files, by their path in it.
pub fn template_warnings<'f>(files: impl Iterator<Item = (&'f str, &'f File)>) -> Vec<Diagnostic> {
    let tokens = Placeholder::ALL.map(Placeholder::token);
    let mut unfilled = UnfilledFiles::new();
    for (path, file) in files {
        let mut note = |reason| {
            unfilled.entry(reason).or_default().insert(path.to_owned());
        };
        if tokens.iter().any(|token| path.contains(token)) {
            note(Unfilled::Path);
        }
        if lfs::is_pointer(file) {
            note(Unfilled::LfsPointer);
        } else if file.mode != Mode::Symlink && file.text().is_none() && contains(file, &tokens) {
            note(Unfilled::NotUtf8);
        }
    }
    warnings(&unfilled)
}

fn contains(file: &File, tokens: &[&str]) -> bool {
    let narrow: Vec<u8> = file
        .bytes
        .iter()
        .copied()
        .filter(|byte| *byte != 0)
        .collect();
    tokens.iter().any(|token| {
        narrow
            .windows(token.len())
            .any(|window| window == token.as_bytes())
    })
}

/// One warning for each reason.
fn warnings(unfilled: &UnfilledFiles) -> Vec<Diagnostic> {
    unfilled
        .iter()
        .map(|(reason, paths)| reason.warning(paths))
        .collect()
}

/// Warns about the files that were not filled in, and about placeholders in the paths of the result.
pub(super) fn warn(interpreter: &mut Interpreter<'_>) -> Result<(), TreeError> {
    let tokens: Vec<&str> = interpreter.substitution().tokens().collect();
    let listing = interpreter.tree().list()?;
    let paths = listing.with_text_in_path(&tokens);
    let mut unfilled = interpreter.take_unfilled();
    if !paths.is_empty() {
        unfilled.insert(Unfilled::Path, paths.into_iter().collect());
    }
    for warning in warnings(&unfilled) {
        interpreter.warn(warning);
    }
    Ok(())
}
