//! The places of placeholders in a text, and the way in which each takes a value.

use super::Unwritable;
use crate::base::pattern::pattern;
use std::ops::Range;

/// A placeholder in a text, and its value.
#[derive(Clone, Debug)]
pub(in crate::interpret) struct Find<'v> {
    pub(in crate::interpret) range: Range<usize>,
    pub(in crate::interpret) value: &'v str,
}

/// Writes a text as its place needs it; `None` if the place cannot contain it.
pub(super) type Writer = fn(&str) -> Option<String>;

/// A part of a text in which all values are written alike.
#[derive(Debug)]
struct Region {
    range: Range<usize>,
    write: Writer,
    /// Writes the whole region again, from its text with the plain values.
    rewrite: Option<Writer>,
    is_quoted: bool,
}

/// The order of the ways to write a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    /// The value at its place, else the whole region again.
    InPlace,
    /// The whole region again wherever that is possible.
    Rewritten,
    /// As in place; outside quotes only values that no format treats specially.
    Fragment,
}

/// The regions of a text that contain a placeholder, in order.
#[derive(Debug)]
pub(super) struct Regions<'f> {
    finds: &'f [Find<'f>],
    regions: Vec<Region>,
}

impl<'f> Regions<'f> {
    pub(super) fn of(finds: &'f [Find<'f>]) -> Self {
        Self {
            finds,
            regions: Vec::new(),
        }
    }

    /// Adds a region whose text is not quoted. Regions without a placeholder are left out.
    pub(super) fn push(&mut self, range: Range<usize>, write: Writer) {
        self.add(range, write, None, false);
    }

    /// Adds a region between quotes.
    pub(super) fn push_quoted(&mut self, range: Range<usize>, write: Writer) {
        self.add(range, write, None, true);
    }

    /// Adds a region that can be written again as a whole.
    pub(super) fn push_rewritable(
        &mut self,
        range: Range<usize>,
        write: Writer,
        rewrite: Writer,
        is_quoted: bool,
    ) {
        self.add(range, write, Some(rewrite), is_quoted);
    }

    fn add(
        &mut self,
        range: Range<usize>,
        write: Writer,
        rewrite: Option<Writer>,
        is_quoted: bool,
    ) {
        let next = self
            .finds
            .partition_point(|find| find.range.start < range.start);
        let is_inside = |find: &Find<'_>| find.range.end <= range.end;
        if self.finds.get(next).is_some_and(is_inside) {
            self.regions.push(Region {
                range,
                write,
                rewrite,
                is_quoted,
            });
        }
    }

    /// The text with a value at each find. Fails with the first value that its place cannot contain.
    pub(super) fn fill(
        &self,
        text: &str,
        finds: &[Find<'_>],
        attempt: Attempt,
    ) -> Result<String, Unwritable> {
        let mut filled = String::with_capacity(text.len() + 64);
        let mut copied = 0;
        let mut regions = self.regions.iter().peekable();
        let mut number = 0;
        while let Some(find) = finds.get(number) {
            while regions
                .next_if(|region| region.range.end <= find.range.start)
                .is_some()
            {}
            let region = regions
                .peek()
                .filter(|region| region.range.start <= find.range.start);
            let until = region.map_or(number + 1, |region| {
                finds.partition_point(|find| find.range.end <= region.range.end)
            });
            let Some(region) = region else {
                filled.push_str(&text[copied..find.range.start]);
                filled.push_str(&outside(find.value, attempt).ok_or(Unwritable(number))?);
                copied = find.range.end;
                number += 1;
                continue;
            };
            let inside = &finds[number..until];
            filled.push_str(&text[copied..region.range.start]);
            let written = region
                .fill(text, inside, attempt)
                .map_err(|Unwritable(at)| Unwritable(number + at))?;
            filled.push_str(&written);
            copied = region.range.end;
            number = until;
        }
        filled.push_str(&text[copied..]);
        Ok(filled)
    }
}

/// A value at a place without rules.
fn outside(value: &str, attempt: Attempt) -> Option<String> {
    (attempt != Attempt::Fragment || is_inert(value)).then(|| value.to_owned())
}

/// True for words that no format treats specially.
fn is_inert(value: &str) -> bool {
    pattern!(r"^[\p{L}\p{M}\p{N}_.-]+( [\p{L}\p{M}\p{N}_.-]+)*$").is_match(value)
}

impl Region {
    fn fill(&self, text: &str, finds: &[Find<'_>], attempt: Attempt) -> Result<String, Unwritable> {
        if attempt == Attempt::Rewritten
            && let Some(rewritten) = self.rewritten(text, finds)
        {
            return Ok(rewritten);
        }
        let mut filled = String::new();
        let mut copied = self.range.start;
        for (number, find) in finds.iter().enumerate() {
            // A fragment without quotes may be inside quotes of the file.
            let is_known = self.is_quoted || attempt != Attempt::Fragment;
            let value = if is_known {
                (self.write)(find.value)
            } else {
                outside(find.value, attempt)
            };
            let Some(value) = value else {
                let rewritten = self.rewritten(text, finds).filter(|_| is_known);
                return rewritten.ok_or(Unwritable(number));
            };
            filled.push_str(&text[copied..find.range.start]);
            filled.push_str(&value);
            copied = find.range.end;
        }
        filled.push_str(&text[copied..self.range.end]);
        Ok(filled)
    }

    fn rewritten(&self, text: &str, finds: &[Find<'_>]) -> Option<String> {
        let moved: Vec<Find<'_>> = finds
            .iter()
            .map(|find| Find {
                range: find.range.start - self.range.start..find.range.end - self.range.start,
                value: find.value,
            })
            .collect();
        (self.rewrite?)(&fill_plainly(&text[self.range.clone()], &moved))
    }
}

/// The text with the values as they are.
pub(super) fn fill_plainly(text: &str, finds: &[Find<'_>]) -> String {
    let mut filled = String::with_capacity(text.len() + 64);
    let mut copied = 0;
    for find in finds {
        filled.push_str(&text[copied..find.range.start]);
        filled.push_str(find.value);
        copied = find.range.end;
    }
    filled.push_str(&text[copied..]);
    filled
}

/// The value as it is.
#[expect(clippy::unnecessary_wraps, reason = "a `Writer`")]
pub(super) fn verbatim(value: &str) -> Option<String> {
    Some(value.to_owned())
}

/// A value of letters, digits, `_`, `-` and `.` alone.
pub(super) fn bare_word(value: &str) -> Option<String> {
    pattern!("^[A-Za-z0-9_.-]+$")
        .is_match(value)
        .then(|| value.to_owned())
}
