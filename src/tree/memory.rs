//! A tree in memory.

use super::inventory::Inventory;
use super::listing::{FileInfo, Listing};
use super::{Tree, TreeError, TreeMut};
use crate::model::content::File;
use crate::model::path::TreePath;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

/// Files in memory, by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryTree {
    files: BTreeMap<TreePath, File>,
}

impl MemoryTree {
    /// A tree of these files.
    ///
    /// # Errors
    /// [`TreeError::Blocked`] when one of them is a folder of another.
    pub fn of(files: impl IntoIterator<Item = (TreePath, File)>) -> Result<Self, TreeError> {
        let mut tree = Self::default();
        for (path, file) in files {
            tree.write(&path, file)?;
        }
        Ok(tree)
    }
}

impl MemoryTree {
    /// The files of another tree.
    pub fn copy_of(tree: &dyn Tree) -> Result<Self, TreeError> {
        let mut files = BTreeMap::new();
        for (path, _) in tree.list()?.iter() {
            let path = TreePath::of_checked(path);
            if let Some(file) = tree.read(&path)? {
                files.insert(path, file);
            }
        }
        Ok(Self { files })
    }
}

impl Tree for MemoryTree {
    fn read(&self, path: &TreePath) -> Result<Option<File>, TreeError> {
        Ok(self.files.get(path).cloned())
    }

    fn list(&self) -> Result<Listing, TreeError> {
        let files = self
            .files
            .iter()
            .map(|(path, file)| (path, FileInfo::of(file)));
        Ok(Listing::of(Arc::new(Inventory::of_files(files))))
    }
}

impl TreeMut for MemoryTree {
    fn write(&mut self, path: &TreePath, file: File) -> Result<(), TreeError> {
        let above = path
            .folders()
            .find(|folder| self.files.contains_key(*folder));
        let below = first_below(&self.files, path);
        if let Some(by) = above.or(below) {
            return Err(TreeError::Blocked {
                path: path.clone(),
                by: by.to_owned(),
            });
        }
        self.files.insert(path.clone(), file);
        Ok(())
    }

    fn remove(&mut self, path: &TreePath) -> Result<(), TreeError> {
        self.files.remove(path);
        Ok(())
    }
}

/// The first file below a folder.
fn first_below<'m>(files: &'m BTreeMap<TreePath, File>, folder: &TreePath) -> Option<&'m str> {
    let start = format!("{folder}/");
    let (path, _) = files
        .range::<str, _>((Bound::Excluded(start.as_str()), Bound::Unbounded))
        .next()?;
    path.as_str().starts_with(&start).then_some(path.as_str())
}
