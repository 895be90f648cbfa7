//! The provenance file, written last: the repository's record of its plan.

use super::interpreter::Interpreter;
use super::step::ActionKind;
use crate::model::content::File;
use crate::model::diagnostic::{Code, Diagnostic, Location};
use crate::model::provenance::Provenance;
use crate::model::report::ChangeOrigin;
use crate::tree::TreeError;

/// Writes the provenance file over the template's; reports an action that writes to its path.
pub(super) fn write(
    interpreter: &mut Interpreter<'_>,
    own: &Provenance,
    actions: &[&dyn ActionKind],
) -> Result<(), TreeError> {
    let path = interpreter.plan().provenance_path.as_tree();
    let file = File::regular(own.to_text());
    if interpreter.tree().read(path)?.as_ref() == Some(&file) {
        return Ok(());
    }
    if let Some(writer) = writer(interpreter, actions, path.as_str()) {
        let message = format!("`{path}` is the provenance file, which groundplan writes itself");
        let finding = Diagnostic::error(Code::FileExists, message).at("", writer);
        interpreter.report(finding.help("use another path"));
        return Ok(());
    }
    if let Some((message, other)) = interpreter.name_clash(path) {
        let finding = Diagnostic::error(Code::PathClash, message).at("", other);
        interpreter.report(finding.help("set another `provenance` path in the catalogue"));
        return Ok(());
    }
    if interpreter.tree().read(path)?.is_some() {
        let message = format!("the template's own provenance file `{path}` is replaced");
        let place = Location::start_of(path.as_str());
        let warning = Diagnostic::warning(Code::ProvenanceReplaced, message).at("", place);
        interpreter.warn(warning.help(
            "remove the file from the template, or set another `provenance` path in the catalogue",
        ));
    }
    interpreter.write(path, file, ChangeOrigin::Provenance {})
}

/// The place of an action that writes the path.
fn writer(
    interpreter: &Interpreter<'_>,
    actions: &[&dyn ActionKind],
    path: &str,
) -> Option<Location> {
    let index = actions.iter().position(|action| action.target() == path);
    index
        .map(|index| interpreter.planned(index).origin.location())
        .or_else(|| interpreter.last_writer(path))
}
