//! APPEND_TO_FILE: a block of whole lines at the end of a file, once, with the line ends of the file.

use crate::interpret::format::Part;
use crate::interpret::line_ends::Lines;
use crate::interpret::step::{ActionError, ActionKind, Done, Step};
use crate::model::action::AppendToFile;
use crate::model::content::{BYTE_ORDER_MARK, File};
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
        let is_new = self.create && step.read(path)?.is_none();
        let part = if is_new { Part::Whole } else { Part::Lines };
        let block = block(&step.fill(&self.content, path, part)?);
        if is_new {
            step.write(path, File::regular(block))?;
            return Ok(Done::changed("created"));
        }
        let file = step.text(path)?;
        // A mark belongs to the start of a file.
        let block = block.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&block);
        let Some(text) = append(&file.text, block) else {
            return Ok(Done::unchanged("the block is already present"));
        };
        step.write_text(path, &file, &text)?;
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
    let lines = Lines::of(text);
    let text = lines.text();
    let is_whole = text.is_empty() || text.ends_with('\n');
    let joint = if is_whole { "" } else { "\n" };
    if format!("\n{text}{joint}").contains(&format!("\n{block}")) {
        return None;
    }
    let end = text.len();
    Some(lines.edited([(end..end, format!("{joint}{block}").as_str())]))
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
        check("a\rb\r", "c\nd", "a\rb\rc\rd\r");
        check("a\rb", "c", "a\rb\rc\r");
        check("a\rb\rc\r", "a\nb", "a\rb\rc\r");
        check("a\r\nb\nc\r\nd", "e", "a\r\nb\nc\r\nd\r\ne\r\n");
    }
}
