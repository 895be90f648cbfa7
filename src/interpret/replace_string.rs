//! REPLACE_STRING: literal text for literal text, counted, and recognised when it is already done.

use super::interpreter::{ActionError, Done, Interpreter};
use crate::model::action::{Count, ReplaceString};
use crate::model::content::File;
use crate::model::diagnostic::{Code, Diagnostic, Severity};

pub(super) fn run(
    work: &mut Interpreter<'_>,
    index: usize,
    action: &ReplaceString,
) -> Result<Done, ActionError> {
    let path = action.path.as_tree();
    let (mode, text) = work.text(index, path)?;
    let find = work.literal(&action.find, path.as_str());
    let replacement = work.literal(&action.replace, path.as_str());
    let count = occurrences(&text, &find, &replacement) as u64;
    let shrinks = count * find.len() as u64;
    work.fits(
        index,
        path,
        text.len() as u64 + count * replacement.len() as u64 - shrinks,
    )?;
    match replace(&text, &find, &replacement, action.count) {
        Ok(Replaced::AlreadyDone) if replacement.is_empty() => {
            let message = format!("the text to remove from `{path}` is not there");
            let warning = work
                .error(index, Code::TextNotFound, message)
                .help("remove the action, or compare `find` with the template's text");
            work.warn(Diagnostic {
                severity: Severity::Warning,
                ..warning
            });
            Ok(Done::Unchanged("nothing to remove".to_owned()))
        }
        Ok(Replaced::AlreadyDone) => {
            let message =
                format!("the text to replace in `{path}` is not there, its replacement is");
            let warning = work
                .error(index, Code::TextNotFound, message)
                .help("if that is not what was meant, compare `find` with the template's text");
            work.warn(Diagnostic {
                severity: Severity::Warning,
                ..warning
            });
            Ok(Done::Unchanged(
                "the replacement is already there".to_owned(),
            ))
        }
        Ok(Replaced::Changed { text, count }) => {
            work.put(
                index,
                path,
                File {
                    mode,
                    bytes: text.into(),
                },
            )?;
            Ok(Done::Changed(format!(
                "replaced in {count} {}",
                if count == 1 { "place" } else { "places" }
            )))
        }
        Err(Refused::Count { found }) => {
            let wanted = match action.count {
                Count::One => "once".to_owned(),
                Count::All => "at least once".to_owned(),
                Count::Exactly(count) => format!("{count} times"),
            };
            let message = format!(
                "`{}` is expected {wanted} in `{path}`, found {}",
                shorten(&find),
                match found {
                    0 => "nowhere".to_owned(),
                    1 => "once".to_owned(),
                    _ => format!("{found} times"),
                }
            );
            let help = if found == 0 {
                "compare with the template's text, blanks and line ends included; an option before this one may have changed it"
            } else {
                "give `find` more of the text around it, or set `count`"
            };
            Err(work
                .error(index, Code::TextNotFound, message)
                .help(help)
                .into())
        }
        Err(Refused::Returns) => {
            let message = format!(
                "after the replacement `{path}` holds `{}` again",
                shorten(&find)
            );
            let help = "choose a `find` that does not come back when its surroundings close up";
            Err(work
                .error(index, Code::EndlessReplacement, message)
                .help(help)
                .into())
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Replaced {
    Changed { text: String, count: usize },
    AlreadyDone,
}

#[derive(Debug, PartialEq, Eq)]
enum Refused {
    Count { found: usize },
    Returns,
}

/// One pass from left to right. Where the replacement contains `find` (by way of a placeholder's value), what stands
/// inside a replacement is not looked at, so that a second run finds nothing to do.
fn replace(text: &str, find: &str, replacement: &str, count: Count) -> Result<Replaced, Refused> {
    let done = |text: &str| occurrences(text, find, replacement);
    let found = done(text);
    let wanted = match count {
        Count::One => 1..=1,
        Count::All => 1..=usize::MAX,
        Count::Exactly(count) => count as usize..=count as usize,
    };
    if found == 0 && (replacement.is_empty() || text.contains(replacement)) {
        return Ok(Replaced::AlreadyDone);
    }
    if !wanted.contains(&found) {
        return Err(Refused::Count { found });
    }
    let text = if replacement.contains(find) {
        text.split(replacement)
            .map(|part| part.replace(find, replacement))
            .collect::<Vec<_>>()
            .join(replacement)
    } else {
        text.replace(find, replacement)
    };
    if done(&text) > 0 {
        Err(Refused::Returns)
    } else {
        Ok(Replaced::Changed { text, count: found })
    }
}

fn occurrences(text: &str, find: &str, replacement: &str) -> usize {
    if replacement.contains(find) {
        text.split(replacement)
            .map(|part| part.matches(find).count())
            .sum()
    } else {
        text.matches(find).count()
    }
}

fn shorten(text: &str) -> String {
    let shown: String = text.chars().take(60).collect();
    let dots = if shown.len() < text.len() { "…" } else { "" };
    format!("{}{dots}", shown.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(
        text: &str,
        find: &str,
        replacement: &str,
        count: Count,
        expected: Result<&str, Refused>,
    ) {
        let result = replace(text, find, replacement, count).map(|replaced| match replaced {
            Replaced::Changed { text, .. } => text,
            Replaced::AlreadyDone => text.to_owned(),
        });
        assert_eq!(result, expected.map(str::to_owned));
        if let Ok(once) = &result {
            assert_eq!(
                replace(once, find, replacement, count),
                Ok(Replaced::AlreadyDone),
                "a second run must do nothing"
            );
        }
    }

    #[test]
    fn the_text_is_literal_and_counted() {
        check("x (a+)+$ y", "(a+)+$", "$1\\0", Count::One, Ok("x $1\\0 y"));
        check("a a a", "a", "b", Count::All, Ok("b b b"));
        check("a a a", "a", "b", Count::Exactly(3), Ok("b b b"));
        check(
            "a a a",
            "a",
            "b",
            Count::One,
            Err(Refused::Count { found: 3 }),
        );
        check(
            "a a",
            "a",
            "b",
            Count::Exactly(3),
            Err(Refused::Count { found: 2 }),
        );
        check(
            "abc",
            "z",
            "q",
            Count::One,
            Err(Refused::Count { found: 0 }),
        );
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
    fn a_text_that_comes_back_is_refused() {
        check("aabb", "ab", "", Count::One, Err(Refused::Returns));
    }
}
