//! WRITE_FILE: literal text at a path.

use crate::interpret::format::Part;
use crate::interpret::step::{ActionError, ActionKind, CreatedFile, Done, Step};
use crate::model::action::{IfExists, WriteFile};
use crate::model::content::File;
use crate::model::path::TreePath;
use std::borrow::Cow;
use std::collections::BTreeMap;

impl ActionKind for WriteFile {
    fn target(&self) -> Cow<'_, str> {
        self.path.as_str().into()
    }

    fn texts(&self) -> Vec<(&'static str, &str)> {
        vec![("content", &self.content)]
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
            bytes: step.fill(&self.content, path, Part::Whole)?.into(),
            ..self.file()
        };
        step.create(path, file, self.if_exists)
    }
}
