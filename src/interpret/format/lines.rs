//! Formats of one setting a line: environment files, Java properties, Dockerfiles.

use super::json::string_length;
use super::regions::{Regions, bare_word, verbatim};
use super::shell::escaped;
use std::ops::Range;

/// The ranges of the lines of a text, without their ends.
fn lines(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    text.split_inclusive('\n').map(move |line| {
        let range = start..start + line.trim_end_matches(['\r', '\n']).len();
        start += line.len();
        range
    })
}

/// Adds the regions of lines `NAME=value`.
pub(super) fn dot_env(text: &str, regions: &mut Regions<'_>) {
    for line in lines(text) {
        let content = &text[line.clone()];
        if content.trim_start().starts_with('#') {
            regions.push(line, verbatim);
            continue;
        }
        let Some(equals) = content.find('=') else {
            regions.push(line, bare_word);
            continue;
        };
        regions.push(line.start..line.start + equals, bare_word);
        let rest = &content[equals + 1..];
        let value = rest.trim();
        let start = line.start + equals + 1 + (rest.len() - rest.trim_start().len());
        let length = if let Some(quote @ (b'"' | b'\'')) = value.as_bytes().first() {
            let closing = value[1..].find(char::from(*quote));
            let length = closing.map_or(value.len(), |length| length + 2);
            let write = if *quote == b'"' {
                in_env_double
            } else {
                in_env_single
            };
            // Other quotes would change the meaning of the escapes in it.
            if *quote == b'"' && value[..length].contains(['\\', '$', '`']) {
                regions.push_quoted(start..start + length, write);
            } else {
                regions.push_rewritable(start..start + length, write, quoted_again, true);
            }
            length
        } else {
            let comment = value.find(" #").unwrap_or(value.len());
            let length = value[..comment].trim_end().len();
            regions.push_rewritable(start..start + length, env_word, env_quoted, false);
            length
        };
        regions.push(start + length..line.end, verbatim);
    }
}

/// A value without quotes that shells and libraries read alike.
fn env_word(value: &str) -> Option<String> {
    (!value.contains(['#', '"', '\'', '`', '$', '\\'])).then(|| value.to_owned())
}

/// A value in quotes inside which none of its characters is special.
fn env_quoted(value: &str) -> Option<String> {
    if in_env_single(value).is_some() {
        Some(format!("'{value}'"))
    } else {
        in_env_double(value).map(|value| format!("\"{value}\""))
    }
}

/// A quoted value in the quotes that it needs.
fn quoted_again(value: &str) -> Option<String> {
    env_quoted(value.get(1..value.len().checked_sub(1)?)?)
}

fn in_env_single(value: &str) -> Option<String> {
    (!value.contains('\'')).then(|| value.to_owned())
}

fn in_env_double(value: &str) -> Option<String> {
    (!value.contains(['"', '$', '`', '\\'])).then(|| value.to_owned())
}

/// Adds the regions of Java properties.
/// Source: <https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/Properties.html>
pub(super) fn properties(text: &str, regions: &mut Regions<'_>) {
    let mut is_continued = false;
    for line in lines(text) {
        let content = &text[line.clone()];
        let is_comment = !is_continued && content.trim_start().starts_with(['#', '!']);
        if is_comment {
            regions.push(line, verbatim);
            continue;
        }
        let start = content.len() - content.trim_start().len();
        let key = if is_continued {
            0
        } else {
            key_length(&content[start..]) + start
        };
        regions.push(line.start..line.start + key, in_property_key);
        regions.push(line.start + key..line.end, in_property_value);
        let slashes = content.len() - content.trim_end_matches('\\').len();
        is_continued = slashes % 2 == 1;
    }
}

/// The length of a key: up to the first separator without a backslash.
fn key_length(line: &str) -> usize {
    let mut is_escaped = false;
    for (at, c) in line.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '=' | ':' | ' ' | '\t' => return at,
            _ => {}
        }
    }
    line.len()
}

#[expect(clippy::unnecessary_wraps, reason = "a `Writer`")]
fn in_property_key(value: &str) -> Option<String> {
    Some(escaped(value, &['\\', ' ', '=', ':', '#', '!']))
}

#[expect(clippy::unnecessary_wraps, reason = "a `Writer`")]
fn in_property_value(value: &str) -> Option<String> {
    Some(escaped(value, &['\\', '=', ':']))
}

/// Adds the regions of a Dockerfile.
pub(super) fn dockerfile(text: &str, regions: &mut Regions<'_>) {
    for line in lines(text) {
        let content = &text[line.clone()];
        if content.trim_start().starts_with('#') {
            regions.push(line, verbatim);
            continue;
        }
        let bytes = content.as_bytes();
        let mut at = 0;
        let mut outside = 0;
        while at < bytes.len() {
            match bytes[at] {
                b'\\' => at += 2,
                quote @ (b'"' | b'\'') => {
                    let length = match quote {
                        b'"' => string_length(&bytes[at..], quote),
                        _ => content[at + 1..]
                            .find('\'')
                            .map_or(content.len() - at, |end| end + 2),
                    };
                    let write = if quote == b'"' {
                        in_docker_double
                    } else {
                        in_env_single
                    };
                    regions.push(line.start + outside..line.start + at, docker_word);
                    regions.push_quoted(line.start + at..line.start + at + length, write);
                    at += length;
                    outside = at;
                }
                _ => at += 1,
            }
        }
        regions.push(
            line.start + outside.min(content.len())..line.end,
            docker_word,
        );
    }
}

fn docker_word(value: &str) -> Option<String> {
    bare_word(value).or_else(|| in_env_single(value).map(|value| format!("'{value}'")))
}

fn in_docker_double(value: &str) -> Option<String> {
    (!value.contains(['$', '`'])).then(|| escaped(value, &['\\', '"']))
}
