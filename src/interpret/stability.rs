//! The check that a plan is stable: its actions over their own result must change nothing.

use super::interpreter::Interpreter;
use super::step::{ActionError, ActionKind, Step};
use crate::model::diagnostic::{Code, Diagnostic};
use crate::model::report::ChangeOrigin;
use crate::tree::TreeError;
use crate::tree::overlay::Overlay;

/// Runs all actions a second time, over the result, and reports every change and failure.
pub(super) fn verify(
    interpreter: &mut Interpreter<'_>,
    actions: &[&dyn ActionKind],
) -> Result<(), TreeError> {
    for finding in second_run(interpreter, actions)? {
        interpreter.report(finding);
    }
    Ok(())
}

fn second_run(
    interpreter: &Interpreter<'_>,
    actions: &[&dyn ActionKind],
) -> Result<Vec<Diagnostic>, TreeError> {
    let mut result = Overlay::over(interpreter.tree())?;
    let mut second = interpreter.for_tree(&mut result)?;
    second.set_repeated();
    let mut findings = Vec::new();
    for index in 0..actions.len() {
        match Step::new(&mut second, actions, index).run() {
            Ok(_) => {}
            Err(ActionError::Finding(finding)) => {
                let message = format!(
                    "this action would fail on its own result: {}",
                    finding.message
                );
                findings.push(unstable(*finding, message));
            }
            Err(ActionError::Tree(error)) => return Err(error),
        }
    }
    for (path, touched) in second.touched() {
        if second.tree().read(path)? != touched.before {
            let message = format!("a second run of this plan would change `{path}` again");
            let mut places = touched.origins.iter().filter_map(ChangeOrigin::location);
            let first = Diagnostic::error(Code::Unstable, "").at("", places.next());
            let finding = places.fold(first, |finding, place| {
                finding.also(Some(place), "changed here too")
            });
            findings.push(unstable(finding, message));
        }
    }
    Ok(findings)
}

fn unstable(finding: Diagnostic, message: String) -> Diagnostic {
    Diagnostic {
        code: Code::Unstable,
        message,
        ..finding
    }
    .help("let the actions on that file not undo or repeat each other, for instance by one REPLACE_STRING instead of two")
}
