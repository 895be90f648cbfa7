//! Findings about a text beside its editor: place, line and remedy.

use crate::model::diagnostic::Diagnostic;
use askama::Template;

/// The largest number of characters that is shown of a line.
const LONGEST_LINE: usize = 160;

/// The findings of a check. A finding in the edited text shows its line there.
#[derive(Template)]
#[template(path = "findings.html")]
pub(super) struct FindingList {
    lines: Vec<FindingLine>,
    errors: usize,
}

struct FindingLine {
    is_error: bool,
    code: &'static str,
    message: String,
    help: Option<String>,
    /// File, line and column.
    place: Option<String>,
    mark: Option<Mark>,
}

/// A range of one line in the edited text.
struct Mark {
    line: usize,
    column: usize,
    before: String,
    marked: String,
    after: String,
}

impl FindingList {
    /// The findings of a check, in which `text` is the file at `path`.
    pub(super) fn of(findings: &[Diagnostic], path: &str, text: &str) -> Self {
        let lines: Vec<&str> = text.lines().collect();
        let line = |finding: &Diagnostic| FindingLine {
            is_error: finding.is_error(),
            code: finding.code.as_str(),
            message: finding.message.clone(),
            help: finding.help.clone(),
            place: finding
                .location
                .as_ref()
                .map(|place| format!("{}:{}:{}", place.file, place.line, place.column)),
            mark: Mark::of(finding, path, &lines),
        };
        Self {
            lines: findings.iter().map(line).collect(),
            errors: findings.iter().filter(|one| one.is_error()).count(),
        }
    }

    /// The findings in one sentence.
    pub(super) fn verdict(&self) -> String {
        let warnings = self.lines.len() - self.errors;
        let counted = |count: usize, word: &str| match count {
            1 => format!("1 {word}"),
            many => format!("{many} {word}s"),
        };
        match (self.errors, warnings) {
            (0, 0) => "No findings".to_owned(),
            (0, warnings) => counted(warnings, "warning"),
            (errors, 0) => counted(errors, "error"),
            (errors, warnings) => {
                let (errors, warnings) = (counted(errors, "error"), counted(warnings, "warning"));
                format!("{errors}, {warnings}")
            }
        }
    }
}

impl Mark {
    fn of(finding: &Diagnostic, path: &str, lines: &[&str]) -> Option<Self> {
        let place = finding
            .location
            .as_ref()
            .filter(|place| place.file == path)?;
        let text = *lines.get(place.line.checked_sub(1)?)?;
        let from = place.column.saturating_sub(1);
        let to = if place.end_line == place.line {
            place.end_column.saturating_sub(1)
        } else {
            usize::MAX
        };
        let characters = || text.chars().take(LONGEST_LINE);
        Some(Self {
            line: place.line,
            column: place.column,
            before: characters().take(from).collect(),
            marked: characters()
                .skip(from)
                .take(to.saturating_sub(from))
                .collect(),
            after: characters().skip(to.max(from)).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::diagnostic::{Code, Location};

    #[test]
    fn a_finding_shows_the_marked_part_of_its_line() {
        let location = Location {
            file: "a.yaml".to_owned(),
            line: 2,
            column: 4,
            end_line: 2,
            end_column: 6,
        };
        let finding = Diagnostic::error(Code::Syntax, "wrong").at("", location);
        let lines = ["x", "é: [1", "y"];
        let mark = Mark::of(&finding, "a.yaml", &lines).unwrap();
        assert_eq!(
            (
                mark.before.as_str(),
                mark.marked.as_str(),
                mark.after.as_str()
            ),
            ("é: ", "[1", "")
        );
        assert!(Mark::of(&finding, "b.yaml", &lines).is_none());
        assert!(Mark::of(&finding, "a.yaml", &lines[..1]).is_none());
    }
}
