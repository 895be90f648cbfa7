//! Words, quotes, comments and here-documents of shell scripts.

use super::json::line_length;
use super::regions::{Regions, bare_word, verbatim};
use crate::base::pattern::pattern;

/// A construct that is open at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    /// Commands in `$(…)` or backticks, up to this character.
    Commands(u8),
    DoubleQuotes,
    /// `${…}` inside double quotes.
    Parameter,
}

struct Scanner<'s, 'f> {
    text: &'s str,
    at: usize,
    /// The start of the region that is open.
    start: usize,
    open: Vec<Open>,
    /// The ends of the here-documents that begin on the next line, and true where the value is not expanded.
    documents: Vec<(String, bool)>,
    regions: &'s mut Regions<'f>,
}

/// Adds the regions of a script.
pub(super) fn scan(text: &str, regions: &mut Regions<'_>) {
    let mut scanner = Scanner {
        text,
        at: 0,
        start: 0,
        open: Vec::new(),
        documents: Vec::new(),
        regions,
    };
    while scanner.at < text.len() {
        scanner.step();
    }
    scanner.close_region();
}

impl Scanner<'_, '_> {
    fn step(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        let is_quoted = matches!(self.open.last(), Some(Open::DoubleQuotes | Open::Parameter));
        match rest {
            [b'\\', ..] => self.at += 2,
            [b'$', b'(', ..] => self.enter(2, Open::Commands(b')')),
            [b'`', ..] if self.open.last() == Some(&Open::Commands(b'`')) => self.leave(1),
            [b'`', ..] => self.enter(1, Open::Commands(b'`')),
            [b'"', ..] if self.open.last() == Some(&Open::DoubleQuotes) => self.leave(1),
            [b'"', ..] if !is_quoted => self.enter(1, Open::DoubleQuotes),
            [b'$', b'{', ..] if is_quoted => self.enter(2, Open::Parameter),
            [b'}', ..] if self.open.last() == Some(&Open::Parameter) => self.leave(1),
            _ if is_quoted => self.at += 1,
            [b')', ..] if self.open.last() == Some(&Open::Commands(b')')) => self.leave(1),
            [b'$', b'\'', ..] => self.ansi_string(),
            [b'\'', ..] => self.single_quotes(),
            [b'#', ..] if self.is_word_start() => {
                let length = line_length(rest);
                self.whole(length, verbatim);
            }
            [b'<', b'<', b'<', ..] => self.at += 3,
            [b'<', b'<', ..] => self.here_document(),
            [b'\n', ..] => {
                self.at += 1;
                self.read_documents();
            }
            _ => self.at += 1,
        }
    }

    fn is_word_start(&self) -> bool {
        let before = self.text.as_bytes()[..self.at].last();
        before.is_none_or(|byte| b" \t\n;&|(".contains(byte))
    }

    fn close_region(&mut self) {
        let at = self.at.min(self.text.len());
        let range = self.start..at;
        match self.open.last() {
            None | Some(Open::Commands(b')')) => self.regions.push(range, as_word),
            Some(Open::DoubleQuotes) => self.regions.push_quoted(range, in_double_quotes),
            Some(Open::Parameter) => self.regions.push_quoted(range, in_parameter),
            Some(Open::Commands(_)) => self.regions.push(range, bare_word),
        }
        self.start = at;
    }

    fn enter(&mut self, length: usize, open: Open) {
        self.close_region();
        self.at += length;
        self.open.push(open);
    }

    fn leave(&mut self, length: usize) {
        self.close_region();
        self.at += length;
        self.open.pop();
    }

    /// Adds a region and continues after it.
    fn whole(&mut self, length: usize, write: super::regions::Writer) {
        self.close_region();
        let end = (self.at + length).min(self.text.len());
        self.regions.push_quoted(self.at..end, write);
        self.at = end;
        self.start = end;
    }

    fn single_quotes(&mut self) {
        let end = self.text[self.at + 1..].find('\'');
        let length = end.map_or(self.text.len(), |length| length + 2);
        self.whole(length, in_single_quotes);
    }

    fn ansi_string(&mut self) {
        let rest = &self.text.as_bytes()[self.at + 1..];
        let length = super::json::string_length(rest, b'\'') + 1;
        self.whole(length, in_ansi_string);
    }

    fn here_document(&mut self) {
        let operator = pattern!(r#"^<<-?[ \t]*(?:'([^'\n]+)'|"([^"\n]+)"|\\?([A-Za-z0-9_]+))"#);
        let Some(found) = operator.captures(&self.text[self.at..]) else {
            self.at += 2;
            return;
        };
        let end = (1..=3).find_map(|group| found.get(group));
        let is_verbatim = found.get(3).is_none() || found[0].contains('\\');
        self.documents
            .extend(end.map(|end| (end.as_str().to_owned(), is_verbatim)));
        self.at += found[0].len();
    }

    /// Adds the here-documents that begin at this line.
    fn read_documents(&mut self) {
        for (end, is_verbatim) in std::mem::take(&mut self.documents) {
            let rest = &self.text[self.at..];
            let mut length = 0;
            for line in rest.split_inclusive('\n') {
                if line.trim_end().trim_start_matches('\t') == end {
                    break;
                }
                length += line.len();
            }
            self.whole(length, if is_verbatim { verbatim } else { in_document });
        }
    }
}

/// The value as one word.
#[expect(clippy::unnecessary_wraps, reason = "a `Writer`")]
fn as_word(value: &str) -> Option<String> {
    Some(match bare_word(value) {
        Some(word) => word,
        None => format!("'{}'", value.replace('\'', r"'\''")),
    })
}

#[expect(clippy::unnecessary_wraps, reason = "a `Writer`")]
fn in_single_quotes(value: &str) -> Option<String> {
    Some(value.replace('\'', r"'\''"))
}

#[expect(clippy::unnecessary_wraps, reason = "a `Writer`")]
fn in_double_quotes(value: &str) -> Option<String> {
    Some(escaped(value, &['\\', '"', '$', '`']))
}

#[expect(clippy::unnecessary_wraps, reason = "a `Writer`")]
fn in_parameter(value: &str) -> Option<String> {
    Some(escaped(value, &['\\', '"', '$', '`', '}']))
}

#[expect(clippy::unnecessary_wraps, reason = "a `Writer`")]
fn in_document(value: &str) -> Option<String> {
    Some(escaped(value, &['\\', '$', '`']))
}

#[expect(clippy::unnecessary_wraps, reason = "a `Writer`")]
fn in_ansi_string(value: &str) -> Option<String> {
    Some(escaped(value, &['\\', '\'']))
}

/// The value with a backslash before each of the characters.
pub(super) fn escaped(value: &str, special: &[char]) -> String {
    let mut escaped = String::with_capacity(value.len() + 8);
    for c in value.chars() {
        if special.contains(&c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
