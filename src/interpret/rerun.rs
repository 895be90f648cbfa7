//! Whether a file that stands is what an action wrote and later actions of the same plan changed.
//!
//! Without this, a plan that writes a file and then appends to it would trip over its own result (I8).

use super::interpreter::{ActionError, Interpreter};
use super::perform;
use crate::model::action::{Action, CreateAdrStub, IfExists};
use crate::model::content::File;
use crate::model::path::TreePath;
use crate::model::plan::Plan;
use crate::tree::memory::MemoryTree;
use crate::tree::{Tree as _, TreeError};

/// Whether `file`, put at `path` by action `index`, becomes `standing` through the plan's later changes of that path.
pub(super) fn ends_as(
    plan: &Plan,
    index: usize,
    path: &TreePath,
    file: File,
    standing: &File,
) -> Result<bool, TreeError> {
    let later: Vec<usize> = (index + 1..plan.recipe.actions.len())
        .filter(|later| changes(&plan.recipe.actions[*later].action, path))
        .collect();
    if later.is_empty() {
        return Ok(false);
    }
    let mut scratch = MemoryTree::of([(path.clone(), file)])?;
    let mut work = Interpreter::on(plan, &mut scratch)?;
    for index in later {
        match perform(&mut work, index) {
            Ok(_) => {}
            Err(ActionError::Finding(_)) => return Ok(false),
            Err(ActionError::Tree(error)) => return Err(error),
        }
    }
    Ok(scratch.read(path)?.as_ref() == Some(standing))
}

fn changes(action: &Action, path: &TreePath) -> bool {
    match action {
        Action::AppendToFile(_) | Action::ReplaceString(_) | Action::AddDependency(_) => {
            action.target() == path.as_str()
        }
        Action::CreateAdrStub(_) => path.as_str() == CreateAdrStub::INDEX,
        Action::WriteFile(write) => {
            write.if_exists == IfExists::Overwrite && write.path.as_tree() == path
        }
        Action::CopyFile(copy) => {
            copy.if_exists == IfExists::Overwrite
                && copy.from.is_some()
                && path.is_at_or_below(copy.to.as_str())
        }
    }
}
