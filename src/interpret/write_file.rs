//! WRITE_FILE: literal text at a path.

use super::interpreter::{ActionError, Done, Interpreter};
use crate::model::action::WriteFile;
use crate::model::content::File;

pub(super) fn run(
    work: &mut Interpreter<'_>,
    index: usize,
    action: &WriteFile,
) -> Result<Done, ActionError> {
    let text = work.literal(&action.content, action.path.as_str());
    let file = File {
        bytes: text.into(),
        ..action.file()
    };
    work.make(index, action.path.as_tree(), file, action.if_exists)
}
