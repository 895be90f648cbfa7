//! Shared pieces of recipes: files that recipes of a catalogue name with `include`.

use crate::model::action::Action;
use crate::model::content::Files;
use crate::model::path::{ActionPath, TreePath};
use crate::recipe::{RecipeAction, literal_folder};
use crate::source;
use crate::source::node::{Document, Node, NodeValue};
use std::collections::BTreeSet;

/// The paths of all files that recipes of a catalogue include, directly or indirectly.
pub fn shared_pieces(files: &Files, catalog: &str) -> BTreeSet<String> {
    included(files, &format!("recipes/{catalog}/")).existing
}

/// The paths that recipes include.
pub(super) struct IncludedPaths {
    pub(super) existing: BTreeSet<String>,
    /// Paths without a file.
    pub(super) missing: BTreeSet<String>,
}

/// The paths of all files that recipes below a folder include, directly or indirectly.
pub(super) fn included(files: &Files, folder: &str) -> IncludedPaths {
    let own = files
        .range(folder.to_owned()..)
        .take_while(|(path, _)| path.starts_with(folder));
    let has_word = |bytes: &[u8]| {
        bytes
            .windows(8)
            .any(|word| word == b"include:" || word == b"include\"")
    };
    // A recipe is in the folder of its category; other files below are copied, whatever they contain.
    let is_recipe = |path: &str| {
        let name = path[folder.len()..].strip_suffix(".yaml");
        name.is_some_and(|name| name.matches('/').count() == 1)
    };
    let mut open: Vec<String> = own
        .filter(|(path, file)| is_recipe(path) && has_word(&file.bytes))
        .map(|(path, _)| path.clone())
        .collect();
    let mut included = IncludedPaths {
        existing: BTreeSet::new(),
        missing: BTreeSet::new(),
    };
    while let Some(path) = open.pop() {
        let Some(document) = files
            .get(&path)
            .and_then(|file| source::read(&path, &file.bytes).ok())
        else {
            continue;
        };
        for piece in included_by(&document) {
            let path = format!("{folder}{piece}");
            if !files.contains_key(&path) {
                included.missing.insert(path);
            } else if included.existing.insert(path.clone()) {
                open.push(path);
            }
        }
    }
    included
}

/// The files that a recipe includes, by their path below the catalogue's folder of recipes.
pub(super) fn included_by(document: &Document) -> Vec<String> {
    let text = |node: &Node| match &node.value {
        NodeValue::Text(text) => Some(text.clone()),
        _ => None,
    };
    match document.root.get("include") {
        Some(Node {
            value: NodeValue::List(items),
            ..
        }) => items.iter().filter_map(text).collect(),
        // Not valid, but its meaning is clear: the piece is no recipe of an option.
        Some(one) => text(one).into_iter().collect(),
        None => Vec::new(),
    }
}

/// True for a file beside a shared piece, which its actions copy.
pub(super) fn is_beside(shared: &BTreeSet<String>, path: &str) -> bool {
    shared
        .iter()
        .any(|piece| path.starts_with(&format!("{}/", literal_folder(piece))))
}

/// The action of a shared piece as an action of the recipe that includes it: the files that it copies keep their place
/// below the piece.
pub(super) fn adopted(action: RecipeAction, piece: &str) -> RecipeAction {
    let below = format!("include/{}", literal_folder(piece));
    let adopt = |path: &str| format!("{below}/{path}");
    let RecipeAction {
        mut action,
        location,
        pointer,
        literals,
    } = action;
    if let Action::CopyFile(copy) = &mut action
        && let Some(from) = &mut copy.from
        && let Ok(adopted) = ActionPath::parse(&adopt(from.as_str()))
    {
        *from = adopted;
    }
    let adopted_literals = literals
        .into_iter()
        .filter_map(|(path, file)| Some((TreePath::parse(&adopt(path.as_str())).ok()?, file)))
        .collect();
    RecipeAction {
        action,
        location,
        pointer,
        literals: adopted_literals,
    }
}
