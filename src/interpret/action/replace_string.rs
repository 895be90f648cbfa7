//! REPLACE_STRING: literal text for literal text, counted; a replacement that is already done is recognised.

use crate::interpret::format::Part;
use crate::interpret::line_ends::Lines;
use crate::interpret::step::{ActionError, ActionKind, Done, Step, Violation};
use crate::model::action::{Count, ReplaceString};
use crate::model::diagnostic::{Code, Diagnostic, Severity};
use crate::model::path::TreePath;
use std::borrow::Cow;
use thiserror::Error;

impl ActionKind for ReplaceString {
    fn target(&self) -> Cow<'_, str> {
        self.path.as_str().into()
    }

    fn violations(&self) -> Vec<Violation> {
        if !self.replace.contains(&self.find) {
            return Vec::new();
        }
        vec![Violation {
            code: Code::EndlessReplacement,
            field: Some("replace"),
            message:
                "replacement contains the text to replace, so a second run would replace it again"
                    .to_owned(),
            help: "choose a `find` that the replacement does not contain, for example a marker comment",
        }]
    }

    fn texts(&self) -> Vec<(&'static str, &str)> {
        vec![("replace", &self.replace)]
    }

    fn edits(&self, path: &TreePath) -> bool {
        self.path.as_tree() == path
    }

    fn run(&self, step: &mut Step<'_, '_>) -> Result<Done, ActionError> {
        let path = self.path.as_tree();
        let file = step.text(path)?;
        let replacement = Replacement {
            find: &step.fill(&self.find, path, Part::Fragment)?,
            replace: &step.fill(&self.replace, path, Part::Fragment)?,
            count: self.count,
        };
        step.check_size(path, replacement.length(&file.text))?;
        match replacement.apply(&file.text) {
            Ok((text, count)) => {
                step.write_text(path, &file, &text)?;
                step.record_edit(path, replacement.find, replacement.replace);
                let places = if count == 1 { "place" } else { "places" };
                Ok(Done::Changed(format!("replaced in {count} {places}")))
            }
            Err(RefusalReason::Count { found: 0, .. })
                if step.has_edit(path, replacement.find, replacement.replace) =>
            {
                Ok(Done::unchanged("another action made the same replacement"))
            }
            Err(RefusalReason::Count { found: 0, .. })
                if is_present(step, path, &replacement, &file.text)? =>
            {
                step.warn(step.locate(replacement.not_needed(path)));
                step.record_edit(path, replacement.find, replacement.replace);
                Ok(Done::unchanged(if replacement.replace.is_empty() {
                    "nothing to remove"
                } else {
                    "the replacement is already present"
                }))
            }
            Err(reason) => {
                let find = replacement.shown();
                Err(step.locate(Refused { path, find, reason }).into())
            }
        }
    }
}

/// True if a file without the text to replace contains the replacement. Over the result of the same plan it counts
/// wherever it is, also with the changes that later actions make to it; over a template it must be there as often as the
/// text to replace, because a short text can be there by chance.
fn is_present(
    step: &Step<'_, '_>,
    path: &TreePath,
    replacement: &Replacement<'_>,
    text: &str,
) -> Result<bool, ActionError> {
    if !step.is_repeated() {
        return Ok(replacement.is_in_template(text));
    }
    if replacement.is_in_result(text, replacement.replace) {
        return Ok(true);
    }
    let changed = step.after_later_actions(path, replacement.find, replacement.replace)?;
    Ok(changed.is_some_and(|changed| replacement.is_in_result(text, &changed)))
}

/// An action with its placeholders replaced.
struct Replacement<'a> {
    find: &'a str,
    replace: &'a str,
    count: Count,
}

/// The reason why a text is not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RefusalReason {
    Count {
        expected: Count,
        found: usize,
    },
    /// The text to replace is there again after the replacement.
    Returns,
}

/// A text that is not changed.
#[derive(Debug, Error)]
#[error("{}", match .reason {
    RefusalReason::Count { expected, found } => {
        format!("`{find}` is expected {} in `{path}`, found {}", in_words(*expected), times(*found as u64))
    }
    RefusalReason::Returns => format!("after the replacement `{path}` contains `{find}` again"),
})]
struct Refused<'a> {
    path: &'a TreePath,
    /// The beginning of the text looked for, escaped.
    find: String,
    reason: RefusalReason,
}

impl From<Refused<'_>> for Diagnostic {
    fn from(refused: Refused<'_>) -> Self {
        let (code, help) = match refused.reason {
            RefusalReason::Count { found: 0, .. } => (
                Code::TextNotFound,
                "compare with the text of the template, spaces and line ends included; an earlier option may have changed it",
            ),
            RefusalReason::Count { .. } => (
                Code::TextNotFound,
                "give `find` more of the surrounding text, or set `count`",
            ),
            RefusalReason::Returns => (
                Code::EndlessReplacement,
                "choose a `find` that does not come back when its surroundings close up",
            ),
        };
        Self::error(code, refused.to_string()).help(help)
    }
}

impl Replacement<'_> {
    /// One pass from left to right, over lines that end in `\n`; the file's own line ends are kept. An action that names
    /// `\r` itself compares and writes the bytes of the file. The new text, and the number of places.
    fn apply(&self, text: &str) -> Result<(String, usize), RefusalReason> {
        let lines = self.lines(text);
        let Self {
            find,
            replace,
            count,
        } = *self;
        let text = lines.text();
        let places = self.places(text);
        let found = places.len();
        if !is_expected(count, found) {
            return Err(RefusalReason::Count {
                expected: count,
                found,
            });
        }
        let edits = places.into_iter().map(|at| (at..at + find.len(), replace));
        let replaced = lines.edited(edits);
        if !self.places(self.lines(&replaced).text()).is_empty() {
            return Err(RefusalReason::Returns);
        }
        Ok((replaced, found))
    }

    /// True if the result of the plan contains a text that the action has put there.
    fn is_in_result(&self, text: &str, put: &str) -> bool {
        self.lines(text).text().contains(self.lines(put).text())
    }

    /// True if a template contains the replacement as often as the text to replace is expected, not inside of longer words.
    fn is_in_template(&self, text: &str) -> bool {
        let lines = self.lines(text);
        let text = lines.text();
        let replace = self.replace;
        let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let is_inside_word = |at: usize| {
            let (before, after) = (&text[..at], &text[at + replace.len()..]);
            is_word(before.chars().next_back()) && is_word(replace.chars().next())
                || is_word(after.chars().next()) && is_word(replace.chars().next_back())
        };
        let places = text.match_indices(replace);
        let found = places.filter(|(at, _)| !is_inside_word(*at)).count();
        replace.is_empty() || is_expected(self.count, found)
    }

    fn lines<'t>(&self, text: &'t str) -> Lines<'t> {
        if self.find.contains('\r') || self.replace.contains('\r') {
            Lines::verbatim(text)
        } else {
            Lines::of(text)
        }
    }

    /// The offsets of the text to replace. Where the replacement contains `find` (through the value of a placeholder),
    /// the text inside existing replacements is not searched, so that a second run has nothing to do.
    fn places(&self, text: &str) -> Vec<usize> {
        let mut places = Vec::new();
        let mut start = 0;
        let parts: Vec<&str> = if self.replace.contains(self.find) {
            text.split(self.replace).collect()
        } else {
            vec![text]
        };
        for part in parts {
            places.extend(part.match_indices(self.find).map(|(at, _)| start + at));
            start += part.len() + self.replace.len();
        }
        places
    }

    /// The bytes of the text after the replacement, without those of its line ends.
    fn length(&self, text: &str) -> u64 {
        let lines = self.lines(text);
        let count = self.places(lines.text()).len() as u64;
        let removed = count * self.find.len() as u64;
        lines.text().len() as u64 + count * self.replace.len() as u64 - removed
    }

    fn shown(&self) -> String {
        let start: String = self.find.chars().take(60).collect();
        let dots = if start.len() < self.find.len() {
            "…"
        } else {
            ""
        };
        format!("{}{dots}", start.escape_debug())
    }

    /// The warning about a replacement that has nothing to do.
    fn not_needed(&self, path: &TreePath) -> Diagnostic {
        let (message, help) = if self.replace.is_empty() {
            (
                format!("the text to remove is not in `{path}`"),
                "remove the action, or compare `find` with the text of the template",
            )
        } else {
            (
                format!("the text to replace is not in `{path}`, its replacement is"),
                "if that is not intended, compare `find` with the text of the template",
            )
        };
        Diagnostic {
            severity: Severity::Warning,
            ..Diagnostic::error(Code::TextNotFound, message).help(help)
        }
    }
}

fn is_expected(count: Count, found: usize) -> bool {
    match count {
        Count::One => found == 1,
        Count::All => found >= 1,
        Count::Exactly(count) => found == count as usize,
    }
}

fn in_words(count: Count) -> String {
    match count {
        Count::One => "once".to_owned(),
        Count::All => "at least once".to_owned(),
        Count::Exactly(count) => format!("{count} times"),
    }
}

fn times(found: u64) -> String {
    match found {
        0 => "nowhere".to_owned(),
        1 => "once".to_owned(),
        _ => format!("{found} times"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, find: &str, replace: &str, count: Count, expected: Result<&str, usize>) {
        let replacement = Replacement {
            find,
            replace,
            count,
        };
        let result = match replacement.apply(text) {
            Err(RefusalReason::Count { found: 0, .. })
                if replacement.is_in_result(text, replace) =>
            {
                Ok(text.to_owned())
            }
            other => other.map(|(text, _)| text),
        };
        let expected = expected
            .map(str::to_owned)
            .map_err(|found| RefusalReason::Count {
                expected: count,
                found,
            });
        assert_eq!(result, expected);
        if let Ok(once) = &result {
            let again = replacement.apply(once);
            let is_done = matches!(again, Err(RefusalReason::Count { found: 0, .. }));
            assert!(
                is_done && replacement.is_in_result(once, replace),
                "{again:?}"
            );
        }
    }

    #[test]
    fn the_text_is_literal_and_counted() {
        check("x (a+)+$ y", "(a+)+$", "$1\\0", Count::One, Ok("x $1\\0 y"));
        check("a a a", "a", "b", Count::All, Ok("b b b"));
        check("a a a", "a", "b", Count::Exactly(3), Ok("b b b"));
        check("a a a", "a", "b", Count::One, Err(3));
        check("a a", "a", "b", Count::Exactly(3), Err(2));
        check("abc", "z", "q", Count::One, Err(0));
        check("aaaa", "aa", "b", Count::Exactly(2), Ok("bb"));
    }

    #[test]
    fn what_is_already_replaced_is_left_alone() {
        check("b", "a", "b", Count::One, Ok("b"));
        check("abc", "x", "", Count::One, Ok("abc"));
        check("Acme", "Acme", "Acme Web", Count::One, Ok("Acme Web"));
        check(
            "Acme Web, Acme",
            "Acme",
            "Acme Web",
            Count::One,
            Ok("Acme Web, Acme Web"),
        );
    }

    #[test]
    fn a_template_contains_a_replacement_as_often_as_the_text_to_replace() {
        let is_there = |text: &str, replace: &str, count| {
            let replacement = Replacement {
                find: "listen(3000)",
                replace,
                count,
            };
            replacement.is_in_template(text)
        };
        assert!(is_there("app.listen(PORT);\n", "listen(PORT)", Count::One));
        assert!(is_there("a\r\nb\r\n", "a\nb", Count::One));
        assert!(is_there("b b", "b", Count::Exactly(2)));
        assert!(is_there("b b", "b", Count::All));
        assert!(is_there("anything", "", Count::One));
        for by_chance in ["}", "(", "st", "ru"] {
            let text = "app.start(() => {\n  run();\n}, { a });\n";
            assert!(!is_there(text, by_chance, Count::One), "{by_chance}");
        }
    }

    #[test]
    fn the_line_ends_of_the_file_are_kept() {
        let check = |text, find, replace, expected| {
            check(text, find, replace, Count::One, Ok(expected));
        };
        check(
            "a\r\nfoo\r\nb\r\n",
            "foo",
            "bar\nbaz",
            "a\r\nbar\r\nbaz\r\nb\r\n",
        );
        check("a\r\nfoo\r\nb\r\n", "a\nfoo\n", "x\n", "x\r\nb\r\n");
        check("a\rfoo\rb", "foo\nb", "x\ny\nz", "a\rx\ry\rz");
        check("a\nfoo\r\nb\n", "foo", "x\ny", "a\nx\r\ny\r\nb\n");
        check("a\r\nb\nc\r\n", "b\nc", "d\ne", "a\r\nd\ne\r\n");
        check("a\r\nb\r\n", "\r\nb", ";\nb", "a;\nb\r\n");
    }

    #[test]
    fn a_text_that_comes_back_is_refused() {
        let replacement = Replacement {
            find: "ab",
            replace: "",
            count: Count::One,
        };
        assert_eq!(replacement.apply("aabb"), Err(RefusalReason::Returns));
    }
}
