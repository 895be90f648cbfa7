//! CREATE_ADR_STUB: an architecture decision record in Nygard's form, and its line in the index.
//!
//! Form: <https://cognitect.com/blog/2011/11/15/documenting-architecture-decisions>

use crate::interpret::format::Part;
use crate::interpret::line_ends::Lines;
use crate::interpret::step::{ActionError, ActionKind, CreatedFile, Done, EditedFile, Step};
use crate::model::action::{CreateAdrStub, IfExists};
use crate::model::content::File;
use crate::model::diagnostic::Code;
use crate::model::path::TreePath;
use std::borrow::Cow;
use std::collections::BTreeMap;

impl ActionKind for CreateAdrStub {
    fn target(&self) -> Cow<'_, str> {
        self.path().into()
    }

    fn texts(&self) -> Vec<(&'static str, &str)> {
        [
            ("context", &self.context),
            ("decision", &self.decision),
            ("consequences", &self.consequences),
        ]
        .into_iter()
        .filter_map(|(field, text)| Some((field, text.as_deref()?)))
        .collect()
    }

    fn creates(&self, _: &BTreeMap<TreePath, File>) -> Vec<CreatedFile> {
        vec![CreatedFile {
            path: self.path(),
            file: None,
            if_exists: IfExists::Fail,
        }]
    }

    fn adr_number(&self) -> Option<u16> {
        Some(self.number)
    }

    fn edits(&self, path: &TreePath) -> bool {
        path.as_str() == Self::INDEX
    }

    fn run(&self, step: &mut Step<'_, '_>) -> Result<Done, ActionError> {
        let path = TreePath::parse(&self.path()).map_err(|error| {
            let message = format!("`{}` cannot be a path: {error}", self.path());
            step.finding(Code::BadPath, message)
                .help("choose another title")
        })?;
        if let Some(other) = same_number(step, self, &path) {
            let message = format!(
                "decision number {} is already used by `{other}`",
                self.number
            );
            let finding = step.finding(Code::AdrNumberTwice, message);
            return Err(finding.help("choose a free number").into());
        }
        let record = record_of(self, step.plan().inputs.date.as_str());
        let text = step.fill(&record, &path, Part::Whole)?;
        let created = step.create(&path, File::regular(text), IfExists::Fail)?;
        let listed = list(step, self)?;
        Ok(match created {
            Done::Unchanged(_) if !listed => Done::unchanged("already present"),
            Done::Changed(_) | Done::Unchanged(_) => Done::changed("recorded and listed"),
        })
    }
}

/// The path of another record with the number of this one.
fn same_number(step: &Step<'_, '_>, adr: &CreateAdrStub, own: &TreePath) -> Option<String> {
    let start = format!("{}/{:04}-", CreateAdrStub::FOLDER, adr.number);
    step.files_starting_with(&start)
        .into_iter()
        .find(|path| *path != own.as_str())
        .map(str::to_owned)
}

/// Nygard's form: title, date, status, context, decision, consequences.
fn record_of(adr: &CreateAdrStub, date: &str) -> String {
    let section = |text: &Option<String>, default: &str| {
        text.as_deref().map_or(default, str::trim).to_owned()
    };
    format!(
        "# {}. {}\n\nDate: {date}\n\n## Status\n\n{}\n\n## Context\n\n{}\n\n## Decision\n\n{}\n\n## Consequences\n\n{}\n",
        adr.number,
        adr.title,
        adr.status.word(),
        section(&adr.context, "To be written: the forces that led here."),
        section(&adr.decision, "To be written: what was decided."),
        section(
            &adr.consequences,
            "To be written: what becomes easier and what becomes harder."
        ),
    )
}

/// Adds the line of the record to the index; true if it was missing.
fn list(step: &mut Step<'_, '_>, adr: &CreateAdrStub) -> Result<bool, ActionError> {
    let path = TreePath::parse(CreateAdrStub::INDEX).expect("the index has a plain path");
    let title = step
        .fill(adr.title.as_str(), &path, Part::Lines)?
        .replace('[', "\\[")
        .replace(']', "\\]");
    let line = format!("- [{:04} {title}]({})", adr.number, adr.file_name());
    let index = match step.read(&path)? {
        None => EditedFile::new("# Architecture decision records\n"),
        Some(_) => step.text(&path)?,
    };
    let Some(text) = insert(&index.text, &line, adr.number, &adr.file_name()) else {
        return Ok(false);
    };
    step.write_text(&path, &index, &text)?;
    Ok(true)
}

/// The index with the line inserted in the order of numbers; `None` if the record is already listed.
fn insert(text: &str, line: &str, number: u16, file: &str) -> Option<String> {
    if text.contains(&format!("]({file})")) {
        return None;
    }
    let lines = Lines::of(text);
    let text = lines.text();
    let at = place(text, number);
    let before = &text[..at.unwrap_or(text.len())];
    let joint = if before.is_empty() || before.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    // The first record follows an empty line.
    let gap = if at.is_some() || text.is_empty() || text.ends_with("\n\n") {
        ""
    } else {
        "\n"
    };
    let new = format!("{joint}{gap}{line}\n");
    Some(lines.edited([(before.len()..before.len(), new.as_str())]))
}

/// The offset of the line before which a record with this number is listed; `None` if the index lists no record.
fn place(text: &str, number: u16) -> Option<usize> {
    let mut at = None;
    let mut offset = 0;
    for existing in text.split_inclusive('\n') {
        offset += existing.len();
        if let Some(listed) = listed_number(existing) {
            if listed > number {
                return at.or(Some(offset - existing.len()));
            }
            at = Some(offset);
        }
    }
    at
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
        check(
            "# ADR\r- [0000 A](0000-a.md)\r- [0002 B](0002-b.md)\r",
            1,
            "# ADR\r- [0000 A](0000-a.md)\r- [0001 X](0001-x.md)\r- [0002 B](0002-b.md)\r",
        );
    }
}
