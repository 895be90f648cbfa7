//! The names of a repository that others made, as file systems that fold letter case and Unicode forms see them.

use super::validate::fold;
use crate::model::path::TreePath;
use std::collections::BTreeMap;

/// Files and folders by name, whatever they are called.
#[derive(Debug, Default)]
pub(super) struct KnownNames {
    /// Whether it is a file.
    exact: BTreeMap<String, bool>,
    /// One spelling of each fold.
    folded: BTreeMap<String, String>,
}

/// Why a path cannot be made.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NameClash {
    /// The path, or a folder above it, is there in another spelling.
    Spelling { other: String },
    /// A file stands where the path needs a folder.
    FileAbove { file: String },
    /// The path is a folder.
    Folder,
}

impl KnownNames {
    /// Notes a file and the folders above it.
    pub(super) fn add(&mut self, file: &str) {
        self.note(file, true);
        for (end, _) in file.rmatch_indices('/') {
            if !self.note(&file[..end], false) {
                break;
            }
        }
    }

    fn note(&mut self, name: &str, is_file: bool) -> bool {
        let is_new = !self.exact.contains_key(name);
        if is_new {
            self.exact.insert(name.to_owned(), is_file);
            let spelled = || name.to_owned();
            self.folded.entry(fold(name)).or_insert_with(spelled);
        }
        is_new
    }

    /// What keeps a path from being a file.
    pub(super) fn clash(&self, path: &TreePath) -> Option<NameClash> {
        for folder in path.folders() {
            match self.exact.get(folder) {
                Some(true) => {
                    let file = folder.to_owned();
                    return Some(NameClash::FileAbove { file });
                }
                Some(false) => {}
                None => {
                    if let Some(clash) = self.other_spelling(folder) {
                        return Some(clash);
                    }
                }
            }
        }
        match self.exact.get(path.as_str()) {
            Some(true) => None,
            Some(false) => Some(NameClash::Folder),
            None => self.other_spelling(path.as_str()),
        }
    }

    fn other_spelling(&self, name: &str) -> Option<NameClash> {
        let other = self.folded.get(&fold(name))?.clone();
        Some(NameClash::Spelling { other })
    }
}
