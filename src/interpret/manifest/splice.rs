//! Replacements in a text, and positions in it.

use std::ops::Range;

/// A range of the old text, in bytes, and its replacement.
#[derive(Debug)]
pub(in crate::interpret) struct Splice {
    pub(in crate::interpret) at: Range<usize>,
    pub(in crate::interpret) new: String,
}

impl Splice {
    pub(in crate::interpret) fn insert(at: usize, new: String) -> Self {
        Self { at: at..at, new }
    }
}

/// Applies splices that do not overlap. Splices at one position keep their order.
pub(in crate::interpret) fn apply(text: &str, mut splices: Vec<Splice>) -> String {
    splices.sort_by_key(|splice| splice.at.start);
    let mut result = String::with_capacity(text.len() + 128);
    let mut done = 0;
    for splice in splices {
        result.push_str(&text[done..splice.at.start]);
        result.push_str(&splice.new);
        done = splice.at.end;
    }
    result.push_str(&text[done..]);
    result
}

/// The line and column of a byte offset, both from 1, the column in characters.
pub(in crate::interpret) fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(offset.min(text.len()))];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (
        before.matches('\n').count() + 1,
        before[line_start..].chars().count() + 1,
    )
}

/// The first line break in `text`, `\n` or `\r\n`.
pub(in crate::interpret) fn first_newline(text: &str) -> Option<&str> {
    let at = newline_at(text)?;
    Some(&text[at..=text[at..].find('\n')? + at])
}

/// The last line break in `text`, with the indentation after it.
pub(in crate::interpret) fn last_line_lead(text: &str) -> Option<&str> {
    let newline = text.rfind('\n')?;
    let start = if text[..newline].ends_with('\r') {
        newline - 1
    } else {
        newline
    };
    let indent = text[newline + 1..]
        .find(|c| !matches!(c, ' ' | '\t'))
        .map_or(text.len(), |length| newline + 1 + length);
    Some(&text[start..indent])
}

/// The offset of the first line break, before its `\r` if it has one.
pub(in crate::interpret) fn newline_at(text: &str) -> Option<usize> {
    let newline = text.find('\n')?;
    Some(if text[..newline].ends_with('\r') {
        newline - 1
    } else {
        newline
    })
}
