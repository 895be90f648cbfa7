//! The actions of a plan with the placeholders of their paths replaced.

use super::action::kind_of;
use super::interpreter::{Interpreter, locate};
use super::step::ActionKind;
use super::substitution::{Substitution, UnusablePath};
use crate::model::action::Action;
use crate::model::diagnostic::Diagnostic;
use crate::model::path::{ActionPath, PathError};
use crate::model::plan::PlannedAction;
use std::borrow::Cow;

/// The actions in order; those with a path that is not valid, as they were planned.
#[derive(Default)]
pub(super) struct PlannedPaths<'p> {
    pub(super) actions: Vec<Cow<'p, Action>>,
    /// The findings, by the number of the action.
    pub(super) refused: Vec<(usize, Diagnostic)>,
}

impl<'p> PlannedPaths<'p> {
    pub(super) fn of(interpreter: &Interpreter<'p>) -> Self {
        let mut paths = Self::default();
        let planned = interpreter.plan().recipe.actions.iter();
        for (number, planned) in planned.enumerate() {
            let filled = filled_of(planned, interpreter.substitution());
            paths.actions.push(filled.unwrap_or_else(|error| {
                let finding = locate(planned, error.into());
                paths.refused.push((number, finding));
                Cow::Borrowed(&planned.action)
            }));
        }
        paths
    }

    /// The actions as their kinds.
    pub(super) fn kinds(&self) -> Vec<&dyn ActionKind> {
        let actions = self.actions.iter();
        actions.map(|action| kind_of(action)).collect()
    }

    /// The message about an action that cannot run.
    pub(super) fn refusal(&self, number: usize) -> Option<&Diagnostic> {
        let mut refused = self.refused.iter();
        refused
            .find(|(refused, _)| *refused == number)
            .map(|(_, finding)| finding)
    }
}

fn filled_of<'p>(
    planned: &'p PlannedAction,
    substitution: &Substitution,
) -> Result<Cow<'p, Action>, UnusablePath> {
    let action = &planned.action;
    let mut filled = Cow::Borrowed(action);
    for (index, (_, path)) in action.paths().into_iter().enumerate() {
        let parse = |text: &str| parse(text, action.common().any_path);
        if let Some(path) = substitution.path(path.as_str(), parse)? {
            *filled.to_mut().paths_mut()[index] = path;
        }
    }
    Ok(filled)
}

fn parse(text: &str, any_path: bool) -> Result<ActionPath, PathError> {
    let path = ActionPath::parse(text)?;
    if !any_path {
        path.check()?;
    }
    Ok(path)
}
