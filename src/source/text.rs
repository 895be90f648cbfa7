//! The text of a document, validated for size and encoding, with its line starts.

use crate::model::diagnostic::{Code, Diagnostic, Location};
use std::ops::Range;

/// The largest document, in bytes.
pub const MAX_BYTES: usize = 1024 * 1024;

/// UTF-8 text with a name.
#[derive(Clone, Debug)]
pub struct Text {
    name: String,
    content: String,
    line_starts: Vec<usize>,
}

impl Text {
    /// Validates size and encoding.
    pub fn read(name: &str, bytes: &[u8]) -> Result<Self, Box<Diagnostic>> {
        let refuse = |code, message: String, location| {
            Diagnostic::error(code, message).at("", Some(location))
        };
        if bytes.len() > MAX_BYTES {
            let message = format!(
                "document has {} bytes, the maximum is {MAX_BYTES}",
                bytes.len()
            );
            return Err(Box::new(
                refuse(Code::DocumentTooLarge, message, Location::start_of(name)).help(
                    "move long contents into files beside the recipe and copy them with COPY_FILE",
                ),
            ));
        }
        let content = match std::str::from_utf8(bytes) {
            Ok(content) => content.to_owned(),
            Err(error) => {
                let good = std::str::from_utf8(&bytes[..error.valid_up_to()])
                    .unwrap_or("")
                    .to_owned();
                let location = Self::new(name, good).end_location();
                let message = format!(
                    "document is not UTF-8: byte 0x{:02X} is invalid",
                    bytes[error.valid_up_to()]
                );
                return Err(Box::new(
                    refuse(Code::NotPlainText, message, location).help("save the file as UTF-8"),
                ));
            }
        };
        let text = Self::new(name, content);
        if text.content.starts_with('\u{feff}') {
            let message = "document starts with a byte order mark".to_owned();
            return Err(Box::new(
                refuse(Code::NotPlainText, message, Location::start_of(name))
                    .help("save the file as UTF-8 without a byte order mark (BOM)"),
            ));
        }
        if let Some((at, found)) = text.content.char_indices().find(|(_, c)| !is_printable(*c)) {
            let message = format!(
                "document contains the control character `{}`",
                found.escape_debug()
            );
            let location = text.location(at..at + found.len_utf8());
            return Err(Box::new(
                refuse(Code::NotPlainText, message, location)
                    .help("remove it, or write it as an escape inside a quoted text"),
            ));
        }
        Ok(text)
    }

    fn new(name: &str, content: String) -> Self {
        let line_starts = std::iter::once(0)
            .chain(content.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Self {
            name: name.to_owned(),
            content,
            line_starts,
        }
    }

    /// The name of the document in findings.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text itself.
    pub fn content(&self) -> &str {
        &self.content
    }

    /// The location of a byte range.
    pub fn location(&self, range: Range<usize>) -> Location {
        let (line, column) = self.line_and_column(range.start);
        let (end_line, end_column) = self.line_and_column(range.end);
        Location {
            file: self.name.clone(),
            line,
            column,
            end_line,
            end_column,
        }
    }

    /// The byte offset of a line and a column in bytes, both counted from 1.
    pub(super) fn offset(&self, line: usize, column: usize) -> usize {
        let start = self
            .line_starts
            .get(line.saturating_sub(1))
            .copied()
            .unwrap_or(self.content.len());
        let mut offset = (start + column.saturating_sub(1)).min(self.content.len());
        while !self.content.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }

    fn end_location(&self) -> Location {
        self.location(self.content.len()..self.content.len())
    }

    fn line_and_column(&self, offset: usize) -> (usize, usize) {
        let line = self.line_starts.partition_point(|start| *start <= offset);
        let start = self.line_starts[line - 1];
        (line, self.content[start..offset].chars().count() + 1)
    }
}

/// True for YAML's printable characters (YAML 1.2.2, production 1), a superset of JSON's.
fn is_printable(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}
