//! Shared pieces of recipes: files that recipes of a catalogue name with `include`.

use crate::model::action::Action;
use crate::model::content::Files;
use crate::model::path::{ActionPath, TreePath};
use crate::recipe::{RecipeAction, literal_folder};
use crate::source;
use crate::source::node::{Document, Node, NodeValue};
use std::collections::BTreeSet;

/// The paths of all files that recipes below a folder include, directly or indirectly.
pub(super) fn shared(files: &Files, folder: &str) -> BTreeSet<String> {
    let own = files
        .range(folder.to_owned()..)
        .take_while(|(path, _)| path.starts_with(folder));
    let has_word = |bytes: &[u8]| {
        bytes
            .windows(8)
            .any(|word| word == b"include:" || word == b"include\"")
    };
    // A recipe is in the folder of its category; other files below are copied, whatever they contain.
    let is_yaml = |path: &str| path.rsplit_once('.').is_some_and(|(_, end)| end == "yaml");
    let is_recipe = |path: &str| path[folder.len()..].matches('/').count() == 1 && is_yaml(path);
    let mut open: Vec<String> = own
        .filter(|(path, file)| is_recipe(path) && has_word(&file.bytes))
        .map(|(path, _)| path.clone())
        .collect();
    let mut shared = BTreeSet::new();
    while let Some(path) = open.pop() {
        let Some(document) = files
            .get(&path)
            .and_then(|file| source::read(&path, &file.bytes).ok())
        else {
            continue;
        };
        for included in included_by(&document) {
            let path = format!("{folder}{included}");
            if files.contains_key(&path) && shared.insert(path.clone()) {
                open.push(path);
            }
        }
    }
    shared
}

/// The files that a recipe includes, by their path below the catalogue's folder of recipes.
pub(super) fn included_by(document: &Document) -> Vec<String> {
    let Some(Node {
        value: NodeValue::List(items),
        ..
    }) = document.root.get("include")
    else {
        return Vec::new();
    };
    let text = |node: &Node| match &node.value {
        NodeValue::Text(text) => Some(text.clone()),
        _ => None,
    };
    items.iter().filter_map(text).collect()
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
    let literals = literals
        .into_iter()
        .filter_map(|(path, file)| Some((TreePath::parse(&adopt(path.as_str())).ok()?, file)))
        .collect();
    RecipeAction {
        action,
        location,
        pointer,
        literals,
    }
}
