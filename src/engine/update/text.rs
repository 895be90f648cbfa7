//! The merge of two changed texts by lines, with the line ends of the repository's file.

use super::outcome::Conflict;
use similar::TextMerge;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The three versions of a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Texts<'t> {
    pub(super) base: &'t str,
    pub(super) ours: &'t str,
    pub(super) theirs: &'t str,
}

/// The end of all lines of a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LineEnds {
    Lf,
    CrLf,
    Mixed,
}

/// Three versions that differ in more than their line ends, and the ends that the result gets.
pub(super) struct NormalTexts<'t> {
    base: Cow<'t, str>,
    ours: Cow<'t, str>,
    theirs: Cow<'t, str>,
    ends_in_crlf: bool,
}

impl<'t> NormalTexts<'t> {
    /// The texts with `\n` alone where each has one kind of line end; otherwise the texts as they are.
    pub(super) fn of(texts: Texts<'t>) -> Self {
        let all = [texts.base, texts.ours, texts.theirs].map(LineEnds::of);
        let is_plain = all.contains(&LineEnds::Mixed) || all == [LineEnds::Lf; 3];
        let normal = |text: &'t str| -> Cow<'t, str> {
            if is_plain {
                text.into()
            } else {
                text.replace("\r\n", "\n").into()
            }
        };
        Self {
            base: normal(texts.base),
            ours: normal(texts.ours),
            theirs: normal(texts.theirs),
            ends_in_crlf: !is_plain && all[1] == LineEnds::CrLf,
        }
    }

    pub(super) fn texts(&self) -> Texts<'_> {
        Texts {
            base: &self.base,
            ours: &self.ours,
            theirs: &self.theirs,
        }
    }

    /// A result with the line ends of the repository's file.
    pub(super) fn with_ends(&self, text: String) -> String {
        if self.ends_in_crlf {
            text.replace('\n', "\r\n")
        } else {
            text
        }
    }
}

impl LineEnds {
    /// A text without line ends agrees with every other.
    fn of(text: &str) -> Self {
        let all = text.matches('\n').count();
        let windows = text.matches("\r\n").count();
        if windows == 0 {
            Self::Lf
        } else if windows == all {
            Self::CrLf
        } else {
            Self::Mixed
        }
    }
}

/// Merges by lines.
///
/// # Errors
/// The lines that both changed.
pub(super) fn merge(texts: Texts<'_>) -> Result<String, Vec<Conflict>> {
    let merge = TextMerge::from_lines(texts.base, texts.ours, texts.theirs);
    if !merge.is_conflicted() {
        return Ok(merge.to_string());
    }
    let lines = |range: std::ops::Range<usize>, text: &str| -> String {
        let all = text.split_inclusive('\n');
        all.skip(range.start).take(range.len()).collect()
    };
    Err(merge
        .conflicts()
        .map(|region| Conflict::Lines {
            line: region.ours_range().start + 1,
            plan_line: region.theirs_range().start + 1,
            base: lines(region.base_range(), texts.base),
            ours: lines(region.ours_range(), texts.ours),
            theirs: lines(region.theirs_range(), texts.theirs),
            options: Vec::new(),
        })
        .collect())
}

/// The text of both sides with markers around the lines that both changed, as git writes them with the style `diff3`.
pub fn with_markers(base: &str, ours: &str, theirs: &str, labels: [&str; 3]) -> String {
    let mut merge = TextMerge::from_lines(base, ours, theirs);
    let [base_label, ours_label, theirs_label] = labels;
    merge.conflict_style(similar::ConflictStyle::Diff3);
    merge.labels(base_label, ours_label, theirs_label);
    merge.to_string()
}

/// True if a result has every line that the repository added. Commas at line ends, and the space around a line, do not
/// count: a key that is added after another one gives that a comma.
pub(super) fn has_every_added_line(texts: Texts<'_>, result: &str) -> bool {
    let count = |text: &'_ str| -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for line in text.lines() {
            let line = line.trim().trim_end_matches(',');
            *counts.entry(line.to_owned()).or_default() += 1;
        }
        counts
    };
    let [base, ours, result] = [texts.base, texts.ours, result].map(count);
    let of = |counts: &BTreeMap<String, usize>, line: &str| counts.get(line).copied().unwrap_or(0);
    ours.iter().all(|(line, has)| {
        let added = has.saturating_sub(of(&base, line));
        of(&result, line) >= added
    })
}
