//! The names a tree holds, as file systems that fold letter case and Unicode forms see them.

use crate::model::path::TreePath;
use crate::tree::admit::fold;
use std::collections::BTreeMap;

/// Every file and folder by its fold.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeMap<String, Name>);

#[derive(Debug)]
struct Name {
    spelled: String,
    is_file: bool,
}

/// Why a path cannot be made.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Clash {
    /// The path, or a folder above it, is already there in another spelling.
    Spelling { other: String },
    /// A file stands where the path needs a folder.
    FileAbove { file: String },
    /// The path is a folder.
    Folder,
}

impl Names {
    pub(super) fn add(&mut self, path: &TreePath) {
        for folder in path.folders() {
            self.0.entry(fold(folder)).or_insert_with(|| Name {
                spelled: folder.to_owned(),
                is_file: false,
            });
        }
        self.0.entry(fold(path.as_str())).or_insert_with(|| Name {
            spelled: path.to_string(),
            is_file: true,
        });
    }

    /// The files whose path begins so, letter case and Unicode form aside.
    pub(super) fn beginning_with(&self, start: &str) -> impl Iterator<Item = &str> {
        let start = fold(start);
        let from = self.0.range(start.clone()..);
        let all = from.take_while(move |(name, _)| name.starts_with(&start));
        all.filter(|(_, name)| name.is_file)
            .map(|(_, name)| name.spelled.as_str())
    }

    /// What stands in the way of a file at a path.
    pub(super) fn clash(&self, path: &TreePath) -> Option<Clash> {
        for folder in path.folders() {
            match self.0.get(&fold(folder)) {
                Some(name) if name.spelled != folder => {
                    return Some(Clash::Spelling {
                        other: name.spelled.clone(),
                    });
                }
                Some(name) if name.is_file => {
                    return Some(Clash::FileAbove {
                        file: name.spelled.clone(),
                    });
                }
                Some(_) | None => {}
            }
        }
        match self.0.get(&fold(path.as_str())) {
            Some(name) if name.spelled != path.as_str() => Some(Clash::Spelling {
                other: name.spelled.clone(),
            }),
            Some(name) if !name.is_file => Some(Clash::Folder),
            Some(_) | None => None,
        }
    }
}
