//! The last file of every interpretation: what the repository remembers of its plan.

use super::interpreter::Interpreter;
use crate::model::content::File;
use crate::model::diagnostic::{Code, Diagnostic};
use crate::model::provenance::Provenance;
use crate::model::report::ChangeOrigin;
use crate::tree::TreeError;

/// Writes the provenance file over whatever the template has there; an action must not write it.
pub(super) fn write(work: &mut Interpreter<'_>, own: &Provenance) -> Result<(), TreeError> {
    let plan = work.plan();
    let path = plan.provenance_path.as_tree();
    let file = File::regular(own.to_text());
    if work.tree().read(path)?.as_ref() == Some(&file) {
        return Ok(());
    }
    let actions = plan.recipe.actions.iter();
    let writer = actions
        .map(|planned| (&planned.action, planned.origin.location()))
        .find(|(action, _)| action.target() == path.as_str())
        .map(|(_, place)| place)
        .or_else(|| work.maker(path.as_str()));
    if let Some(writer) = writer {
        let message = format!("`{path}` is the provenance file, which groundplan writes itself");
        let finding = Diagnostic::error(Code::FileExists, message).at("", writer);
        work.report(finding.help("use another path"));
        return Ok(());
    }
    if let Some((message, maker)) = work.in_the_way(path) {
        let finding = Diagnostic::error(Code::PathClash, message).at("", maker);
        work.report(finding.help("let the catalogue name another `provenance` path"));
        return Ok(());
    }
    work.write(path, file, ChangeOrigin::Provenance {})
}
