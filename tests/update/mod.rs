//! Updates of repositories: the comparison of three trees, and the command over real repositories.

mod base;
mod command;
mod fleet;
mod inputs;
mod keys;
mod kills;
mod properties;
mod table;

use groundplan::engine::update::{Rules, Sides, Update, UpdateError, update};
use groundplan::model::content::{File, Mode};
use groundplan::model::path::TreePath;
use groundplan::tree::memory::MemoryTree;
use groundplan::tree::snapshot::Snapshot;
use std::collections::BTreeMap;

/// Files by path.
pub(crate) type TestFiles = BTreeMap<TreePath, File>;

/// A path of a tree.
pub(crate) fn path(text: &str) -> TreePath {
    TreePath::parse(text).expect("a path")
}

/// Regular text files.
pub(crate) fn files<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> TestFiles {
    let regular = |text: &str| File::regular(text.to_owned());
    files
        .into_iter()
        .map(|(name, text)| (path(name), regular(text)))
        .collect()
}

/// One file of another mode.
pub(crate) fn with_mode(name: &str, mode: Mode, text: &str) -> TestFiles {
    let bytes = text.to_owned().into();
    BTreeMap::from([(path(name), File { mode, bytes })])
}

/// The update of three trees in memory.
pub(crate) fn update_of(
    base: &TestFiles,
    ours: &TestFiles,
    theirs: &TestFiles,
    rules: &Rules,
) -> Result<Update, UpdateError> {
    let trees = [base, ours, theirs]
        .map(|files| MemoryTree::of(files.clone()).expect("no file is a folder of another"));
    let [base, ours, theirs] = trees
        .each_ref()
        .map(|tree| Snapshot::of_tree(tree).expect("a tree in memory"));
    let sides = Sides {
        base: &base,
        ours: &ours,
        theirs: &theirs,
    };
    update(sides, rules)
}

/// The repository's files after an update.
pub(crate) fn applied(ours: &TestFiles, update: &Update) -> TestFiles {
    let mut files = ours.clone();
    for (path, change) in &update.changes {
        match change {
            Some(file) => files.insert(path.clone(), file.clone()),
            None => files.remove(path),
        };
    }
    files
}
