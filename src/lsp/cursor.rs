//! The key or value at a position of a document, also of one that does not parse.

use crate::source::node::{Document, Node, NodeValue};
use crate::source::{self, PartialDocument};
use std::ops::Range;

/// A step from the root of a document to one of its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PathStep {
    Key(String),
    Index(usize),
}

/// The part of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EntryPart {
    Key,
    Value,
}

/// A key or a scalar value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    /// The steps to it; those to a key end with the key.
    pub(super) steps: Vec<PathStep>,
    pub(super) part: EntryPart,
    /// Its range in the text, with quotes.
    pub(super) range: Range<usize>,
}

/// The place of a completion.
#[derive(Debug)]
pub(super) struct Cursor {
    /// The document with a mark at the cursor.
    pub(super) document: Document,
    pub(super) steps: Vec<PathStep>,
    pub(super) part: EntryPart,
    /// The word or text that a completion replaces, in the text of the editor.
    pub(super) range: Range<usize>,
    /// The text from the start of that range to the cursor.
    pub(super) typed: String,
    /// True for a text over several lines, of which a completion replaces a word.
    pub(super) is_block: bool,
    /// True for a key that has its colon.
    pub(super) has_colon: bool,
}

impl PathStep {
    /// The key; `#` for an entry of a list.
    pub(super) fn word(&self) -> &str {
        match self {
            Self::Key(key) => key,
            Self::Index(_) => "#",
        }
    }
}

/// The words of some steps, for comparisons.
pub(super) fn words(steps: &[PathStep]) -> Vec<&str> {
    steps.iter().map(PathStep::word).collect()
}

/// The node that some steps lead to.
pub(super) fn node_at<'n>(root: &'n Node, steps: &[PathStep]) -> Option<&'n Node> {
    steps.iter().try_fold(root, |node, step| match step {
        PathStep::Key(key) => node.get(key),
        PathStep::Index(index) => match &node.value {
            NodeValue::List(items) => items.get(*index),
            _ => None,
        },
    })
}

/// The deepest key or scalar at an offset.
pub(super) fn spot(document: &Document, offset: usize) -> Option<Spot> {
    let mut spots = Vec::new();
    visit(&document.root, &mut Vec::new(), &mut |spot, _| {
        if (spot.range.start..=spot.range.end).contains(&offset) {
            spots.push(spot);
        }
    });
    // At the border of two, the one that starts there.
    spots.into_iter().max_by_key(|spot| spot.range.start)
}

/// Calls `found` with every key and every scalar, and with the key's or the scalar's text if it has one.
pub(super) fn visit(
    node: &Node,
    steps: &mut Vec<PathStep>,
    found: &mut dyn FnMut(Spot, Option<&str>),
) {
    match &node.value {
        NodeValue::Map(entries) => {
            for entry in entries {
                steps.push(PathStep::Key(entry.key.clone()));
                let spot = Spot {
                    steps: steps.clone(),
                    part: EntryPart::Key,
                    range: entry.key_range.clone(),
                };
                found(spot, Some(&entry.key));
                visit(&entry.value, steps, found);
                steps.pop();
            }
        }
        NodeValue::List(items) => {
            for (index, item) in items.iter().enumerate() {
                steps.push(PathStep::Index(index));
                visit(item, steps, found);
                steps.pop();
            }
        }
        NodeValue::Null | NodeValue::Bool(_) | NodeValue::Number(_) | NodeValue::Text(_) => {
            let spot = Spot {
                steps: steps.clone(),
                part: EntryPart::Value,
                range: node.range.clone(),
            };
            let text = match &node.value {
                NodeValue::Text(text) => Some(text.as_str()),
                _ => None,
            };
            found(spot, text);
        }
    }
}

/// The character that marks the cursor: one for private use, which documents do not contain.
const MARK: char = '\u{e000}';

/// Ends of a text that stops at the cursor, such that an open quote, bracket or key ends too.
const ENDS: [&str; 9] = ["", ":", "\"", "'", "]", "}", ": }", "\"]", "']"];

/// The place of the cursor in a text. The document is read with a mark at the cursor: as it is, with the word at the cursor
/// as a key, then without the text after the cursor, whose errors do not matter.
pub(super) fn at(text: &str, offset: usize) -> Option<Cursor> {
    if text.contains(MARK) || !text.is_char_boundary(offset) {
        return None;
    }
    let (before, after) = text.split_at(offset);
    let word = after.find(|c: char| !is_word(c)).unwrap_or(after.len());
    let (word, rest) = after.split_at(word);
    let line = last_line(before);
    let is_bare = line
        .trim_start_matches([' ', '-'])
        .chars()
        .all(|c| is_word(c) || c == '{' || c == ',');
    let find = |text: String, needs_whole: bool| {
        let partial = source::read_partial("cursor", &text)?;
        (partial.is_whole || !needs_whole)
            .then(|| marked(partial, offset))
            .flatten()
    };
    find(format!("{before}{MARK}{after}"), true)
        .or_else(|| {
            let key = format!("{before}{MARK}{word}: {rest}");
            is_bare.then(|| find(key, true)).flatten()
        })
        .or_else(|| {
            ENDS.into_iter()
                .find_map(|end| find(format!("{before}{MARK}{word}{end}"), false))
        })
        .or_else(|| find(format!("{before}{MARK}{after}"), false))
        .map(|cursor| cursor.in_text(text, offset))
}

/// The text after the last line break.
pub(super) fn last_line(text: &str) -> &str {
    text.rsplit_once('\n').map_or(text, |(_, line)| line)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/')
}

/// The cursor at the mark of a document.
fn marked(partial: PartialDocument, offset: usize) -> Option<Cursor> {
    let document = partial.document;
    let mut spots = Vec::new();
    visit(&document.root, &mut Vec::new(), &mut |spot, text| {
        let mark = offset..offset + MARK.len_utf8();
        let is_around = spot.range.start <= mark.start && mark.end <= spot.range.end;
        if is_around && text.is_some_and(|text| text.contains(MARK)) {
            spots.push(spot);
        }
    });
    let spot = spots.pop()?;
    let source = document.text.content();
    let has_colon = source[spot.range.end..].starts_with(':');
    Some(Cursor {
        steps: spot.steps,
        part: spot.part,
        range: spot.range.start..spot.range.end - MARK.len_utf8(),
        typed: String::new(),
        is_block: source[spot.range.clone()].contains('\n')
            || source[spot.range].starts_with(['|', '>']),
        has_colon,
        document,
    })
}

impl Cursor {
    /// The same cursor with its range and its typed text in the text without the mark.
    fn in_text(mut self, text: &str, offset: usize) -> Self {
        let range = if self.is_block {
            let before = text[..offset].trim_end_matches(is_word);
            let after = text[offset..].trim_start_matches(is_word);
            before.len()..text.len() - after.len()
        } else {
            // An added end of a quote or bracket is not in the text.
            let line = text[offset..].find('\n').unwrap_or(text.len() - offset);
            unquoted(text, self.range.start..self.range.end.min(offset + line))
        };
        let start = range.start.min(offset);
        text[start..offset].clone_into(&mut self.typed);
        self.range = start..range.end.max(offset);
        self.has_colon = text[self.range.end..]
            .trim_start_matches(' ')
            .starts_with(':');
        self
    }
}

/// The range of a scalar without its quotes.
pub(super) fn unquoted(text: &str, range: Range<usize>) -> Range<usize> {
    let source = &text[range.clone()];
    let Some(quote) = source.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
        return range;
    };
    let is_closed = source.len() > 1 && source.ends_with(quote);
    range.start + 1..range.end - usize::from(is_closed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The steps, the part and the typed text at the `|` of a text.
    fn cursor(text: &str) -> Option<(String, EntryPart, String)> {
        let offset = text.find('‸').expect("a cursor");
        let cursor = at(&text.replace('‸', ""), offset)?;
        let steps = words(&cursor.steps).join("/").replace(MARK, "");
        Some((steps, cursor.part, cursor.typed))
    }

    #[track_caller]
    fn check(text: &str, steps: &str, part: EntryPart, typed: &str) {
        let expected = Some((steps.to_owned(), part, typed.to_owned()));
        assert_eq!(cursor(text), expected, "{text}");
    }

    #[test]
    fn a_cursor_in_a_value_has_its_steps() {
        check(
            "actions:\n  - kind: CO‸\n",
            "actions/#/kind",
            EntryPart::Value,
            "CO",
        );
        check("a:\n  b: ‸\n  c: 1\n", "a/b", EntryPart::Value, "");
        check("a: [x, \"y‸\"]\n", "a/#", EntryPart::Value, "y");
        check("a: |\n  one __PR‸\n  two\n", "a", EntryPart::Value, "__PR");
        check("when: { auth: no‸ }\n", "when/auth", EntryPart::Value, "no");
    }

    #[test]
    fn a_cursor_at_a_key_has_its_steps() {
        check("a:\n  b: 1\n  c‸\n", "a/c", EntryPart::Key, "c");
        check("a:\n  b: 1\n  ‸\n  d: 1\n", "a/", EntryPart::Key, "");
        check("a:\n  - b: 1\n    ‸", "a/#/", EntryPart::Key, "");
        check("when: { ‸ }\n", "when/", EntryPart::Key, "");
        check("a: 1\n‸", "", EntryPart::Key, "");
    }

    #[test]
    fn what_does_not_parse_has_no_effect_on_a_cursor_before_it() {
        check("a: [x, y‸\nb:\n  - c: 1\n", "a/#", EntryPart::Value, "y");
        check(
            "when: { auth: no‸\nb: 1\n",
            "when/auth",
            EntryPart::Value,
            "no",
        );
        check("when: { au‸\nb: 1\n", "when/au", EntryPart::Key, "au");
        check("path: \"docs/‸\nb: 1\n", "path", EntryPart::Value, "docs/");
        check(
            "a:\n  - kind: CO‸\n  - [\n }",
            "a/#/kind",
            EntryPart::Value,
            "CO",
        );
        check("- ‸", "#", EntryPart::Value, "");
        check("‸", "", EntryPart::Value, "");
    }
}
