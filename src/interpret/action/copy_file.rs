//! COPY_FILE: a file, or all files below a folder, with bytes and mode, from beside the recipe or from the template.

use crate::interpret::step::{ActionError, ActionKind, CreatedFile, Done, Step, Violation};
use crate::model::action::{CopyFile, IfExists};
use crate::model::content::{File, Mode};
use crate::model::diagnostic::Code;
use crate::model::path::{ActionPath, TreePath};
use crate::model::plan::ResolvedRecipe;
use std::borrow::Cow;
use std::collections::BTreeMap;

impl ActionKind for CopyFile {
    fn target(&self) -> Cow<'_, str> {
        self.to.as_str().into()
    }

    fn violations(&self) -> Vec<Violation> {
        let (message, help) = match (&self.from, &self.template) {
            (Some(_), None) | (None, Some(_)) => return Vec::new(),
            (Some(_), Some(_)) => (
                "COPY_FILE has both `from` and `template`",
                "keep `from` for a file beside the recipe, or `template` for one of the template",
            ),
            (None, None) => (
                "COPY_FILE has no source",
                "add `from: files/…` for a file beside the recipe, or `template: …` for one of the template",
            ),
        };
        vec![Violation {
            code: Code::CopySource,
            field: None,
            message: message.to_owned(),
            help,
        }]
    }

    fn source(&self) -> Option<&ActionPath> {
        self.from.as_ref().filter(|_| self.template.is_none())
    }

    /// Nothing for a copy out of the template: it may be a file or a folder.
    fn creates(&self, sources: &BTreeMap<TreePath, File>) -> Vec<CreatedFile> {
        let Some(from) = &self.from else {
            return Vec::new();
        };
        sources
            .iter()
            .map(|(path, file)| CreatedFile {
                path: path
                    .below(from.as_str())
                    .map_or_else(|| self.to.to_string(), |rest| format!("{}/{rest}", self.to)),
                file: Some(file.clone()),
                if_exists: self.if_exists,
            })
            .collect()
    }

    fn edits(&self, path: &TreePath) -> bool {
        self.if_exists == IfExists::Overwrite
            && self.from.is_some()
            && path.is_at_or_below(self.to.as_str())
    }

    fn run(&self, step: &mut Step<'_, '_>) -> Result<Done, ActionError> {
        let files = match (&self.from, &self.template) {
            (Some(from), _) => from_recipe(step, from.as_str())?,
            (None, Some(template)) => from_template(step, template.as_tree())?,
            (None, None) => {
                let finding = step.finding(Code::CopySource, "COPY_FILE has no source");
                return Err(finding.help("give it `from` or `template`").into());
            }
        };
        let count = files.len();
        let mut changed = 0;
        let mut last = None;
        for (below, file) in files {
            let to = destination(step, &self.to, below.as_deref())?;
            let filled = match &self.from {
                Some(_) => step.fill_file(file, &to)?,
                None => file,
            };
            let done = step.create(&to, filled, self.if_exists)?;
            changed += usize::from(matches!(done, Done::Changed(_)));
            last = Some(done);
        }
        match last {
            Some(done) if count == 1 => Ok(done),
            _ if changed == 0 => Ok(Done::Unchanged(format!(
                "all {count} files already present"
            ))),
            _ => Ok(Done::Changed(format!("{changed} of {count} files created"))),
        }
    }
}

/// The files to copy, each with its path below the folder when a folder is copied.
type Sources = Vec<(Option<String>, File)>;

fn destination(
    step: &Step<'_, '_>,
    to: &ActionPath,
    below: Option<&str>,
) -> Result<TreePath, ActionError> {
    let Some(below) = below else {
        return Ok(to.as_tree().clone());
    };
    let path = to.as_tree().join(below).map_err(|error| {
        step.finding(
            Code::BadPath,
            format!("`{to}/{below}` cannot be a path: {error}"),
        )
        .help("rename the file, or copy it to another path")
    })?;
    step.fill_path(path)
}

fn from_recipe(step: &Step<'_, '_>, from: &str) -> Result<Sources, ActionError> {
    let plan = step.plan();
    let option = &step.planned().origin.option;
    let missing = || {
        let message = format!("the plan does not contain the file `{from}` of `{option}`");
        step.finding(Code::MissingLiteral, message)
            .help("create the plan again from its catalogue")
    };
    let source =
        ResolvedRecipe::literal_path(&plan.catalog, option, from).map_err(|_| missing())?;
    let found: Sources = plan
        .recipe
        .literals
        .iter()
        .filter(|(path, _)| path.is_at_or_below(source.as_str()))
        .map(|(path, stored)| {
            let below = path.below(source.as_str()).map(str::to_owned);
            (below, File::from(stored))
        })
        .collect();
    if found.is_empty() {
        return Err(missing().into());
    }
    Ok(found)
}

fn from_template(step: &mut Step<'_, '_>, source: &TreePath) -> Result<Sources, ActionError> {
    let listing = step.list()?;
    let itself = listing.get(source.as_str()).map(|_| source.clone());
    let below = listing
        .below(source.as_str())
        .map(|(path, _)| TreePath::of_checked(path));
    let mut found = Vec::new();
    for path in itself.into_iter().chain(below) {
        let Some(file) = step.read(&path)? else {
            continue;
        };
        if file.mode == Mode::Symlink {
            let message = format!("`{path}` is a symbolic link and cannot be copied");
            let finding = step.finding(Code::NotText, message);
            return Err(finding.help("copy the file that it points to").into());
        }
        step.record_copy(&path);
        found.push((path.below(source.as_str()).map(str::to_owned), file));
    }
    if found.is_empty() {
        let message = format!("the template has no file or folder `{source}`");
        let otherwise = "check the path; a file beside the recipe is copied with `from`";
        return Err(step.file_missing(message, source, otherwise)?.into());
    }
    Ok(found)
}
