//! Conflicts between actions that can run together.

use super::compatibility::{Compatibility, RunCondition};
use crate::interpret::action::kind_of;
use crate::model::action::IfExists;
use crate::model::content::File;
use crate::model::diagnostic::{Code, Diagnostic};
use crate::recipe::{Recipe, RecipeAction};
use std::collections::BTreeMap;

/// A path that an action writes.
struct Output<'r> {
    path: String,
    recipe: &'r Recipe,
    action: &'r RecipeAction,
    /// The file, if it is known without the template.
    file: Option<File>,
    /// True if the action overwrites or keeps an existing file.
    accepts_existing: bool,
}

/// Findings about every pair of actions that can run together. Recipes are in the catalogue's order.
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
    let mut all: Vec<Output<'_>> = recipes
        .flat_map(|recipe| {
            recipe
                .actions
                .iter()
                .flat_map(|action| outputs(recipe, action))
        })
        .collect();
    all.sort_by_key(|output| output.action.action.common().order());
    let mut by_lower_case: BTreeMap<String, Vec<&Output<'_>>> = BTreeMap::new();
    let mut findings = Vec::new();
    for later in &all {
        let key = later.path.to_ascii_lowercase();
        let earlier = by_lower_case.entry(key).or_default();
        let conflict = earlier.iter().find(|earlier| {
            !agree(earlier, later) && can_run_together(earlier, later, compatibility)
        });
        findings.extend(conflict.map(|earlier| two_on_one(earlier, later)));
        earlier.push(later);
    }
    for below in &all {
        let folders = below
            .path
            .match_indices('/')
            .map(|(at, _)| below.path[..at].to_ascii_lowercase());
        for folder in folders {
            let mut files = by_lower_case.get(&folder).into_iter().flatten();
            let conflict = files.find(|file| can_run_together(file, below, compatibility));
            findings.extend(conflict.map(|file| {
                let message = format!(
                    "`{}` is created as a file and needed as a folder for `{}`",
                    file.path, below.path
                );
                finding(Code::PathClash, message, file, below).help("rename one of them")
            }));
        }
    }
    findings
}

fn outputs<'r>(recipe: &'r Recipe, action: &'r RecipeAction) -> Vec<Output<'r>> {
    kind_of(&action.action)
        .creates(&action.literals)
        .into_iter()
        .map(|created| Output {
            path: created.path,
            recipe,
            action,
            file: created.file,
            accepts_existing: created.if_exists != IfExists::Fail,
        })
        .collect()
}

/// True for equal content, and for a later action that overwrites or keeps an existing file.
fn agree(earlier: &Output<'_>, later: &Output<'_>) -> bool {
    earlier.path == later.path
        && (later.accepts_existing || earlier.file.is_some() && earlier.file == later.file)
}

fn can_run_together(
    one: &Output<'_>,
    other: &Output<'_>,
    compatibility: &Compatibility<'_>,
) -> bool {
    compatibility.can_run_together(
        &condition(one.recipe, one.action),
        &condition(other.recipe, other.action),
    )
}

fn condition<'r>(recipe: &'r Recipe, action: &'r RecipeAction) -> RunCondition<'r> {
    let common = action.action.common();
    RunCondition {
        option: recipe.option.as_ref(),
        when: &common.when,
        unless: &common.unless,
    }
}

fn two_on_one(earlier: &Output<'_>, later: &Output<'_>) -> Diagnostic {
    if earlier.path != later.path {
        let message = format!(
            "`{}` and `{}` differ only in letter case",
            earlier.path, later.path
        );
        return finding(Code::PathClash, message, earlier, later)
            .help("rename one of them: many file systems store only one");
    }
    let (subject, remedy) = match (&earlier.recipe.option, &later.recipe.option) {
        (Some(one), Some(other)) if one != other => (
            format!("`{one}` and `{other}` both create"),
            ", or add a conflict between the options",
        ),
        (..) => ("two actions create".to_owned(), ""),
    };
    let message = format!("{subject} `{}` with different content", later.path);
    finding(Code::TwoOnOnePath, message, earlier, later).help(format!(
        "use another path, set `if_exists: overwrite` or `if_exists: keep` on the later action{remedy}"
    ))
}

fn finding(code: Code, message: String, first: &Output<'_>, second: &Output<'_>) -> Diagnostic {
    Diagnostic::error(code, message)
        .at(&second.action.pointer, second.action.location.clone())
        .also(
            Some(first.action.location.clone()),
            format!("`{}` is also created here", first.path),
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
            let Some(number) = kind_of(&action.action).adr_number() else {
                continue;
            };
            let earlier = by_number.entry(number).or_default();
            let is_compatible = |(other, its): &&(&Recipe, &RecipeAction)| {
                compatibility.can_run_together(&condition(other, its), &condition(recipe, action))
            };
            if let Some((_, first)) = earlier.iter().find(is_compatible) {
                let message = format!(
                    "decision number {number} is used twice among options that can be selected together"
                );
                let finding = Diagnostic::error(Code::AdrNumberTwice, message)
                    .at(&action.pointer, action.location.clone())
                    .also(Some(first.location.clone()), "first used here");
                findings.push(finding.help("use a free number for one of them"));
            }
            earlier.push((recipe, action));
        }
    }
    findings
}
