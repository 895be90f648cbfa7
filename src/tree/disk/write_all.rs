//! A whole tree written into a new folder, on all cores.

use super::DiskTree;
use super::entry::create_file;
use crate::model::path::TreePath;
use crate::tree::{At as _, Tree, TreeError};
use cap_fs_ext::DirExt as _;
use cap_std::fs::Dir;
use rayon::prelude::*;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// The files that one task writes. They are neighbours, so that most folders are opened once.
const FILES_PER_TASK: usize = 64;

/// Writes all files of a tree into an empty folder that no other process knows of; fewer once `stop` is set.
pub(in crate::tree) fn write_all(
    folder: &Path,
    tree: &dyn Tree,
    stop: &AtomicBool,
) -> Result<(), TreeError> {
    let root = DiskTree::open(folder)?;
    let listing = tree.list()?;
    let paths: Vec<&str> = listing.iter().map(|(path, _)| path).collect();
    paths
        .par_chunks(FILES_PER_TASK)
        .try_for_each(|paths| write_some(&root, paths, tree, stop))
}

fn write_some(
    root: &DiskTree,
    paths: &[&str],
    tree: &dyn Tree,
    stop: &AtomicBool,
) -> Result<(), TreeError> {
    let mut open = OpenFolders {
        root: &root.root,
        stack: Vec::new(),
    };
    for path in paths {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let path = TreePath::of_checked(path);
        if let Some(file) = tree.read(&path)? {
            open.parent(&path)
                .and_then(|dir| create_file(dir, path.file_name(), &file))
                .at("write", || root.full(&path))?;
        }
    }
    Ok(())
}

/// The folders above the file written last, from the top.
struct OpenFolders<'r> {
    root: &'r Dir,
    stack: Vec<(String, Dir)>,
}

impl OpenFolders<'_> {
    /// The folder that contains a path, created where it is missing.
    fn parent(&mut self, path: &TreePath) -> io::Result<&Dir> {
        while let Some((folder, _)) = self.stack.last()
            && path.below(folder).is_none()
        {
            self.stack.pop();
        }
        for folder in path.folders().skip(self.stack.len()) {
            let parent = self.stack.last().map_or(self.root, |(_, dir)| dir);
            let name = folder.rsplit('/').next().unwrap_or(folder);
            match parent.create_dir(name) {
                // Another task created it.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                created => created?,
            }
            let dir = parent.open_dir_nofollow(name)?;
            self.stack.push((folder.to_owned(), dir));
        }
        Ok(self.stack.last().map_or(self.root, |(_, dir)| dir))
    }
}
