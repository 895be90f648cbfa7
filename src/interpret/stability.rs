//! The proof of I8 for one plan: its actions over their own result must change nothing.

use super::perform;
use super::work::{Stop, Work};
use crate::model::content::File;
use crate::model::diagnostic::{Code, Diagnostic};
use crate::model::path::TreePath;
use crate::model::report::ChangeOrigin;
use crate::tree::TreeError;
use std::collections::BTreeMap;

/// Runs all actions again and reports what they would do.
pub(super) fn verify(work: &mut Work<'_>) -> Result<(), TreeError> {
    let once = contents(work)?;
    let mut findings = Vec::new();
    for index in 0..work.plan().recipe.actions.len() {
        match perform(work, index) {
            Ok(_) => {}
            Err(Stop::Finding(finding)) => {
                let message = format!(
                    "over its own result this action would fail: {}",
                    finding.message
                );
                findings.push(unstable(*finding, message));
            }
            Err(Stop::Tree(error)) => return Err(error),
        }
    }
    for (path, file) in contents(work)? {
        if once.get(&path) != Some(&file) {
            let message = format!("over its own result this plan would change `{path}` once more");
            let mut places =
                work.touched()[&path]
                    .origins
                    .iter()
                    .filter_map(|origin| match origin {
                        ChangeOrigin::Action(action) => Some(action.origin.place()),
                        ChangeOrigin::Placeholders { .. } | ChangeOrigin::Provenance {} => None,
                    });
            let finding = Diagnostic::error(Code::Unstable, "").at("", places.next());
            findings.push(unstable(
                places.fold(finding, |finding, place| {
                    finding.also(Some(place), "changed here too")
                }),
                message,
            ));
        }
    }
    for finding in findings {
        work.report(finding);
    }
    Ok(())
}

fn unstable(finding: Diagnostic, message: String) -> Diagnostic {
    let help = "let the actions on that file not undo or repeat each other, for instance by one REPLACE_STRING instead of two";
    Diagnostic {
        code: Code::Unstable,
        message,
        ..finding
    }
    .help(help)
}

fn contents(work: &Work<'_>) -> Result<BTreeMap<TreePath, File>, TreeError> {
    let mut contents = BTreeMap::new();
    for path in work.touched().keys() {
        if let Some(file) = work.tree().read(path)? {
            contents.insert(path.clone(), file);
        }
    }
    Ok(contents)
}
