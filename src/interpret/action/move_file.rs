//! MOVE_FILE: a file of the template, or all files below a folder, to another path.

use crate::interpret::step::{ActionError, ActionKind, Done, Step, Violation};
use crate::model::action::MoveFile;
use crate::model::diagnostic::Code;
use crate::model::path::TreePath;
use std::borrow::Cow;

impl ActionKind for MoveFile {
    fn target(&self) -> Cow<'_, str> {
        self.to.as_str().into()
    }

    fn violations(&self) -> Vec<Violation> {
        let (from, to) = (self.from.as_tree(), self.to.as_tree());
        if !to.is_at_or_below(from.as_str()) && !from.is_at_or_below(to.as_str()) {
            return Vec::new();
        }
        vec![Violation {
            code: Code::BadPath,
            field: Some("to"),
            message: format!("`{from}` cannot be moved to `{to}`: one contains the other"),
            help: "choose a path outside, and remove what is left with another action",
        }]
    }

    fn edits(&self, _: &TreePath) -> bool {
        false
    }

    fn run(&self, step: &mut Step<'_, '_>) -> Result<Done, ActionError> {
        let (from, to) = (self.from.as_tree(), self.to.as_tree());
        let files = step.at_or_below(from)?;
        if files.is_empty() {
            if !step.at_or_below(to)?.is_empty() {
                return Ok(Done::unchanged("already moved"));
            }
            let message = format!("file or folder `{from}` does not exist");
            let otherwise = "check the path, or create the file with an earlier action";
            return Err(step.file_missing(message, from, otherwise)?.into());
        }
        for file in &files {
            let to = match file.below(from.as_str()) {
                Some(below) => to.join(below).map_err(|error| {
                    let message = format!("`{to}/{below}` cannot be a path: {error}");
                    step.finding(Code::BadPath, message)
                        .help("choose another path")
                })?,
                None => to.clone(),
            };
            step.move_file(file, &to)?;
        }
        Ok(match files.len() {
            1 => Done::changed("moved"),
            count => Done::Changed(format!("{count} files moved")),
        })
    }
}
