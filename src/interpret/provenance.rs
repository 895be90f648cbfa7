//! The provenance file, written last: the repository's record of its plan.

use super::interpreter::Interpreter;
use super::step::ActionKind;
use crate::model::content::File;
use crate::model::diagnostic::{Code, Diagnostic, Location};
use crate::model::digest::GitId;
use crate::model::provenance::Provenance;
use crate::model::report::ChangeOrigin;
use crate::tree::TreeError;
use crate::tree::ids::{ObjectsError, TreeWithout};
use gix::ObjectId;

/// True if the tree is already the result of the plan: its provenance file is the plan's.
pub(super) fn is_result(interpreter: &Interpreter<'_>) -> Result<bool, TreeError> {
    let plan = interpreter.plan();
    let Some(file) = interpreter.tree().read(plan.provenance_path.as_tree())? else {
        return Ok(false);
    };
    let Ok(recorded) = serde_json::from_slice::<Provenance>(&file.bytes) else {
        return Ok(false);
    };
    let tree = recorded.tree().unwrap_or(&plan.template.tree).clone();
    Ok(file.bytes == plan.provenance(tree).to_text())
}

/// Writes the provenance file over the template's, and gives its content and the id of the result.
pub(super) fn write(
    interpreter: &mut Interpreter<'_>,
    actions: &[&dyn ActionKind],
) -> Result<(Provenance, ObjectId), ObjectsError> {
    let plan = interpreter.plan();
    let without = TreeWithout::compute(interpreter.tree(), plan.provenance_path.as_tree())?;
    let own = plan.provenance(GitId::of(&without.id()));
    let file = File::regular(own.to_text());
    let tree = without.with(&file)?;
    put(interpreter, file, actions)?;
    Ok((own, tree))
}

/// Writes the file; reports an action that writes to its path.
fn put(
    interpreter: &mut Interpreter<'_>,
    file: File,
    actions: &[&dyn ActionKind],
) -> Result<(), TreeError> {
    let path = interpreter.plan().provenance_path.as_tree();
    if interpreter.tree().read(path)?.as_ref() == Some(&file) {
        return Ok(());
    }
    if report_writer(interpreter, actions) {
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

/// Reports an action that writes to the path of the provenance file; true if there is one.
pub(super) fn report_writer(
    interpreter: &mut Interpreter<'_>,
    actions: &[&dyn ActionKind],
) -> bool {
    let path = interpreter.plan().provenance_path.as_tree();
    let Some(writer) = writer(interpreter, actions, path.as_str()) else {
        return false;
    };
    let message = format!("`{path}` is the provenance file, which groundplan writes itself");
    let finding = Diagnostic::error(Code::FileExists, message).at("", writer);
    interpreter.report(finding.help("use another path"));
    true
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
