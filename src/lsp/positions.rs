//! Positions of the protocol, byte offsets of a text, and locations of findings.

use crate::model::diagnostic::Location;
use lsp_types::Position;
use std::ops::Range;

/// The unit of a column, agreed with the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Utf16,
}

/// The starts of the lines of a text. As in the protocol, `\n`, `\r\n` and `\r` end a line.
pub(super) struct LineIndex<'t> {
    text: &'t str,
    starts: Vec<usize>,
    encoding: Encoding,
}

impl<'t> LineIndex<'t> {
    pub(super) fn of(text: &'t str, encoding: Encoding) -> Self {
        let bytes = text.as_bytes();
        let ends_line = |at: usize| match bytes[at] {
            b'\n' => true,
            b'\r' => bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        };
        let ends = (0..bytes.len()).filter(|at| ends_line(*at));
        Self {
            text,
            starts: std::iter::once(0).chain(ends.map(|at| at + 1)).collect(),
            encoding,
        }
    }

    /// The position of a byte offset.
    pub(super) fn position(&self, offset: usize) -> Position {
        let offset = floor(self.text, offset);
        let line = self.starts.partition_point(|start| *start <= offset) - 1;
        let before = &self.text[self.starts[line]..offset];
        let column = match self.encoding {
            Encoding::Utf8 => before.len(),
            Encoding::Utf16 => before.encode_utf16().count(),
        };
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Position::new(number(line), number(column))
    }

    pub(super) fn range(&self, range: &Range<usize>) -> lsp_types::Range {
        lsp_types::Range::new(self.position(range.start), self.position(range.end))
    }

    /// The byte offset of a position. One behind the end of its line, or of the text, is that end.
    pub(super) fn offset(&self, position: Position) -> usize {
        let line = usize::try_from(position.line).unwrap_or(usize::MAX);
        let Some(start) = self.starts.get(line).copied() else {
            return self.text.len();
        };
        let end = self.starts.get(line + 1).copied();
        let line = self.text[start..end.unwrap_or(self.text.len())].trim_end_matches(['\r', '\n']);
        let column = usize::try_from(position.character).unwrap_or(usize::MAX);
        let within = match self.encoding {
            Encoding::Utf8 => floor(line, column),
            Encoding::Utf16 => utf16_offset(line, column),
        };
        start + within
    }

    /// The range that an editor marks for a location. An empty one becomes the word there.
    pub(super) fn of_location(&self, location: &Location) -> lsp_types::Range {
        let start = offset_of(self.text, location.line, location.column);
        let end = offset_of(self.text, location.end_line, location.end_column).max(start);
        let rest = &self.text[start..];
        let word = rest.find(|c: char| c.is_whitespace() || c == ':' || c == ',');
        let end = if end == start {
            start + word.unwrap_or(rest.len())
        } else {
            end
        };
        self.range(&(start..end))
    }
}

/// The byte offset of a line and a column in characters, both from 1, where only `\n` ends a line.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let starts = text.match_indices('\n').map(|(at, _)| at + 1);
    let start = std::iter::once(0).chain(starts).nth(line.max(1) - 1);
    let Some(start) = start else {
        return text.len();
    };
    let mut characters = text[start..].char_indices();
    let within = characters.nth(column.max(1) - 1);
    start + within.map_or(text.len() - start, |(at, _)| at)
}

/// The byte offset of a UTF-16 offset in a line; inside of a character, its start.
fn utf16_offset(line: &str, column: usize) -> usize {
    let mut units = 0;
    for (at, c) in line.char_indices() {
        units += c.len_utf16();
        if units > column {
            return at;
        }
    }
    line.len()
}

/// The nearest start of a character at or before an offset.
fn floor(text: &str, offset: usize) -> usize {
    (0..=offset.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_units_of_the_encoding() {
        let text = "a\r\nü𝒳b\rc";
        let at = |encoding, offset| LineIndex::of(text, encoding).position(offset);
        let b = text.find('b').unwrap();
        assert_eq!(at(Encoding::Utf16, b), Position::new(1, 3));
        assert_eq!(at(Encoding::Utf8, b), Position::new(1, 6));
        assert_eq!(at(Encoding::Utf16, text.len()), Position::new(2, 1));
    }

    #[test]
    fn a_position_that_no_text_has_is_the_nearest_one() {
        let lines = LineIndex::of("aü𝒳\nb", Encoding::Utf16);
        let offset = |line, column| lines.offset(Position::new(line, column));
        assert_eq!(offset(0, 3), 3, "inside of a surrogate pair");
        assert_eq!(offset(0, 99), 7);
        assert_eq!(offset(9, 0), 9);
    }
}
