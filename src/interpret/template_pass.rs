//! The template's own files before any action runs: those whose conditions do not hold are removed, then the placeholders
//! of paths and texts are replaced.

use super::format::Part;
use super::interpreter::Interpreter;
use super::lfs;
use super::provenance;
use super::unfilled::Unfilled;
use crate::model::content::{File, Mode};
use crate::model::diagnostic::{Code, Diagnostic, Location};
use crate::model::path::TreePath;
use crate::model::report::ChangeOrigin;
use crate::tree::TreeError;

/// Prepares the template, unless the tree already contains this plan's provenance.
///
/// Actions replace the placeholders of the text they add, so that no text is searched twice.
pub(super) fn run(interpreter: &mut Interpreter<'_>) -> Result<(), TreeError> {
    if provenance::is_result(interpreter)? {
        interpreter.set_repeated();
        return Ok(());
    }
    omit(interpreter)?;
    rename(interpreter)?;
    let listing = interpreter.tree().list()?;
    for path in listing.to_fill() {
        fill(interpreter, &path)?;
    }
    Ok(())
}

/// Removes the files and folders whose conditions do not hold.
fn omit(interpreter: &mut Interpreter<'_>) -> Result<(), TreeError> {
    let plan = interpreter.plan();
    for omitted in &plan.recipe.omitted {
        let listing = interpreter.tree().list()?;
        let itself = listing.get(omitted.as_str()).map(|_| omitted.clone());
        let below = listing
            .below(omitted.as_str())
            .map(|(path, _)| TreePath::of_checked(path));
        for path in itself.into_iter().chain(below) {
            interpreter.remove(&path, ChangeOrigin::Condition {})?;
        }
    }
    Ok(())
}

/// A file whose path contains placeholders.
struct Renamed {
    from: TreePath,
    to: TreePath,
    file: File,
}

/// Replaces the placeholders in the paths of files.
fn rename(interpreter: &mut Interpreter<'_>) -> Result<(), TreeError> {
    let mut renamed = Vec::new();
    for from in interpreter.tree().list()?.with_text_in_path(&["__"]) {
        let from = TreePath::of_checked(&from);
        let parse = TreePath::parse;
        match interpreter.substitution().path(from.as_str(), parse) {
            Ok(None) => {}
            Ok(Some(to)) => {
                if let Some(file) = interpreter.tree().read(&from)? {
                    renamed.push(Renamed { from, to, file });
                }
            }
            Err(error) => {
                let place = Location::start_of(from.as_str());
                interpreter.report(Diagnostic::from(error).at("", place));
            }
        }
    }
    let origin_of = |path: &TreePath, interpreter: &Interpreter<'_>| ChangeOrigin::Placeholders {
        placeholders: interpreter.substitution().used_in(path.as_str()),
    };
    for Renamed { from, .. } in &renamed {
        let origin = origin_of(from, interpreter);
        interpreter.remove(from, origin)?;
    }
    for Renamed { from, to, file } in renamed {
        let origin = origin_of(&from, interpreter);
        if let Some(finding) = clash(interpreter, &from, &to)? {
            interpreter.report(finding);
        } else {
            interpreter.place(&to, file, origin)?;
        }
    }
    Ok(())
}

/// The finding about a path that exists already, as a file or in another spelling.
fn clash(
    interpreter: &Interpreter<'_>,
    from: &TreePath,
    to: &TreePath,
) -> Result<Option<Diagnostic>, TreeError> {
    let message = if interpreter.tree().read(to)?.is_some() {
        format!("`{from}` is replaced by `{to}`, which exists already")
    } else if let Some((message, _)) = interpreter.name_clash(to) {
        format!("`{from}` is replaced by `{to}`: {message}")
    } else {
        return Ok(None);
    };
    let place = Location::start_of(from.as_str());
    let finding = Diagnostic::error(Code::PathClash, message).at("", place);
    Ok(Some(
        finding.help("choose another value, or rename one of them"),
    ))
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
    if file.mode != Mode::Symlink {
        interpreter.note_unknown(path, text);
    }
    let substitution = interpreter.substitution();
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
