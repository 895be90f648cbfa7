//! Common parts of the edits of Cargo.toml and pyproject.toml: parsing with positions, and new lines in tables.

use std::ops::Range;

use toml_edit::{Document, Item, Table};

use super::ManifestError;
use super::splice::{Splice, first_newline, newline_at, place};

/// Parses a document whose items have positions. The parser refuses deep nesting and duplicate keys.
pub(super) fn read(text: &str) -> Result<Document<&str>, ManifestError> {
    Document::parse(text).map_err(|error| {
        let (line, column) = place(text, error.span().map_or(0, |span| span.start));
        ManifestError::Syntax {
            line,
            column,
            reason: error.message().to_owned(),
        }
    })
}

/// True for a table with its own `[header]`, below which lines can be added.
pub(super) fn has_header(table: &Table) -> bool {
    !table.is_dotted() && !table.is_implicit()
}

/// Adds the line `key = value` to a table with a header: in order if its keys are sorted, otherwise last.
pub(super) fn add_line(text: &str, table: &Table, key: &str, value: &str) -> Option<Splice> {
    let lines = table_lines(table);
    let names: Vec<_> = lines.iter().map(|(name, _)| *name).collect();
    let index = sorted_place(&names, &key);
    add_line_at(text, table, &lines[..index], key, value)
}

/// Adds the line `key = value` at the end of a table with a header.
pub(super) fn add_last_line(text: &str, table: &Table, key: &str, value: &str) -> Option<Splice> {
    add_line_at(text, table, &table_lines(table), key, value)
}

fn add_line_at(
    text: &str,
    table: &Table,
    before: &[(&str, usize)],
    key: &str,
    value: &str,
) -> Option<Splice> {
    let after = match before.last() {
        Some((_, end)) => *end,
        None => table.span()?.end,
    };
    let indent = before
        .last()
        .map_or("", |(name, _)| indent_of(text, table, name));
    let newline = first_newline(&text[after..])
        .or_else(|| first_newline(text))
        .unwrap_or("\n");
    let at = newline_at(&text[after..]).map_or(text.len(), |length| after + length);
    let line = format!("{newline}{indent}{key} = {value}");
    Some(Splice::insert(at, line))
}

/// The name and the end of each entry that is part of its table, not below a separate header.
fn table_lines(table: &Table) -> Vec<(&str, usize)> {
    table
        .iter()
        .filter(|(_, item)| match item {
            Item::Value(_) => true,
            Item::Table(table) => table.is_dotted(),
            Item::None | Item::ArrayOfTables(_) => false,
        })
        .filter_map(|(name, item)| Some((name, end_of(item)?)))
        .collect()
}

/// Adds a new table with one line at the end of the document, after an empty line.
pub(super) fn add_table(text: &str, header: &str, line: &str) -> Splice {
    let last = text.trim_end_matches(['\r', '\n']);
    let newline = first_newline(&text[last.len()..])
        .or_else(|| first_newline(text))
        .unwrap_or("\n");
    let breaks = text[last.len()..].matches('\n').count();
    let gap = match (last.is_empty(), breaks) {
        (true, _) | (false, 2..) => "",
        (false, 1) => newline,
        (false, 0) => &newline.repeat(2),
    };
    let end = if text.is_empty() || text.ends_with('\n') {
        newline
    } else {
        ""
    };
    Splice::insert(text.len(), format!("{gap}[{header}]{newline}{line}{end}"))
}

/// The offset after the last value of an entry.
pub(super) fn end_of(item: &Item) -> Option<usize> {
    match item {
        Item::Value(value) => value.span().map(|span| span.end),
        Item::Table(table) => table.iter().filter_map(|(_, item)| end_of(item)).max(),
        Item::None | Item::ArrayOfTables(_) => None,
    }
}

fn indent_of<'a>(text: &'a str, table: &Table, name: &str) -> &'a str {
    let start = table
        .key(name)
        .and_then(toml_edit::Key::span)
        .map_or(0, |span| span.start);
    let line = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let lead = &text[line..start];
    &lead[..lead.len() - lead.trim_start_matches([' ', '\t']).len()]
}

/// The index at which to insert `new` into `keys`: before the first greater one, or at the end if they are not sorted.
pub(super) fn sorted_place<K: Ord>(keys: &[K], new: &K) -> usize {
    if keys.is_sorted() {
        keys.partition_point(|key| key <= new)
    } else {
        keys.len()
    }
}

/// The content between the same quotes as the string at `like`, or double quotes.
pub(super) fn quoted(text: &str, like: Option<&Range<usize>>, content: &str) -> String {
    match like {
        Some(span) if text[span.start..].starts_with('\'') => format!("'{content}'"),
        Some(_) | None => format!("\"{content}\""),
    }
}
