//! WRITE_FILE: literal text at a path.

use crate::interpret::format::Part;
use crate::interpret::step::{ActionError, ActionKind, CreatedFile, Done, Step, Violation};
use crate::model::action::{IfExists, WriteFile};
use crate::model::content::File;
use crate::model::diagnostic::Code;
use crate::model::path::TreePath;
use std::borrow::Cow;
use std::collections::BTreeMap;

impl ActionKind for WriteFile {
    fn target(&self) -> Cow<'_, str> {
        self.path.as_str().into()
    }

    fn violations(&self) -> Vec<Violation> {
        let violation = |code, field, message: &str, help| Violation {
            code,
            field,
            message: message.to_owned(),
            help,
        };
        match (&self.content, self.licence, &self.holder) {
            (None, None, _) => vec![violation(
                Code::MissingField,
                None,
                "field `content` is missing",
                "add `content: …`, or the text of a licence by `licence: MIT`",
            )],
            (Some(_), Some(_), _) => vec![violation(
                Code::BadValue,
                Some("licence"),
                "WRITE_FILE has both `content` and `licence`",
                "keep one of them",
            )],
            (Some(_), None, Some(_)) => vec![violation(
                Code::BadValue,
                Some("holder"),
                "a `content` has no copyright holder to fill in",
                "remove `holder`, or give `licence` instead of `content`",
            )],
            (Some(_), None, None) | (None, Some(_), _) => Vec::new(),
        }
    }

    fn texts(&self) -> Vec<(&'static str, &str)> {
        let content = self.content.as_deref().map(|text| ("content", text));
        content.into_iter().collect()
    }

    fn creates(&self, _: &BTreeMap<TreePath, File>) -> Vec<CreatedFile> {
        vec![CreatedFile {
            path: self.path.to_string(),
            file: Some(self.file()),
            if_exists: self.if_exists,
        }]
    }

    fn edits(&self, path: &TreePath) -> bool {
        self.if_exists == IfExists::Overwrite && self.path.as_tree() == path
    }

    fn run(&self, step: &mut Step<'_, '_>) -> Result<Done, ActionError> {
        let path = self.path.as_tree();
        let file = File {
            bytes: step.fill(&self.text(), path, Part::Whole)?.into(),
            ..self.file()
        };
        step.create(path, file, self.if_exists)
    }
}
