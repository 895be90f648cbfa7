//! Actions that can run together and get in each other's way.

use super::compatibility::{Compatibility, Condition};
use crate::model::action::{Action, IfExists};
use crate::model::content::File;
use crate::model::diagnostic::{Code, Diagnostic};
use crate::recipe::{Recipe, RecipeAction};
use std::collections::BTreeMap;

/// A path that an action makes.
struct Made<'r> {
    path: String,
    recipe: &'r Recipe,
    action: &'r RecipeAction,
    /// The file, where it is known without the template.
    file: Option<File>,
    gives_way: bool,
}

/// Findings about every pair of actions that can meet. Recipes come in the catalogue's order.
pub(super) fn check<'r>(
    recipes: impl Iterator<Item = &'r Recipe> + Clone,
    compatibility: &Compatibility<'_>,
) -> Vec<Diagnostic> {
    let mut findings = paths(recipes.clone(), compatibility);
    findings.extend(adr_numbers(recipes, compatibility));
    findings
}

fn paths<'r>(
    recipes: impl Iterator<Item = &'r Recipe>,
    compatibility: &Compatibility<'_>,
) -> Vec<Diagnostic> {
    let mut all: Vec<Made<'_>> = recipes
        .flat_map(|recipe| {
            recipe
                .actions
                .iter()
                .flat_map(|action| made(recipe, action))
        })
        .collect();
    all.sort_by_key(|made| made.action.action.common().order());
    let mut by_fold: BTreeMap<String, Vec<&Made<'_>>> = BTreeMap::new();
    let mut findings = Vec::new();
    for later in &all {
        let fold = later.path.to_ascii_lowercase();
        let earlier = by_fold.entry(fold).or_default();
        let clash = earlier
            .iter()
            .find(|earlier| !agree(earlier, later) && meet(earlier, later, compatibility));
        findings.extend(clash.map(|earlier| two_on_one(earlier, later)));
        earlier.push(later);
    }
    for below in &all {
        let folders = below
            .path
            .match_indices('/')
            .map(|(at, _)| below.path[..at].to_ascii_lowercase());
        for folder in folders {
            let mut files = by_fold.get(&folder).into_iter().flatten();
            let clash = files.find(|file| meet(file, below, compatibility));
            findings.extend(clash.map(|file| {
                let message = format!(
                    "`{}` is made as a file and needed as a folder for `{}`",
                    file.path, below.path
                );
                finding(Code::PathClash, message, file, below).help("rename one of them")
            }));
        }
    }
    findings
}

fn made<'r>(recipe: &'r Recipe, action: &'r RecipeAction) -> Vec<Made<'r>> {
    let made = |path: String, file: Option<File>, if_exists: IfExists| Made {
        path,
        recipe,
        action,
        file,
        gives_way: if_exists != IfExists::Fail,
    };
    match &action.action {
        Action::WriteFile(write) => {
            vec![made(
                write.path.to_string(),
                Some(write.file()),
                write.if_exists,
            )]
        }
        Action::CreateAdrStub(adr) => vec![made(adr.path(), None, IfExists::Fail)],
        Action::CopyFile(copy) => match &copy.from {
            // Whether it is a file or a folder, and which files, only the template knows.
            None => Vec::new(),
            Some(from) => {
                let files = action.literals.iter().map(|(path, file)| {
                    let to = path
                        .below(from.as_str())
                        .map_or_else(|| copy.to.to_string(), |rest| format!("{}/{rest}", copy.to));
                    made(to, Some(file.clone()), copy.if_exists)
                });
                files.collect()
            }
        },
        Action::AppendToFile(_) | Action::ReplaceString(_) | Action::AddDependency(_) => Vec::new(),
    }
}

/// Equal content is no conflict, and the later action may say that it overwrites or keeps.
fn agree(earlier: &Made<'_>, later: &Made<'_>) -> bool {
    earlier.path == later.path
        && (later.gives_way || earlier.file.is_some() && earlier.file == later.file)
}

fn meet(one: &Made<'_>, other: &Made<'_>, compatibility: &Compatibility<'_>) -> bool {
    compatibility.can_run_together(
        &condition(one.recipe, one.action),
        &condition(other.recipe, other.action),
    )
}

fn condition<'r>(recipe: &'r Recipe, action: &'r RecipeAction) -> Condition<'r> {
    Condition {
        option: recipe.option.as_ref(),
        when: &action.action.common().when,
    }
}

fn two_on_one(earlier: &Made<'_>, later: &Made<'_>) -> Diagnostic {
    if earlier.path != later.path {
        let message = format!(
            "`{}` and `{}` differ only in letter case",
            earlier.path, later.path
        );
        return finding(Code::PathClash, message, earlier, later)
            .help("many file systems hold only one of them; rename one");
    }
    let (who, remedy) = match (&earlier.recipe.option, &later.recipe.option) {
        (Some(one), Some(other)) if one != other => (
            format!("`{one}` and `{other}` both make"),
            ", or let the options conflict",
        ),
        (..) => ("two actions make".to_owned(), ""),
    };
    let message = format!("{who} `{}` with different content", later.path);
    finding(Code::TwoOnOnePath, message, earlier, later).help(format!(
        "use another path, say `if_exists: overwrite` or `if_exists: keep` on the later action{remedy}"
    ))
}

fn finding(code: Code, message: String, first: &Made<'_>, second: &Made<'_>) -> Diagnostic {
    Diagnostic::error(code, message)
        .at(&second.action.pointer, second.action.location.clone())
        .also(
            Some(first.action.location.clone()),
            format!("`{}` is made here too", first.path),
        )
}

fn adr_numbers<'r>(
    recipes: impl Iterator<Item = &'r Recipe>,
    compatibility: &Compatibility<'_>,
) -> Vec<Diagnostic> {
    let mut by_number: BTreeMap<u16, Vec<(&Recipe, &RecipeAction)>> = BTreeMap::new();
    let mut findings = Vec::new();
    for recipe in recipes {
        for action in &recipe.actions {
            let Action::CreateAdrStub(adr) = &action.action else {
                continue;
            };
            let earlier = by_number.entry(adr.number).or_default();
            let meets = |(other, its): &&(&Recipe, &RecipeAction)| {
                compatibility.can_run_together(&condition(other, its), &condition(recipe, action))
            };
            if let Some((_, first)) = earlier.iter().find(meets) {
                let message = format!(
                    "decision number {} is used twice among options that can be selected together",
                    adr.number
                );
                let finding = Diagnostic::error(Code::AdrNumberTwice, message)
                    .at(&action.pointer, action.location.clone())
                    .also(Some(first.location.clone()), "first used here");
                findings.push(finding.help("give one of them a free number"));
            }
            earlier.push((recipe, action));
        }
    }
    findings
}
