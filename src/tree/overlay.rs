//! Changes in memory over a base that is not changed.

use super::listing::{FileInfo, Listing};
use super::{Tree, TreeError, TreeMut};
use crate::model::content::File;
use crate::model::path::TreePath;
use std::collections::BTreeMap;

/// A read-only base, and the files written or removed since.
pub struct Overlay<'b> {
    base: &'b dyn Tree,
    listing: Listing,
    changes: BTreeMap<TreePath, Option<File>>,
}

impl<'b> Overlay<'b> {
    /// An overlay without changes.
    pub fn over(base: &'b dyn Tree) -> Result<Self, TreeError> {
        Ok(Self {
            base,
            listing: base.list()?,
            changes: BTreeMap::new(),
        })
    }
}

impl Tree for Overlay<'_> {
    fn read(&self, path: &TreePath) -> Result<Option<File>, TreeError> {
        match self.changes.get(path) {
            Some(change) => Ok(change.clone()),
            None => self.base.read(path),
        }
    }

    fn list(&self) -> Result<Listing, TreeError> {
        Ok(self.listing.clone())
    }
}

impl TreeMut for Overlay<'_> {
    fn write(&mut self, path: &TreePath, file: File) -> Result<(), TreeError> {
        let above = path
            .folders()
            .find(|folder| self.listing.get(folder).is_some());
        let below = || self.listing.below(path.as_str()).next();
        if let Some(by) = above.or_else(|| below().map(|(path, _)| path)) {
            return Err(TreeError::Blocked {
                path: path.clone(),
                by: by.to_owned(),
            });
        }
        self.listing.set(path, Some(FileInfo::of(&file)));
        self.changes.insert(path.clone(), Some(file));
        Ok(())
    }

    fn remove(&mut self, path: &TreePath) -> Result<(), TreeError> {
        if self.listing.get(path.as_str()).is_some() {
            self.listing.set(path, None);
            self.changes.insert(path.clone(), None);
        }
        Ok(())
    }
}
