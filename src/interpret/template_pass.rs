//! The placeholders of the template's own files, replaced before any action runs.

use super::format::Part;
use super::interpreter::Interpreter;
use super::lfs;
use super::provenance;
use super::unfilled::Unfilled;
use crate::model::content::{File, Mode};
use crate::model::path::TreePath;
use crate::model::report::ChangeOrigin;
use crate::tree::TreeError;

/// Replaces the placeholders of all text files, unless the tree already contains this plan's provenance.
///
/// Actions replace the placeholders of the text they add, so that no text is searched twice.
pub(super) fn run(interpreter: &mut Interpreter<'_>) -> Result<(), TreeError> {
    if provenance::is_result(interpreter)? {
        return Ok(());
    }
    let listing = interpreter.tree().list()?;
    for path in listing.to_fill() {
        fill(interpreter, &path)?;
    }
    Ok(())
}

fn fill(interpreter: &mut Interpreter<'_>, path: &TreePath) -> Result<(), TreeError> {
    let Some(file) = interpreter.tree().read(path)? else {
        return Ok(());
    };
    if lfs::is_pointer(&file) {
        interpreter.note_unfilled(Unfilled::LfsPointer, path);
        return Ok(());
    }
    let substitution = interpreter.substitution();
    let Some(text) = file.text() else {
        if file.mode != Mode::Symlink && substitution.is_in(&file.bytes) {
            interpreter.note_unfilled(Unfilled::NotUtf8, path);
        }
        return Ok(());
    };
    let placeholders = substitution.used_in(text);
    if placeholders.is_empty() {
        return Ok(());
    }
    // Checked first: a file of placeholders alone can grow to many times its size.
    let length = substitution.length(text);
    if let Some(finding) = interpreter.size_finding(path, length)? {
        interpreter.report(finding);
        return Ok(());
    }
    let filled = match interpreter
        .substitution()
        .apply(text, path.as_str(), Part::Whole)
    {
        Ok(Some(filled)) => filled,
        Ok(None) => return Ok(()),
        Err(error) => {
            interpreter.report(error.in_template());
            return Ok(());
        }
    };
    if let Some(finding) = interpreter.size_finding(path, filled.len() as u64)? {
        interpreter.report(finding);
        return Ok(());
    }
    let filled = File {
        mode: file.mode,
        bytes: filled.into(),
    };
    interpreter.write(path, filled, ChangeOrigin::Placeholders { placeholders })
}
