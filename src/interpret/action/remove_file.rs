//! REMOVE_FILE: a file of the template, or all files below a folder.

use crate::interpret::step::{ActionError, ActionKind, Done, Step};
use crate::model::action::{RemoveFile, RiskLevel};
use crate::model::diagnostic::{Diagnostic, Severity};
use crate::model::path::TreePath;
use std::borrow::Cow;

impl ActionKind for RemoveFile {
    fn target(&self) -> Cow<'_, str> {
        self.path.as_str().into()
    }

    fn risk(&self) -> Option<(RiskLevel, String)> {
        Some((RiskLevel::Medium, "a removed file".to_owned()))
    }

    fn edits(&self, _: &TreePath) -> bool {
        false
    }

    fn run(&self, step: &mut Step<'_, '_>) -> Result<Done, ActionError> {
        let files = step.at_or_below(self.path.as_tree())?;
        if files.is_empty() {
            let message = format!("`{}` to remove does not exist", self.path);
            let otherwise = "check the path, or remove the action";
            let finding = step.file_missing(message, self.path.as_tree(), otherwise)?;
            step.warn(Diagnostic {
                severity: Severity::Warning,
                ..finding
            });
            return Ok(Done::unchanged("nothing to remove"));
        }
        for file in &files {
            step.remove(file)?;
        }
        Ok(match files.len() {
            1 => Done::changed("removed"),
            count => Done::Changed(format!("{count} files removed")),
        })
    }
}
