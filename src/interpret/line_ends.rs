//! Line ends: a text with `\n` alone for comparisons, and edits that keep the ends of the file.

use std::borrow::Cow;
use std::ops::Range;

/// The end of a line in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LineEnd {
    Lf,
    CrLf,
    /// Only in a text without any `\n`; elsewhere a lone `\r` is a character.
    Cr,
}

impl LineEnd {
    fn as_str(self) -> &'static str {
        match self {
            Self::Lf => "\n",
            Self::CrLf => "\r\n",
            Self::Cr => "\r",
        }
    }
}

/// A text whose lines end in `\n`, and the ends that the file has.
#[derive(Debug)]
pub(super) struct Lines<'t> {
    text: Cow<'t, str>,
    /// The end of each line that has one; empty if all are `\n`.
    ends: Vec<LineEnd>,
    /// The end of most lines.
    common: LineEnd,
}

impl<'t> Lines<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        if !text.contains('\r') {
            return Self::verbatim(text);
        }
        if !text.contains('\n') {
            return Self {
                ends: vec![LineEnd::Cr; text.matches('\r').count()],
                text: text.replace('\r', "\n").into(),
                common: LineEnd::Cr,
            };
        }
        let ends: Vec<LineEnd> = text
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'))
            .map(|line| {
                if line.ends_with("\r\n") {
                    LineEnd::CrLf
                } else {
                    LineEnd::Lf
                }
            })
            .collect();
        let windows = ends.iter().filter(|end| **end == LineEnd::CrLf).count();
        Self {
            text: text.replace("\r\n", "\n").into(),
            common: if windows * 2 > ends.len() {
                LineEnd::CrLf
            } else {
                LineEnd::Lf
            },
            ends,
        }
    }

    /// A text whose `\r` are characters like others.
    pub(super) fn verbatim(text: &'t str) -> Self {
        Self {
            text: text.into(),
            ends: Vec::new(),
            common: LineEnd::Lf,
        }
    }

    /// The text with `\n` at the end of each line.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The file's text after the edits, which are ranges of [`Self::text`] in order, each with its new text.
    ///
    /// Other lines keep their ends. New lines get the ends of the lines that they replace or precede, and at the end of
    /// the file its most common one.
    pub(super) fn edited<'e>(
        &self,
        edits: impl IntoIterator<Item = (Range<usize>, &'e str)>,
    ) -> String {
        let mut result = String::with_capacity(self.text.len() + 64);
        let mut copied = 0;
        let mut line = 0;
        for (range, new) in edits {
            let kept = &self.text[copied..range.start];
            let replaced = self.text[range.clone()].matches('\n').count();
            self.push(&mut result, kept, line, usize::MAX);
            line += kept.matches('\n').count();
            self.push(&mut result, new, line, replaced.max(1));
            line += replaced;
            copied = range.end;
        }
        self.push(&mut result, &self.text[copied..], line, usize::MAX);
        result
    }

    /// Another text in place of this one, which it equals in most lines: they keep their ends.
    pub(super) fn replaced_by(&self, new: &str) -> String {
        let old = self.text();
        let start = common_bytes(old.bytes(), new.bytes());
        let start = old
            .floor_char_boundary(start)
            .min(new.floor_char_boundary(start));
        let end = common_bytes(old[start..].bytes().rev(), new[start..].bytes().rev());
        let old_end = old.ceil_char_boundary(old.len() - end);
        let new_end = new.len() - (old.len() - old_end);
        self.edited([(start..old_end, &new[start..new_end])])
    }

    /// Appends a text whose first line has the number `line` in the file and whose further lines have the ends of the
    /// next `count` lines, the last of them for all that follow.
    fn push(&self, result: &mut String, text: &str, line: usize, count: usize) {
        if self.ends.is_empty() && self.common == LineEnd::Lf {
            return result.push_str(text);
        }
        for (number, part) in text.split_inclusive('\n').enumerate() {
            match part.strip_suffix('\n') {
                Some(content) => {
                    let at = line + number.min(count - 1);
                    let end = self.ends.get(at).copied().unwrap_or(self.common);
                    result.push_str(content);
                    result.push_str(end.as_str());
                }
                None => result.push_str(part),
            }
        }
    }
}

/// The number of equal bytes at the start.
fn common_bytes(one: impl Iterator<Item = u8>, other: impl Iterator<Item = u8>) -> usize {
    one.zip(other)
        .take_while(|(one, other)| one == other)
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn new_lines_end_like_the_lines_around_them() {
        let check = |text: &str, range: Range<usize>, new: &str, expected: &str| {
            assert_eq!(Lines::of(text).edited([(range, new)]), expected);
        };
        check("a\nb\n", 0..1, "x\ny", "x\ny\nb\n");
        check("a\r\nb\r\n", 0..1, "x\ny", "x\r\ny\r\nb\r\n");
        check("a\rb", 0..1, "x\ny", "x\ry\rb");
        check("a\nb\r\nc\n", 2..3, "x\ny", "a\nx\r\ny\r\nc\n");
        check("a\nb\r\nc\n", 0..3, "x\ny\nz", "x\ny\nz\r\nc\n");
        check("a\r\nb", 3..3, "\nc", "a\r\nb\r\nc");
        check("a\r\nb\rc\n", 0..1, "x", "x\r\nb\rc\n");
        check("", 0..0, "x\n", "x\n");
    }

    proptest! {
        #[test]
        fn a_text_without_edits_is_itself(text in "[ab\r\n]{0,40}") {
            prop_assert_eq!(Lines::of(&text).edited([]), text);
        }

        #[test]
        fn an_edit_adds_no_other_kind_of_line_end(
            end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
            lines in prop::collection::vec("[ab]{0,3}", 1..8),
            new in "[xy\n]{0,8}",
            at in any::<prop::sample::Index>(),
        ) {
            let text = lines.join(end) + end;
            let parsed = Lines::of(&text);
            let at = at.index(parsed.text().len() + 1);
            let expected = format!("{}{new}{}", &parsed.text()[..at], &parsed.text()[at..]);
            prop_assert_eq!(parsed.edited([(at..at, new.as_str())]), expected.replace('\n', end));
        }
    }
}
