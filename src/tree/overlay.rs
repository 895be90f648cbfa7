//! Changes over a base that stays as it is.

use super::{Tree, TreeError};
use crate::model::content::{File, Mode};
use crate::model::path::TreePath;
use std::collections::BTreeMap;
use std::ops::Bound;

/// A read-only base and what is written over it, in memory.
pub struct Overlay<'b> {
    base: &'b dyn Tree,
    base_files: BTreeMap<TreePath, Mode>,
    changes: BTreeMap<TreePath, Option<File>>,
}

impl<'b> Overlay<'b> {
    /// An overlay without changes.
    pub fn over(base: &'b dyn Tree) -> Result<Self, TreeError> {
        Ok(Self {
            base,
            base_files: base.list()?.into_iter().collect(),
            changes: BTreeMap::new(),
        })
    }

    fn holds(&self, path: &str) -> bool {
        self.changes
            .get(path)
            .map_or_else(|| self.base_files.contains_key(path), Option::is_some)
    }

    fn first_below(&self, folder: &TreePath) -> Option<&str> {
        let start = format!("{folder}/");
        let range = (Bound::Excluded(start.as_str()), Bound::Unbounded);
        let in_base = self
            .base_files
            .range::<str, _>(range)
            .map(|(path, _)| path.as_str());
        let in_changes = self
            .changes
            .range::<str, _>(range)
            .map(|(path, _)| path.as_str());
        let below = |path: &&str| path.starts_with(&start);
        in_base
            .take_while(below)
            .find(|path| self.holds(path))
            .or_else(|| in_changes.take_while(below).find(|path| self.holds(path)))
    }
}

impl Tree for Overlay<'_> {
    fn read(&self, path: &TreePath) -> Result<Option<File>, TreeError> {
        match self.changes.get(path) {
            Some(change) => Ok(change.clone()),
            None => self.base.read(path),
        }
    }

    fn write(&mut self, path: &TreePath, file: File) -> Result<(), TreeError> {
        let above = path.folders().find(|folder| self.holds(folder));
        if let Some(by) = above.or_else(|| self.first_below(path)) {
            return Err(TreeError::Blocked {
                path: path.clone(),
                by: by.to_owned(),
            });
        }
        self.changes.insert(path.clone(), Some(file));
        Ok(())
    }

    fn remove(&mut self, path: &TreePath) -> Result<(), TreeError> {
        if self.base_files.contains_key(path) {
            self.changes.insert(path.clone(), None);
        } else {
            self.changes.remove(path);
        }
        Ok(())
    }

    fn list(&self) -> Result<Vec<(TreePath, Mode)>, TreeError> {
        let mut files = self.base_files.clone();
        for (path, change) in &self.changes {
            match change {
                Some(file) => files.insert(path.clone(), file.mode),
                None => files.remove(path),
            };
        }
        Ok(files.into_iter().collect())
    }
}
