//! WRITE_FILE: literal text at a path.

use super::work::{Done, Stop, Work};
use crate::model::action::WriteFile;
use crate::model::content::{File, Mode};

pub(super) fn run(work: &mut Work<'_>, index: usize, action: &WriteFile) -> Result<Done, Stop> {
    let text = work.literal(&action.content, action.path.as_str());
    let mode = if action.executable {
        Mode::Executable
    } else {
        Mode::Regular
    };
    work.make(
        index,
        action.path.as_tree(),
        File {
            mode,
            bytes: text.into(),
        },
        action.if_exists,
    )
}
