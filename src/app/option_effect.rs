//! The effect of one option on the files of a repository.

use super::choices;
use crate::catalog::Catalog;
use crate::engine::PreviewError;
use crate::model::path::TreePath;
use crate::model::report::{Change, ChangeKind, ChangeOrigin};
use crate::model::selection::Selection;
use crate::model::slug::OptionRef;
use crate::sweep::trial::TrialInput;
use crate::template::Template;

/// The files that an option adds, changes and removes in a small selection with it.
pub struct OptionEffect {
    /// The selection of the trial.
    pub selection: Selection,
    /// The files that only this option adds.
    pub added: Vec<TreePath>,
    /// Other files that the option changes.
    pub changed: Vec<TreePath>,
    pub removed: Vec<TreePath>,
}

/// The effect of an option for the sample product; `None` if its selection cannot be built.
pub fn of(
    catalog: &Catalog,
    template: &Template,
    option: &OptionRef,
) -> Result<Option<OptionEffect>, PreviewError> {
    let input = TrialInput {
        catalog,
        template: template.tree(),
        pin: &template.pin,
    };
    let selection = choices::around(catalog, option);
    let Ok(preview) = input.sample(&selection)? else {
        return Ok(None);
    };
    let mut effect = OptionEffect {
        selection,
        added: Vec::new(),
        changed: Vec::new(),
        removed: Vec::new(),
    };
    for change in preview.report.changes {
        let options = options(&change);
        if options.contains(&option) {
            let is_alone = options.iter().all(|other| *other == option);
            let list = match change.change {
                ChangeKind::Removed => &mut effect.removed,
                ChangeKind::Added if is_alone => &mut effect.added,
                ChangeKind::Added | ChangeKind::Modified => &mut effect.changed,
            };
            list.push(change.path);
        }
    }
    Ok(Some(effect))
}

/// The options behind a change.
fn options(change: &Change) -> Vec<&OptionRef> {
    let actions = change.origin.iter().filter_map(|origin| match origin {
        ChangeOrigin::Action(action) => Some(&action.origin.option),
        ChangeOrigin::Placeholders { .. }
        | ChangeOrigin::Condition {}
        | ChangeOrigin::Provenance {}
        | ChangeOrigin::Template {} => None,
    });
    actions.collect()
}
