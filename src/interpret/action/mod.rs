//! The kinds of actions, one file each: target, rules, effect.

mod add_dependency;
mod append_to_file;
mod copy_file;
mod create_adr_stub;
mod move_file;
mod remove_file;
mod replace_string;
mod set_value;
mod write_file;

use super::step::ActionKind;
use crate::model::action::Action;

/// The kind of an action, with the action's own values.
pub(crate) fn kind_of(action: &Action) -> &dyn ActionKind {
    match action {
        Action::CopyFile(action) => action,
        Action::WriteFile(action) => action,
        Action::AppendToFile(action) => action,
        Action::ReplaceString(action) => action,
        Action::CreateAdrStub(action) => action,
        Action::AddDependency(action) => action,
        Action::SetValue(action) => action,
        Action::RemoveFile(action) => action,
        Action::MoveFile(action) => action,
    }
}
