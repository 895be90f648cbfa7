//! APPEND_TO_FILE: a block of whole lines at the end of a file or beside a line, once, with the line ends of the file.

use crate::interpret::format::Part;
use crate::interpret::line_ends::Lines;
use crate::interpret::step::{ActionError, ActionKind, Done, Step, Violation};
use crate::model::action::AppendToFile;
use crate::model::content::{BYTE_ORDER_MARK, File};
use crate::model::diagnostic::Code;
use crate::model::path::TreePath;
use std::borrow::Cow;
use std::ops::Range;

impl ActionKind for AppendToFile {
    fn target(&self) -> Cow<'_, str> {
        self.path.as_str().into()
    }

    fn violations(&self) -> Vec<Violation> {
        let both = self.after.is_some() && self.before.is_some();
        let is_created = self.create && (self.after.is_some() || self.before.is_some());
        let (field, message, help) = if both {
            (
                "before",
                "a block has both `after` and `before`",
                "keep one of them",
            )
        } else if is_created {
            (
                "create",
                "a new file has no line beside which the block could be added",
                "remove `create` or the line",
            )
        } else {
            return Vec::new();
        };
        vec![Violation {
            code: Code::BadValue,
            field: Some(field),
            message: message.to_owned(),
            help,
        }]
    }

    fn texts(&self) -> Vec<(&'static str, &str)> {
        let lines = [("after", &self.after), ("before", &self.before)]
            .into_iter()
            .filter_map(|(field, line)| Some((field, line.as_ref()?.as_str())));
        [("content", self.content.as_str())]
            .into_iter()
            .chain(lines)
            .collect()
    }

    fn edits(&self, path: &TreePath) -> bool {
        self.path.as_tree() == path
    }

    fn run(&self, step: &mut Step<'_, '_>) -> Result<Done, ActionError> {
        let path = self.path.as_tree();
        let is_new = self.create && step.read(path)?.is_none();
        let part = if is_new { Part::Whole } else { Part::Lines };
        let content = block_of(&step.fill(&self.content, path, part)?);
        // A mark belongs to the start of a file.
        let block = content.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&content);
        if is_new {
            step.write(path, File::regular(content.clone()))?;
            step.record_edit(path, "", block);
            return Ok(Done::changed("created"));
        }
        let file = step.text(path)?;
        let anchor = self.after.as_ref().or(self.before.as_ref());
        let line = anchor
            .map(|line| step.fill(line.as_str(), path, Part::Fragment))
            .transpose()?;
        let place = match &line {
            Some(line) if self.after.is_some() => BlockPlace::After(line),
            Some(line) => BlockPlace::Before(line),
            None => BlockPlace::End,
        };
        if is_in(step, path, block, &file.text)? {
            step.record_edit(path, "", block);
            return Ok(Done::unchanged("the block is already present"));
        }
        match add(&file.text, block, place) {
            Ok(text) => {
                step.write_text(path, &file, &text)?;
                step.record_edit(path, "", block);
                let verb = if place == BlockPlace::End {
                    "appended"
                } else {
                    "added"
                };
                Ok(Done::Changed(format!(
                    "{} lines {verb}",
                    block.lines().count()
                )))
            }
            Err(AnchorCount { line, found }) => {
                let message =
                    format!("the line `{line}` is expected once in `{path}`, found {found} times");
                let finding = step.finding(Code::TextNotFound, message);
                let help = if found > 1 {
                    "name a line that occurs once, or use REPLACE_STRING with more of the surrounding text"
                } else {
                    "name a whole line of the template, spaces at its start included; an earlier option may have changed it"
                };
                Err(finding.help(help).into())
            }
        }
    }
}

/// True if the file contains the block, also with the changes that other actions of the plan make to it.
fn is_in(
    step: &Step<'_, '_>,
    path: &TreePath,
    block: &str,
    text: &str,
) -> Result<bool, ActionError> {
    if contains(text, block) || step.has_edit(path, "", block) {
        return Ok(true);
    }
    let changed = if step.is_repeated() {
        step.after_later_actions(path, "", block)?
    } else {
        None
    };
    Ok(changed.is_some_and(|changed| contains(text, &changed)))
}

/// The content as whole lines that end in `\n`.
fn block_of(content: &str) -> String {
    let mut block = content.replace("\r\n", "\n");
    if !block.is_empty() && !block.ends_with('\n') {
        block.push('\n');
    }
    block
}

/// The place of a block in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BlockPlace<'p> {
    End,
    /// After this line.
    After(&'p str),
    /// Before this line.
    Before(&'p str),
}

/// A line that does not occur once.
#[derive(Debug, PartialEq, Eq)]
struct AnchorCount<'p> {
    line: &'p str,
    found: usize,
}

/// True if the text contains the lines of the block in a row.
fn contains(text: &str, block: &str) -> bool {
    let lines = Lines::of(text);
    let text = lines.text();
    format!("\n{text}{}", joint(text)).contains(&format!("\n{block}"))
}

/// The line end that a text lacks.
fn joint(text: &str) -> &'static str {
    let is_whole = text.is_empty() || text.ends_with('\n');
    if is_whole { "" } else { "\n" }
}

/// The text with the block at its place.
fn add<'p>(text: &str, block: &str, place: BlockPlace<'p>) -> Result<String, AnchorCount<'p>> {
    let lines = Lines::of(text);
    let text = lines.text();
    let at = match place {
        BlockPlace::End => text.len(),
        BlockPlace::After(line) => anchor(text, line)?.end,
        BlockPlace::Before(line) => anchor(text, line)?.start,
    };
    let joint = if at == text.len() { joint(text) } else { "" };
    let edit = format!("{joint}{block}");
    Ok(lines.edited([(at..at, edit.as_str())]))
}

/// The range of the one line with this text, with its line end. Of several lines that differ only in the spaces at their
/// ends, the one with the same spaces is meant.
fn anchor<'p>(text: &str, line: &'p str) -> Result<Range<usize>, AnchorCount<'p>> {
    let mut start = 0;
    let mut found = Vec::new();
    for one in text.split_inclusive('\n') {
        if one.trim() == line.trim() {
            found.push(start..start + one.len());
        }
        start += one.len();
    }
    let is_exact = |range: &&Range<usize>| text[(*range).clone()].trim_end() == line.trim_end();
    let exact: Vec<&Range<usize>> = found.iter().filter(is_exact).collect();
    match (found.as_slice(), exact.as_slice()) {
        ([range], _) => Ok(range.clone()),
        (_, [range]) => Ok((*range).clone()),
        _ => Err(AnchorCount {
            line,
            found: found.len(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn append(text: &str, block: &str) -> Option<String> {
        let added = || add(text, block, BlockPlace::End).expect("a block at the end has no anchor");
        (!contains(text, block)).then(added)
    }

    #[test]
    fn a_block_is_added_beside_a_line_that_occurs_once() {
        let check = |text: &str, place, expected: &str| {
            let once = add(text, "new\n", place).unwrap();
            assert_eq!(once, expected);
            assert!(contains(&once, "new\n"));
        };
        check("a\n  b\nc\n", BlockPlace::After("b"), "a\n  b\nnew\nc\n");
        check(
            "a\r\nb\r\nc\r\n",
            BlockPlace::Before("b"),
            "a\r\nnew\r\nb\r\nc\r\n",
        );
        check("a\nb", BlockPlace::After("b"), "a\nb\nnew\n");
        check("a\nb", BlockPlace::Before("a"), "new\na\nb");
        for (text, found) in [("a\n", 0), ("b\nb\n", 2)] {
            let expected = Err(AnchorCount { line: "b", found });
            assert_eq!(add(text, "new\n", BlockPlace::After("b")), expected);
        }
    }

    #[track_caller]
    fn check(text: &str, content: &str, expected: &str) {
        let block = block_of(content);
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
