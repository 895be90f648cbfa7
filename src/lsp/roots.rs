//! The root of the catalogues of a file: the folder with `catalog/` and `recipes/`.

use std::path::{Component, Path, PathBuf};

/// The outermost folder above a file or folder that contains its catalogue. `has_file` tells which files exist, on disk or
/// in the editor.
pub(super) fn of_path(path: &Path, has_file: &dyn Fn(&Path) -> bool) -> Option<PathBuf> {
    let ancestors: Vec<&Path> = path.ancestors().skip(1).collect();
    let outermost = ancestors.into_iter().rev();
    let mut roots = outermost.filter(|root| is_root_of(root, path, has_file));
    roots.next().map(Path::to_owned)
}

/// The root of a folder that the editor opens: the folder itself, one above it, or none.
pub(super) fn of_folder(folder: &Path, has_file: &dyn Fn(&Path) -> bool) -> Option<PathBuf> {
    let is_root = folder.join("catalog").is_dir() && !catalogs(folder).is_empty();
    if is_root {
        return Some(folder.to_owned());
    }
    of_path(folder, has_file).or_else(|| {
        // `root/catalog` and `root/recipes` themselves.
        let root = folder.parent()?;
        let name = folder.file_name()?;
        let is_one = name == "catalog" || name == "recipes";
        (is_one && !catalogs(root).is_empty()).then(|| root.to_owned())
    })
}

/// True if `root/catalog/NAME/catalog.yaml` exists for the catalogue that the rest of the path names.
fn is_root_of(root: &Path, path: &Path, has_file: &dyn Fn(&Path) -> bool) -> bool {
    let Ok(below) = path.strip_prefix(root) else {
        return false;
    };
    let mut names = below.components().filter_map(|component| match component {
        Component::Normal(name) => name.to_str(),
        _ => None,
    });
    let (Some(folder), Some(name)) = (names.next(), names.next()) else {
        return false;
    };
    let own = root.join("catalog").join(name).join("catalog.yaml");
    match folder {
        "catalog" => has_file(&own),
        // A recipe of a catalogue that is misspelt or missing belongs to the others beside it.
        "recipes" => has_file(&own) || !catalogs(root).is_empty(),
        _ => false,
    }
}

/// The catalogue files below a root, at most one: enough to know that there are some.
fn catalogs(root: &Path) -> Vec<PathBuf> {
    let folder = root.join("catalog");
    let Ok(entries) = folder.read_dir() else {
        return Vec::new();
    };
    let files = entries
        .flatten()
        .map(|entry| entry.path().join("catalog.yaml"));
    files.filter(|file| file.is_file()).take(1).collect()
}

/// The part of a document in its catalogue, by its path from the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DocumentKind {
    CatalogFile,
    /// A recipe or a shared piece of recipes.
    Recipe,
    Case,
    /// A file of the template, or one that an action copies.
    Content,
}

/// The catalogue and the kind of a document, by its path from the root; none outside of the catalogues.
pub(super) fn document_kind(
    path: &str,
    is_piece: impl Fn(&str) -> bool,
) -> Option<(&str, DocumentKind)> {
    let parts: Vec<&str> = path.split('/').collect();
    let is_yaml = path.strip_suffix(".yaml").is_some();
    Some(match parts.as_slice() {
        ["catalog", name, "catalog.yaml"] => (name, DocumentKind::CatalogFile),
        ["catalog", name, "cases", _] if is_yaml => (name, DocumentKind::Case),
        ["recipes", name, _] | ["recipes", name, _, _] if is_yaml => (name, DocumentKind::Recipe),
        ["recipes", name, ..] if is_piece(path) => (name, DocumentKind::Recipe),
        ["catalog" | "recipes", name, _, ..] => (name, DocumentKind::Content),
        _ => return None,
    })
}
