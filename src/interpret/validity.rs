//! The check that files of a known format are still valid after their changes.

use super::format::{Format, SyntaxProblem};
use super::interpreter::{Interpreter, TouchedFile};
use crate::model::content::{BYTE_ORDER_MARK, File};
use crate::model::diagnostic::{Code, Diagnostic, Location};
use crate::model::path::TreePath;
use crate::model::report::ChangeOrigin;
use crate::tree::TreeError;

/// Reports each file that was valid in the template, or as it was created, and is not in the result.
pub(super) fn verify(interpreter: &mut Interpreter<'_>) -> Result<(), TreeError> {
    let mut findings = Vec::new();
    for (path, touched) in interpreter.touched() {
        let before = touched.before.as_ref().or(touched.created.as_ref());
        let Some(before) = before.and_then(text) else {
            continue;
        };
        let Some(format) = Format::of(path.as_str(), before) else {
            continue;
        };
        let after = interpreter.tree().read(path)?;
        let Some(after) = after
            .as_ref()
            .and_then(text)
            .filter(|after| *after != before)
        else {
            continue;
        };
        if let Some(problem) = format.damage(before, after) {
            findings.push(damaged(path, format, problem, touched));
        }
    }
    for finding in findings {
        interpreter.report(finding);
    }
    Ok(())
}

fn text(file: &File) -> Option<&str> {
    let text = file.text()?;
    Some(text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text))
}

fn damaged(
    path: &TreePath,
    format: Format,
    SyntaxProblem { line, reason }: SyntaxProblem,
    touched: &TouchedFile,
) -> Diagnostic {
    let places: Vec<Location> = touched
        .origins
        .iter()
        .rev()
        .filter_map(ChangeOrigin::location)
        .collect();
    let (cause, help) = if places.is_empty() {
        (
            "after its placeholders are replaced",
            "put the placeholder between double quotes, or choose another value",
        )
    } else {
        (
            "after this action",
            "compare the text that the action adds with the file around it",
        )
    };
    let message = format!(
        "`{path}` is not valid {} {cause}: line {line}: {reason}",
        format.name()
    );
    let mut related = places.into_iter();
    let place = related
        .next()
        .unwrap_or_else(|| Location::point(path.as_str(), line, 1));
    let finding = Diagnostic::error(Code::BrokenFormat, message).at("", place);
    related
        .fold(finding, |finding, place| {
            finding.also(Some(place), "changed here too")
        })
        .help(help)
}
