//! APPEND_TO_FILE: a block of whole lines at the end of a file, once, with the line ends of the file.

use crate::interpret::step::{ActionError, ActionKind, Done, Step};
use crate::model::action::AppendToFile;
use crate::model::content::File;
use crate::model::path::TreePath;
use std::borrow::Cow;

impl ActionKind for AppendToFile {
    fn target(&self) -> Cow<'_, str> {
        self.path.as_str().into()
    }

    fn texts(&self) -> Vec<(&'static str, &str)> {
        vec![("content", &self.content)]
    }

    fn edits(&self, path: &TreePath) -> bool {
        self.path.as_tree() == path
    }

    fn run(&self, step: &mut Step<'_, '_>) -> Result<Done, ActionError> {
        let path = self.path.as_tree();
        let block = block(&step.fill(&self.content, path));
        if self.create && step.read(path)?.is_none() {
            step.write(path, File::regular(block))?;
            return Ok(Done::changed("created"));
        }
        let (mode, text) = step.text(path)?;
        let Some(text) = append(&text, &block) else {
            return Ok(Done::unchanged("the block is already present"));
        };
        step.write_text(path, mode, text)?;
        Ok(Done::Changed(format!(
            "{} lines appended",
            block.lines().count()
        )))
    }
}

/// The content as whole lines that end in `\n`.
fn block(content: &str) -> String {
    let mut block = content.replace("\r\n", "\n");
    if !block.is_empty() && !block.ends_with('\n') {
        block.push('\n');
    }
    block
}

/// The text with the block at its end; `None` if it already contains the lines of the block in a row.
fn append(text: &str, block: &str) -> Option<String> {
    let mut lines = format!("\n{}", text.replace("\r\n", "\n"));
    if !lines.ends_with('\n') {
        lines.push('\n');
    }
    if lines.contains(&format!("\n{block}")) {
        return None;
    }
    let windows_ends = text.matches("\r\n").count();
    let is_windows = windows_ends * 2 > text.matches('\n').count();
    let line_end = if is_windows { "\r\n" } else { "\n" };
    let joint = if text.is_empty() || text.ends_with('\n') {
        ""
    } else {
        line_end
    };
    Some(format!(
        "{text}{joint}{}",
        if is_windows {
            block.replace('\n', line_end)
        } else {
            block.to_owned()
        }
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, content: &str, expected: &str) {
        let block = block(content);
        let once = append(text, &block).unwrap_or_else(|| text.to_owned());
        assert_eq!(once, expected);
        assert_eq!(
            append(&once, &block),
            None,
            "a second append must find the block"
        );
    }

    #[test]
    fn a_block_is_appended_once_as_whole_lines() {
        check("a\n", "b\n", "a\nb\n");
        check("a\n", "b", "a\nb\n");
        check("a", "b", "a\nb\n");
        check("", "b", "b\n");
        check("a\nb\nc\n", "b\n", "a\nb\nc\n");
        check("xb\n", "b\n", "xb\nb\n");
        check("bx\n", "b\n", "bx\nb\n");
        check("a\n", "", "a\n");
        check("a\n", "b\n\n", "a\nb\n\n");
    }

    #[test]
    fn the_files_own_line_ends_are_kept() {
        check("a\r\nb\r\n", "c\nd\n", "a\r\nb\r\nc\r\nd\r\n");
        check("a\r\nb", "c", "a\r\nb\r\nc\r\n");
        check("a\nb\r\n", "c\r\n", "a\nb\r\nc\n");
        check("a\r\nc\r\nd\r\nb\r\n", "c\nd\n", "a\r\nc\r\nd\r\nb\r\n");
    }
}
