//! Texts, attributes and comments of XML and HTML.

use super::json::{in_double_quotes, string_length};
use super::regions::{Regions, bare_word, verbatim};

/// Adds the regions of a text.
pub(super) fn scan(text: &str, is_html: bool, regions: &mut Regions<'_>) {
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let Some(length) = rest.find('<') else {
            return regions.push(at..text.len(), in_text);
        };
        regions.push(at..at + length, in_text);
        at += length;
        let rest = &text[at..];
        at += if rest.starts_with("<!--") {
            let length = until(rest, "-->");
            regions.push(at..at + length, in_comment);
            length
        } else if rest.starts_with("<![CDATA[") {
            let length = until(rest, "]]>");
            regions.push_quoted(at..at + length, in_cdata);
            length
        } else if rest.starts_with("<?") {
            let length = until(rest, "?>");
            regions.push(at..at + length, bare_word);
            length
        } else {
            let length = tag(text, at, regions);
            let raw = if is_html {
                raw_length(text, at, length)
            } else {
                0
            };
            script(text, at + length..at + length + raw, regions);
            length + raw
        };
    }
}

fn until(text: &str, end: &str) -> usize {
    text.find(end).map_or(text.len(), |at| at + end.len())
}

/// Adds the regions of a tag and returns its length.
fn tag(text: &str, start: usize, regions: &mut Regions<'_>) -> usize {
    let bytes = text.as_bytes();
    let mut at = start + 1;
    let mut outside = start;
    while at < bytes.len() {
        match bytes[at] {
            quote @ (b'"' | b'\'') => {
                regions.push(outside..at, bare_word);
                let end = text[at + 1..]
                    .find(char::from(quote))
                    .map_or(text.len(), |length| at + length + 2);
                regions.push_quoted(at..end, in_attribute);
                at = end;
                outside = end;
            }
            b'>' => {
                at += 1;
                break;
            }
            _ => at += 1,
        }
    }
    regions.push(outside..at, bare_word);
    at - start
}

/// The length of the text after the tag of a script or style, which is no markup.
fn raw_length(text: &str, start: usize, length: usize) -> usize {
    let tag = text[start..start + length].to_ascii_lowercase();
    let name = ["script", "style"].into_iter().find(|name| {
        let rest = tag.strip_prefix('<').and_then(|tag| tag.strip_prefix(name));
        rest.is_some_and(|rest| rest.starts_with(|c: char| !c.is_alphanumeric() && c != '-'))
    });
    let Some(name) = name.filter(|_| !tag.ends_with("/>")) else {
        return 0;
    };
    let rest = text[start + length..].to_ascii_lowercase();
    rest.find(&format!("</{name}")).unwrap_or(rest.len())
}

/// Adds the strings of a script or style, and the text between them.
fn script(text: &str, range: std::ops::Range<usize>, regions: &mut Regions<'_>) {
    let bytes = text.as_bytes();
    let mut at = range.start;
    let mut outside = at;
    while at < range.end {
        let quote = bytes[at];
        if !matches!(quote, b'"' | b'\'' | b'`') {
            at += 1;
            continue;
        }
        regions.push(outside..at, bare_word);
        let length = string_length(&bytes[at..range.end], quote);
        regions.push_quoted(at..at + length, in_script_string);
        at += length;
        outside = at;
    }
    regions.push(outside..range.end, bare_word);
}

#[expect(clippy::unnecessary_wraps, reason = "a `Writer`")]
fn in_text(value: &str) -> Option<String> {
    let escaped = value.replace('&', "&amp;").replace('<', "&lt;");
    Some(escaped.replace('>', "&gt;"))
}

fn in_attribute(value: &str) -> Option<String> {
    let value = in_text(value)?;
    Some(value.replace('"', "&quot;").replace('\'', "&#39;"))
}

/// The value for a text or an attribute.
pub(super) fn anywhere(value: &str) -> Option<String> {
    in_attribute(value)
}

fn in_comment(value: &str) -> Option<String> {
    let is_safe = !value.contains("--") && !value.starts_with(['-', '>']) && !value.ends_with('-');
    is_safe.then(|| value.to_owned())
}

fn in_cdata(value: &str) -> Option<String> {
    let is_safe = !value.starts_with([']', '>']) && !value.ends_with(']');
    is_safe.then(|| value.replace("]]>", "]]]]><![CDATA[>"))
}

/// The value in a string of any quotes, without anything that ends a script.
fn in_script_string(value: &str) -> Option<String> {
    if value.contains(['\'', '`', '<', '$', '&']) {
        let escaped = value.chars().map(|c| match c {
            '\'' | '`' | '<' | '$' | '&' | '"' | '\\' => format!("\\u{:04x}", u32::from(c)),
            c => c.to_string(),
        });
        return Some(escaped.collect());
    }
    match in_double_quotes(value) {
        Some(escaped) => Some(escaped),
        None => verbatim(value),
    }
}
