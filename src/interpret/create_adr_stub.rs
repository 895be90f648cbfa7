//! CREATE_ADR_STUB: a decision record in Nygard's form and its line in the index.

use super::interpreter::{ActionError, Done, Interpreter};
use crate::model::action::{CreateAdrStub, IfExists};
use crate::model::content::{File, Mode};
use crate::model::diagnostic::Code;
use crate::model::path::TreePath;

pub(super) fn run(
    work: &mut Interpreter<'_>,
    index: usize,
    action: &CreateAdrStub,
) -> Result<Done, ActionError> {
    let path = action.path();
    let path = TreePath::parse(&path).map_err(|error| {
        work.error(
            index,
            Code::BadPath,
            format!("`{path}` cannot be a path: {error}"),
        )
        .help("choose another title")
    })?;
    if let Some(other) = same_number(work, action, &path) {
        let finding = work.error(
            index,
            Code::AdrNumberTwice,
            format!("decision number {} is taken by `{other}`", action.number),
        );
        return Err(finding.help("choose a free number").into());
    }
    let text = work.literal(
        &record(action, work.plan().inputs.date.as_str()),
        path.as_str(),
    );
    let made = work.make(index, &path, File::regular(text), IfExists::Fail)?;
    let listed = list(work, index, action)?;
    match (made, listed) {
        (Done::Unchanged(_), false) => Ok(Done::Unchanged("already there".to_owned())),
        (Done::Changed(_) | Done::Unchanged(_), _) => {
            Ok(Done::Changed("recorded and listed".to_owned()))
        }
    }
}

fn same_number(work: &Interpreter<'_>, action: &CreateAdrStub, own: &TreePath) -> Option<String> {
    let start = format!("{}/{:04}-", CreateAdrStub::FOLDER, action.number);
    let taken = work.names().beginning_with(&start);
    let mut others = taken.into_iter().filter(|path| *path != own.as_str());
    others.next().map(str::to_owned)
}

/// Nygard's form: title, date, status, context, decision, consequences.
fn record(action: &CreateAdrStub, date: &str) -> String {
    let section =
        |text: &Option<String>, open: &str| text.as_deref().map_or(open, str::trim).to_owned();
    format!(
        "# {}. {}\n\nDate: {date}\n\n## Status\n\n{}\n\n## Context\n\n{}\n\n## Decision\n\n{}\n\n## Consequences\n\n{}\n",
        action.number,
        action.title,
        action.status.word(),
        section(&action.context, "To be written: the forces that led here."),
        section(&action.decision, "To be written: what was decided."),
        section(
            &action.consequences,
            "To be written: what becomes easier and what becomes harder."
        ),
    )
}

/// Adds the record's line to the index, and says whether it had to.
fn list(
    work: &mut Interpreter<'_>,
    index: usize,
    action: &CreateAdrStub,
) -> Result<bool, ActionError> {
    let path = TreePath::parse(CreateAdrStub::INDEX).expect("the index has a plain path");
    let title = work
        .literal(action.title.as_str(), path.as_str())
        .replace('[', "\\[")
        .replace(']', "\\]");
    let line = format!("- [{:04} {title}]({})", action.number, action.file_name());
    let (mode, text) = match work.file(&path)? {
        None => (
            Mode::Regular,
            "# Architecture decision records\n".to_owned(),
        ),
        Some(_) => work.text(index, &path)?,
    };
    match insert(&text, &line, action.number, &action.file_name()) {
        None => Ok(false),
        Some(text) => {
            work.put(
                index,
                &path,
                File {
                    mode,
                    bytes: text.into(),
                },
            )?;
            Ok(true)
        }
    }
}

/// The index with the line in its place by number, or nothing when the record is listed.
fn insert(text: &str, line: &str, number: u16, file: &str) -> Option<String> {
    if text.contains(&format!("]({file})")) {
        return None;
    }
    let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut at = None;
    let mut offset = 0;
    for existing in text.split_inclusive('\n') {
        offset += existing.len();
        if let Some(listed) = listed_number(existing) {
            if listed > number {
                at = at.or(Some(offset - existing.len()));
                break;
            }
            at = Some(offset);
        }
    }
    let Some(at) = at else {
        let gap = if text.is_empty() || text.ends_with("\n\n") || text.ends_with("\r\n\r\n") {
            ""
        } else {
            line_end
        };
        let joint = if text.is_empty() || text.ends_with('\n') {
            ""
        } else {
            line_end
        };
        return Some(format!("{text}{joint}{gap}{line}{line_end}"));
    };
    let (before, after) = text.split_at(at);
    let joint = if before.is_empty() || before.ends_with('\n') {
        ""
    } else {
        line_end
    };
    Some(format!("{before}{joint}{line}{line_end}{after}"))
}

/// `- [0002 Title](…)` gives 2.
fn listed_number(line: &str) -> Option<u16> {
    let number = line.strip_prefix("- [")?.get(..4)?;
    number
        .bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| number.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, number: u16, expected: &str) {
        let file = format!("{number:04}-x.md");
        let line = format!("- [{number:04} X]({file})");
        assert_eq!(
            insert(text, &line, number, &file).as_deref(),
            Some(expected)
        );
        assert_eq!(
            insert(expected, &line, number, &file),
            None,
            "a listed record is not listed again"
        );
    }

    #[test]
    fn a_record_is_listed_once_in_the_order_of_numbers() {
        check("# ADR\n", 1, "# ADR\n\n- [0001 X](0001-x.md)\n");
        check(
            "- [0000 A](0000-a.md)\n\nend\n",
            1,
            "- [0000 A](0000-a.md)\n- [0001 X](0001-x.md)\n\nend\n",
        );
        check(
            "- [0002 B](0002-b.md)\n",
            1,
            "- [0001 X](0001-x.md)\n- [0002 B](0002-b.md)\n",
        );
        check(
            "- [0000 A](0000-a.md)\n- [0002 B](0002-b.md)",
            1,
            "- [0000 A](0000-a.md)\n- [0001 X](0001-x.md)\n- [0002 B](0002-b.md)",
        );
        check(
            "- [0000 A](0000-a.md)",
            1,
            "- [0000 A](0000-a.md)\n- [0001 X](0001-x.md)\n",
        );
        check(
            "- [0000 A](0000-a.md)\r\n",
            1,
            "- [0000 A](0000-a.md)\r\n- [0001 X](0001-x.md)\r\n",
        );
    }
}
