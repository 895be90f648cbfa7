//! Inserts an item into a bracketed list with commas, in the existing layout of the list.

use std::ops::Range;

use super::splice::{Splice, last_line_lead, newline_at};

/// A JSON object, a TOML array or a TOML inline table in its text. Offsets are in bytes.
pub(in crate::interpret) struct CommaList<'a> {
    pub(in crate::interpret) text: &'a str,
    /// The inside of the brackets.
    pub(in crate::interpret) inside: Range<usize>,
    pub(in crate::interpret) items: Vec<Range<usize>>,
    /// The text after a comma, for a list on one line with fewer than two items.
    pub(in crate::interpret) space: &'a str,
    /// The layout of the lists around this one, for a list with fewer than two items.
    pub(in crate::interpret) outer: Option<CommaFirst<'a>>,
}

/// The layout of a list whose lines start with the comma.
#[derive(Clone, Copy, Debug)]
pub(in crate::interpret) struct CommaFirst<'a> {
    /// The line break and indentation before the comma.
    pub(in crate::interpret) lead: &'a str,
    /// The text between comma and item.
    after: &'a str,
}

impl<'a> CommaList<'a> {
    /// Inserts `item` before the item at `index`, or at the end.
    ///
    /// The new item follows the line of its predecessor, so that comments stay with their items.
    pub(in crate::interpret) fn insert(&self, index: usize, item: &str) -> Vec<Splice> {
        if let Some(layout) = self.comma_first(index) {
            return self.insert_comma_first(layout, index, item);
        }
        let Some(previous) = index.checked_sub(1).and_then(|i| self.items.get(i)) else {
            return vec![self.insert_first(item)];
        };
        let next = self.items.get(index);
        let limit = next.map_or(self.inside.end, |next| next.start);
        let lead = match (next, index) {
            (Some(_), _) => last_line_lead(self.before(index)),
            (None, _) => last_line_lead(self.before(index - 1)),
        };
        let comma = self.comma(previous.end..limit);
        let rest = comma.map_or(previous.end, |comma| comma + 1);
        let Some(lead) = lead else {
            let space = self.space_between();
            return vec![Splice::insert(
                rest,
                match comma {
                    Some(_) => format!("{space}{item},"),
                    None => format!(",{space}{item}"),
                },
            )];
        };
        let line_end = newline_at(&self.text[rest..limit]).map_or(rest, |length| rest + length);
        match comma {
            Some(_) => vec![Splice::insert(line_end, format!("{lead}{item},"))],
            None => vec![
                Splice::insert(rest, ",".to_owned()),
                Splice::insert(line_end, format!("{lead}{item}")),
            ],
        }
    }

    /// The layout around the item at `index`, if its lines start with commas.
    pub(in crate::interpret) fn comma_first(&self, index: usize) -> Option<CommaFirst<'a>> {
        let gaps = [index, index.saturating_sub(1), 1];
        let gap = gaps
            .into_iter()
            .find(|gap| (1..self.items.len()).contains(gap));
        match gap {
            Some(gap) => self.comma_first_between(gap),
            None => self.outer.and_then(|outer| self.only_item(outer)),
        }
    }

    fn comma_first_between(&self, gap: usize) -> Option<CommaFirst<'a>> {
        let (previous, next) = (&self.items[gap - 1], &self.items[gap]);
        let comma = self.comma(previous.end..next.start)?;
        let after = &self.text[comma + 1..next.start];
        let lead = last_line_lead(&self.text[previous.end..comma])?;
        let follows = self.text[..comma].ends_with(lead) && !after.contains('\n');
        follows.then_some(CommaFirst { lead, after })
    }

    /// The layout of a list of one item whose bracket closes on another line.
    fn only_item(&self, outer: CommaFirst<'a>) -> Option<CommaFirst<'a>> {
        let item = self.items.first()?;
        let closing = last_line_lead(&self.text[item.end..self.inside.end])?;
        let lead = last_line_lead(self.before(0)).unwrap_or(closing);
        Some(CommaFirst { lead, ..outer })
    }

    fn insert_comma_first(
        &self,
        CommaFirst { lead, after }: CommaFirst<'_>,
        index: usize,
        item: &str,
    ) -> Vec<Splice> {
        let Some(previous) = index.checked_sub(1).and_then(|i| self.items.get(i)) else {
            let first = self
                .items
                .first()
                .map_or(self.inside.end, |first| first.start);
            return vec![Splice::insert(first, format!("{item}{lead},{after}"))];
        };
        let next = self.items.get(index);
        let limit = next.map_or(self.inside.end, |next| next.start);
        // After a comment on the line of the predecessor.
        let line_end = newline_at(&self.text[previous.end..limit]);
        let at = previous.end + line_end.unwrap_or(0);
        vec![Splice::insert(at, format!("{lead},{after}{item}"))]
    }

    fn insert_first(&self, item: &str) -> Splice {
        let Some(first) = self.items.first() else {
            return Splice::insert(self.inside.end, item.to_owned());
        };
        let gap = self.before(0);
        match (last_line_lead(gap), newline_at(gap)) {
            (Some(lead), Some(length)) => {
                Splice::insert(self.inside.start + length, format!("{lead}{item},"))
            }
            (_, None) | (None, _) => {
                Splice::insert(first.start, format!("{item},{}", self.space_between()))
            }
        }
    }

    pub(in crate::interpret) fn inside_text(&self) -> &'a str {
        &self.text[self.inside.clone()]
    }

    /// The text between the item at `index` and the comma or bracket before it.
    pub(in crate::interpret) fn before(&self, index: usize) -> &'a str {
        let Some(item) = self.items.get(index) else {
            return "";
        };
        let start = match index.checked_sub(1).and_then(|i| self.items.get(i)) {
            Some(previous) => self
                .comma(previous.end..item.start)
                .map_or(previous.end, |comma| comma + 1),
            None => self.inside.start,
        };
        &self.text[start..item.start]
    }

    fn space_between(&self) -> &'a str {
        match self.before(1) {
            gap if self.items.len() > 1 && !gap.contains('\n') => gap,
            _ => self.space,
        }
    }

    /// Finds the comma between two items, outside comments.
    fn comma(&self, between: Range<usize>) -> Option<usize> {
        let text = &self.text[between.clone()];
        let mut rest = 0;
        while let Some(found) = text[rest..].find([',', '#', '/']) {
            let at = rest + found;
            let end = match &text.as_bytes()[at..] {
                [b',', ..] => return Some(between.start + at),
                [b'/', b'*', ..] => text[at..].find("*/").map(|length| at + length + 2),
                [b'#', ..] | [b'/', b'/', ..] => text[at..].find('\n').map(|length| at + length),
                _ => Some(at + 1),
            };
            rest = end?;
        }
        None
    }
}
