//! WRITE_FILE: literal text at a path.

use super::work::{Done, Stop, Work};
use crate::model::action::WriteFile;
use crate::model::content::File;

pub(super) fn run(work: &mut Work<'_>, index: usize, action: &WriteFile) -> Result<Done, Stop> {
    let text = work.literal(&action.content, action.path.as_str());
    let file = File {
        bytes: text.into(),
        ..action.file()
    };
    work.make(index, action.path.as_tree(), file, action.if_exists)
}
