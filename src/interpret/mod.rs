//! Plan × tree → what happened. The same interpretation makes a preview and a repository: a preview is another tree.

mod add_dependency;
mod append_to_file;
mod changes;
mod copy_file;
mod create_adr_stub;
mod interpreter;
mod lock_files;
pub mod manifest;
mod names;
mod placeholders;
mod provenance;
mod replace_string;
mod rerun;
mod risk;
mod stability;
mod trace;
mod write_file;

use crate::model::action::Action;
use crate::model::diagnostic::Diagnostic;
use crate::model::path::TreePath;
use crate::model::plan::Plan;
use crate::model::provenance::Provenance;
use crate::model::report::{ActionOutcome, Change, LogEntry, Risk};
use crate::tree::{TreeError, TreeMut};
pub use changes::describe_added;
use interpreter::{ActionError, Done, Interpreter};
pub use trace::LineOrigin;

/// What an interpretation did to a tree.
#[derive(Clone, Debug)]
pub struct Interpretation {
    /// What the tree now says of its plan.
    pub provenance: Provenance,
    pub log: Vec<LogEntry>,
    pub warnings: Vec<Diagnostic>,
    /// Two contents that want one path.
    pub collisions: Vec<Diagnostic>,
    /// Whatever else failed.
    pub errors: Vec<Diagnostic>,
    /// How the tree differs from what it was, by path.
    pub changes: Vec<Change>,
    pub risk: Risk,
}

impl Interpretation {
    /// Whether the tree is now what the plan says.
    pub fn is_complete(&self) -> bool {
        self.collisions.is_empty() && self.errors.is_empty()
    }
}

/// Lays a plan over a tree: first the template's placeholders, then the actions in order, then the provenance file.
/// Interpreting a plan again over the result changes nothing (I8), which is verified each time.
///
/// # Errors
/// Only when the tree itself fails; what is wrong with the plan is part of the result.
pub fn interpret(plan: &Plan, tree: &mut dyn TreeMut) -> Result<Interpretation, TreeError> {
    run(Interpreter::on(plan, tree)?).map(|(interpretation, _)| interpretation)
}

/// The same, and where each line of one file of the result came from.
pub fn explain(
    plan: &Plan,
    tree: &mut dyn TreeMut,
    path: &TreePath,
) -> Result<(Interpretation, Vec<LineOrigin>), TreeError> {
    let mut work = Interpreter::on(plan, tree)?;
    work.trace(path)?;
    run(work)
}

fn run(mut work: Interpreter<'_>) -> Result<(Interpretation, Vec<LineOrigin>), TreeError> {
    let plan = work.plan();
    let provenance = plan.provenance();
    placeholders::fill_template(&mut work, &provenance)?;
    let mut log = Vec::with_capacity(plan.recipe.actions.len());
    for index in 0..plan.recipe.actions.len() {
        let entry = match perform(&mut work, index) {
            Ok(done) => log_entry(plan, index, done.outcome(), done.into_message()),
            Err(ActionError::Finding(finding)) => {
                let entry = log_entry(plan, index, ActionOutcome::Failed, finding.message.clone());
                work.report(*finding);
                entry
            }
            Err(ActionError::Tree(error)) => return Err(error),
        };
        log.push(entry);
    }
    provenance::write(&mut work, &provenance)?;
    if !work.has_failed() {
        stability::verify(&mut work)?;
    }
    lock_files::warn_of_stale_ones(&mut work)?;
    let changes = changes::describe(&work)?;
    let risk = risk::assess(&work)?;
    let lines = work.take_trace().unwrap_or_default();
    let findings = work.into_findings();
    let interpretation = Interpretation {
        provenance,
        log,
        warnings: findings.warnings,
        collisions: findings.collisions,
        errors: findings.errors,
        changes,
        risk,
    };
    Ok((interpretation, lines))
}

/// The dispatch by kind: one file per action.
fn perform(work: &mut Interpreter<'_>, index: usize) -> Result<Done, ActionError> {
    match &work.plan().recipe.actions[index].action {
        Action::CopyFile(action) => copy_file::run(work, index, action),
        Action::WriteFile(action) => write_file::run(work, index, action),
        Action::AppendToFile(action) => append_to_file::run(work, index, action),
        Action::ReplaceString(action) => replace_string::run(work, index, action),
        Action::CreateAdrStub(action) => create_adr_stub::run(work, index, action),
        Action::AddDependency(action) => add_dependency::run(work, index, action),
    }
}

fn log_entry(plan: &Plan, index: usize, outcome: ActionOutcome, message: String) -> LogEntry {
    let planned = &plan.recipe.actions[index];
    LogEntry {
        origin: planned.origin.clone(),
        kind: planned.action.kind().to_owned(),
        path: planned.action.target().into_owned(),
        outcome,
        message,
    }
}
