//! The proof of I8 for one plan: its actions over their own result must change nothing.

use super::interpreter::{ActionError, Interpreter};
use super::perform;
use crate::model::diagnostic::{Code, Diagnostic};
use crate::model::report::ChangeOrigin;
use crate::tree::TreeError;
use crate::tree::overlay::Overlay;

/// Runs all actions a second time, over the result as it is, and reports what they would do.
pub(super) fn verify(work: &mut Interpreter<'_>) -> Result<(), TreeError> {
    for finding in second_run(work)? {
        work.report(finding);
    }
    Ok(())
}

fn second_run(work: &Interpreter<'_>) -> Result<Vec<Diagnostic>, TreeError> {
    let mut result = Overlay::over(work.tree())?;
    let mut second = Interpreter::on(work.plan(), &mut result)?;
    let mut findings = Vec::new();
    for index in 0..work.plan().recipe.actions.len() {
        match perform(&mut second, index) {
            Ok(_) => {}
            Err(ActionError::Finding(finding)) => {
                let message = format!(
                    "over its own result this action would fail: {}",
                    finding.message
                );
                findings.push(unstable(*finding, message));
            }
            Err(ActionError::Tree(error)) => return Err(error),
        }
    }
    for (path, touched) in second.touched() {
        if second.tree().read(path)? != touched.before {
            let message = format!("over its own result this plan would change `{path}` once more");
            let mut places = touched.origins.iter().filter_map(ChangeOrigin::location);
            let finding = Diagnostic::error(Code::Unstable, "").at("", places.next());
            let finding = places.fold(finding, |finding, place| {
                finding.also(Some(place), "changed here too")
            });
            findings.push(unstable(finding, message));
        }
    }
    Ok(findings)
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
