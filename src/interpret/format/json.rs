//! Strings and comments of JSON, with those of JSON5.

use super::regions::{Regions, verbatim};

/// Adds the regions of a text, and returns the depth of its brackets.
pub(super) fn scan(text: &str, regions: &mut Regions<'_>) -> usize {
    let bytes = text.as_bytes();
    let (mut depth, mut deepest): (usize, usize) = (0, 0);
    let mut at = 0;
    let mut outside = 0;
    while at < bytes.len() {
        let rest = &text.as_bytes()[at..];
        let (length, is_single) = match rest {
            [quote @ (b'"' | b'\''), ..] => (string_length(rest, *quote), *quote == b'\''),
            [b'/', b'/', ..] => (line_length(rest), false),
            [b'/', b'*', ..] => (block_length(&text[at..]), false),
            [b'{' | b'[', ..] => {
                depth += 1;
                deepest = deepest.max(depth);
                (0, false)
            }
            [b'}' | b']', ..] => {
                depth = depth.saturating_sub(1);
                (0, false)
            }
            _ => (0, false),
        };
        if length == 0 {
            at += 1;
            continue;
        }
        regions.push(outside..at, in_double_quotes);
        let range = at..at + length;
        match bytes[at] {
            b'/' if bytes[at + 1] == b'/' => regions.push(range.clone(), verbatim),
            b'/' => regions.push(range.clone(), in_block_comment),
            _ if is_single => regions.push_quoted(range.clone(), in_single_quotes),
            _ => regions.push_quoted(range.clone(), in_double_quotes),
        }
        at = range.end;
        outside = at;
    }
    regions.push(outside..text.len(), in_double_quotes);
    deepest
}

/// The length of a string with its quotes, or of the rest of the text.
pub(super) fn string_length(text: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'\\' => at += 2,
            byte if *byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

/// The length of the line without its end.
pub(super) fn line_length(text: &[u8]) -> usize {
    text.iter()
        .position(|byte| matches!(byte, b'\n' | b'\r'))
        .unwrap_or(text.len())
}

fn block_length(text: &str) -> usize {
    text[2..].find("*/").map_or(text.len(), |end| end + 4)
}

/// The value inside a JSON string.
#[expect(clippy::unnecessary_wraps, reason = "a `Writer`")]
pub(super) fn in_double_quotes(value: &str) -> Option<String> {
    let quoted = serde_json::Value::from(value).to_string();
    Some(quoted[1..quoted.len() - 1].to_owned())
}

#[expect(clippy::unnecessary_wraps, reason = "a `Writer`")]
fn in_single_quotes(value: &str) -> Option<String> {
    Some(value.replace('\\', "\\\\").replace('\'', "\\'"))
}

fn in_block_comment(value: &str) -> Option<String> {
    // A `/` after a `*` of the comment, and the reverse, would end it too.
    let is_safe = !value.contains("*/") && !value.starts_with('/') && !value.ends_with('*');
    is_safe.then(|| value.to_owned())
}
