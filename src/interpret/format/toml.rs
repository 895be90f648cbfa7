//! Strings and comments of TOML.

use super::json::{in_double_quotes, line_length, string_length};
use super::regions::{Regions, bare_word, verbatim};

/// Adds the regions of a text.
pub(super) fn scan(text: &str, regions: &mut Regions<'_>) {
    let mut at = 0;
    let mut outside = 0;
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        let length = match rest {
            [b'"', b'"', b'"', ..] => multi_line_length(rest, b'"'),
            [b'\'', b'\'', b'\'', ..] => multi_line_length(rest, b'\''),
            [b'"', ..] => string_length(rest, b'"'),
            [b'\'', ..] => literal_length(rest),
            [b'#', ..] => line_length(rest),
            _ => {
                at += 1;
                continue;
            }
        };
        regions.push(outside..at, bare_word);
        let range = at..at + length;
        match rest {
            [b'\'', b'\'', b'\'', ..] => regions.push_quoted(range.clone(), in_multi_line_literal),
            [b'\'', ..] => regions.push_rewritable(range.clone(), in_literal, as_basic, true),
            [b'"', ..] => regions.push_quoted(range.clone(), in_double_quotes),
            _ => regions.push(range.clone(), verbatim),
        }
        at = range.end;
        outside = at;
    }
    regions.push(outside..text.len(), bare_word);
}

/// The length of a string in three quotes, up to two of which may be before the closing ones.
fn multi_line_length(text: &[u8], quote: u8) -> usize {
    let mut at = 3;
    while at < text.len() {
        if quote == b'"' && text[at] == b'\\' {
            at += 2;
        } else if text[at..].starts_with(&[quote; 3]) {
            let more = text[at + 3..].iter().take(2);
            return at + 3 + more.take_while(|byte| **byte == quote).count();
        } else {
            at += 1;
        }
    }
    text.len()
}

fn literal_length(text: &[u8]) -> usize {
    let line = line_length(text);
    text[1..line]
        .iter()
        .position(|byte| *byte == b'\'')
        .map_or(line, |end| end + 2)
}

fn in_literal(value: &str) -> Option<String> {
    (!value.contains('\'')).then(|| value.to_owned())
}

fn in_multi_line_literal(value: &str) -> Option<String> {
    (!value.contains("'''")).then(|| value.to_owned())
}

/// A literal string as one with escapes.
fn as_basic(literal: &str) -> Option<String> {
    let content = literal.strip_prefix('\'')?.strip_suffix('\'')?;
    Some(format!("\"{}\"", in_double_quotes(content)?))
}
