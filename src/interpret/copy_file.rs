//! COPY_FILE: bytes and mode of a file, or of everything below a folder, from beside the recipe or from the template.

use super::interpreter::{ActionError, Done, Interpreter};
use crate::model::action::CopyFile;
use crate::model::content::{File, Mode};
use crate::model::diagnostic::Code;
use crate::model::path::TreePath;
use crate::model::plan::ResolvedRecipe;

pub(super) fn run(
    work: &mut Interpreter<'_>,
    index: usize,
    action: &CopyFile,
) -> Result<Done, ActionError> {
    let sources = match (&action.from, &action.template) {
        (Some(from), _) => from_recipe(work, index, from.as_str())?,
        (None, Some(template)) => from_template(work, index, template.as_tree())?,
        (None, None) => {
            return Err(work
                .error(index, Code::CopySource, "this COPY_FILE has no source")
                .help("give it `from` or `template`")
                .into());
        }
    };
    let mut changed = 0;
    let mut last = None;
    let count = sources.len();
    for (below, file) in sources {
        let to = match below {
            None => action.to.as_tree().clone(),
            Some(rest) => action.to.as_tree().join(&rest).map_err(|error| {
                work.error(
                    index,
                    Code::BadPath,
                    format!("`{}/{rest}` cannot be a path: {error}", action.to),
                )
                .help("rename the file that is copied, or copy it elsewhere")
            })?,
        };
        let file = match file.text().filter(|_| action.from.is_some()) {
            Some(text) => {
                let length = work.substitution().length(text, to.as_str());
                if length > text.len() as u64 {
                    work.fits(index, &to, length)?;
                }
                match work.substitution().apply(text, to.as_str()) {
                    Some(text) => File {
                        mode: file.mode,
                        bytes: text.into(),
                    },
                    None => file,
                }
            }
            None => file,
        };
        let done = work.make(index, &to, file, action.if_exists)?;
        changed += usize::from(matches!(done, Done::Changed(_)));
        last = Some(done);
    }
    match last {
        Some(done) if count == 1 => Ok(done),
        _ if changed == 0 => Ok(Done::Unchanged(format!("all {count} files already there"))),
        _ => Ok(Done::Changed(format!("{changed} of {count} files made"))),
    }
}

/// The files copied, each with its path below the folder when a folder is copied.
type Sources = Vec<(Option<String>, File)>;

fn from_recipe(work: &Interpreter<'_>, index: usize, from: &str) -> Result<Sources, ActionError> {
    let plan = work.plan();
    let option = &plan.recipe.actions[index].origin.option;
    let missing = || {
        work.error(
            index,
            Code::MissingLiteral,
            format!("the plan does not hold the file `{from}` of `{option}`"),
        )
        .help("make the plan again from its catalogue")
    };
    let source =
        ResolvedRecipe::literal_path(&plan.catalog, option, from).map_err(|_| missing())?;
    let found: Sources = plan
        .recipe
        .literals
        .iter()
        .filter(|(path, _)| path.is_at_or_below(source.as_str()))
        .map(|(path, stored)| {
            (
                path.below(source.as_str()).map(str::to_owned),
                File::from(stored),
            )
        })
        .collect();
    if found.is_empty() {
        Err(missing().into())
    } else {
        Ok(found)
    }
}

fn from_template(
    work: &mut Interpreter<'_>,
    index: usize,
    source: &TreePath,
) -> Result<Sources, ActionError> {
    let listing = work.tree().list()?;
    let below = listing.below(source.as_str());
    let itself = listing.get(source.as_str()).map(|_| source.clone());
    let paths: Vec<TreePath> = itself
        .into_iter()
        .chain(below.map(|(path, _)| TreePath::of_checked(path)))
        .collect();
    let mut found = Vec::new();
    for path in paths {
        let Some(file) = work.file(&path)? else {
            continue;
        };
        if file.mode == Mode::Symlink {
            let message = format!("`{path}` is a symbolic link and is not copied");
            return Err(work
                .error(index, Code::NotText, message)
                .help("copy the file it leads to")
                .into());
        }
        work.copied_from(index, &path);
        found.push((path.below(source.as_str()).map(str::to_owned), file));
    }
    if found.is_empty() {
        let finding = work.error(
            index,
            Code::FileMissing,
            format!("the template has no `{source}`"),
        );
        return Err(finding
            .help("check the path; a file beside the recipe is copied with `from`")
            .into());
    }
    Ok(found)
}
