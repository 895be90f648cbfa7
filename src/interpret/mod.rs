//! Plan × tree → result. A preview and a new repository come from the same interpretation; only the tree differs.

pub(crate) mod action;
mod changes;
mod format;
mod interpreter;
mod lfs;
mod line_ends;
mod lock_files;
pub mod manifest;
mod paths;
mod provenance;
mod risk;
mod stability;
pub(crate) mod step;
mod substitution;
mod template_pass;
mod trace;
mod unfilled;
mod validity;
mod value;

use crate::model::diagnostic::Diagnostic;
use crate::model::path::TreePath;
use crate::model::plan::{Plan, PlannedAction};
use crate::model::provenance::Provenance;
use crate::model::report::{ActionOutcome, Change, LogEntry, Risk};
use crate::tree::ids::ObjectsError;
use crate::tree::{TreeError, TreeMut};
pub use changes::{MAX_ALL_BYTES, describe_added, describe_one};
pub(crate) use format::damage;
use gix::ObjectId;
use interpreter::{Interpreter, PlanFindings};
pub(crate) use lfs::is_pointer as is_lfs_pointer;
pub(crate) use lock_files::is_lock_file;
use paths::PlannedPaths;
pub use step::Violation;
use step::{ActionError, ActionKind, Step};
use substitution::Substitution;
pub use trace::LineOrigin;
pub use unfilled::{template_warnings, unknown_help};
pub(crate) use value::json::{WITH_COMMENTS as JSON_WITH_COMMENTS, nesting as json_nesting};

/// The effect of a plan on a tree.
#[derive(Clone, Debug)]
pub struct Interpretation {
    /// The content of the provenance file.
    pub provenance: Provenance,
    pub log: Vec<LogEntry>,
    pub warnings: Vec<Diagnostic>,
    /// Paths that two sources want with different content.
    pub collisions: Vec<Diagnostic>,
    /// All other errors.
    pub errors: Vec<Diagnostic>,
    /// The difference to the template, by path.
    pub changes: Vec<Change>,
    pub risk: Risk,
    /// The id of the result.
    pub tree: ObjectId,
}

impl Interpretation {
    /// True if every action succeeded and the plan is stable.
    pub fn is_complete(&self) -> bool {
        self.collisions.is_empty() && self.errors.is_empty()
    }
}

/// Applies a plan to a tree: the placeholders of the template, the actions in order, then the provenance file.
///
/// A second interpretation over the result changes nothing; each one verifies this.
///
/// # Errors
/// Only when the tree cannot be read or written; problems of the plan are part of the result.
pub fn interpret(plan: &Plan, tree: &mut dyn TreeMut) -> Result<Interpretation, ObjectsError> {
    run(Interpreter::new(plan, tree)?).map(|(interpretation, _)| interpretation)
}

/// The effect of the actions of a plan without its result.
#[derive(Clone, Debug)]
pub struct ActionOutcomes {
    pub log: Vec<LogEntry>,
    /// Errors, collisions and warnings.
    pub findings: Vec<Diagnostic>,
}

/// Applies a plan as [`interpret`] does, but neither describes the result nor runs the actions a second time.
pub fn try_actions(plan: &Plan, tree: &mut dyn TreeMut) -> Result<ActionOutcomes, TreeError> {
    let mut interpreter = Interpreter::new(plan, tree)?;
    let paths = PlannedPaths::of(&interpreter);
    let actions = paths.kinds();
    let log = apply(&mut interpreter, &paths, &actions)?;
    provenance::report_writer(&mut interpreter, &actions);
    let PlanFindings {
        warnings,
        collisions,
        errors,
    } = interpreter.into_findings();
    let findings = [collisions, errors, warnings].concat();
    Ok(ActionOutcomes { log, findings })
}

/// Applies a plan as [`interpret`] does, and gives the origin of each line of one file of the result.
pub fn explain(
    plan: &Plan,
    tree: &mut dyn TreeMut,
    path: &TreePath,
) -> Result<(Interpretation, Vec<LineOrigin>), ObjectsError> {
    let mut interpreter = Interpreter::new(plan, tree)?;
    interpreter.start_trace(path)?;
    run(interpreter)
}

/// A text with the placeholders of a plan replaced by their values as they are.
pub fn fill(plan: &Plan, text: &str) -> String {
    Substitution::of(plan).plain(text)
}

fn run(
    mut interpreter: Interpreter<'_>,
) -> Result<(Interpretation, Vec<LineOrigin>), ObjectsError> {
    let paths = PlannedPaths::of(&interpreter);
    let actions = paths.kinds();
    let log = apply(&mut interpreter, &paths, &actions)?;
    let (provenance, tree) = provenance::write(&mut interpreter, &actions)?;
    if !interpreter.has_failed() {
        stability::verify(&mut interpreter, &actions)?;
    }
    lock_files::warn_of_stale_ones(&mut interpreter)?;
    unfilled::warn(&mut interpreter)?;
    let changes = changes::describe(&interpreter)?;
    let risk = risk::assess(&interpreter, &actions)?;
    let lines = interpreter.take_trace();
    let PlanFindings {
        warnings,
        collisions,
        errors,
    } = interpreter.into_findings();
    let interpretation = Interpretation {
        provenance,
        log,
        warnings,
        collisions,
        errors,
        changes,
        risk,
        tree,
    };
    Ok((interpretation, lines))
}

/// Replaces the placeholders of the template, runs the actions in order, and checks the files that they leave.
fn apply(
    interpreter: &mut Interpreter<'_>,
    paths: &PlannedPaths<'_>,
    actions: &[&dyn ActionKind],
) -> Result<Vec<LogEntry>, TreeError> {
    template_pass::run(interpreter)?;
    let log = run_actions(interpreter, paths, actions)?;
    validity::verify(interpreter)?;
    Ok(log)
}

fn run_actions(
    interpreter: &mut Interpreter<'_>,
    paths: &PlannedPaths<'_>,
    actions: &[&dyn ActionKind],
) -> Result<Vec<LogEntry>, TreeError> {
    let mut log = Vec::with_capacity(actions.len());
    for (index, action) in actions.iter().enumerate() {
        let done = match paths.refusal(index) {
            Some(refusal) => Err(refusal.clone().into()),
            None => Step::new(interpreter, actions, index).run(),
        };
        let (outcome, message) = match done {
            Ok(done) => (done.outcome(), done.into_message()),
            Err(ActionError::Finding(finding)) => {
                let message = finding.message.clone();
                interpreter.report(*finding);
                (ActionOutcome::Failed, message)
            }
            Err(ActionError::Tree(error)) => return Err(error),
        };
        let PlannedAction {
            action: planned,
            origin,
        } = interpreter.planned(index);
        log.push(LogEntry {
            origin: origin.clone(),
            kind: planned.kind().to_owned(),
            path: action.target().into_owned(),
            outcome,
            message,
        });
    }
    Ok(log)
}
