//! The files and folders of an unchanging tree, in git's order, in two flat arrays.
//!
//! ```text
//! files:  a/b   a/c/d   e
//!
//! names:  "a/" "a/b" "a/c/" "a/c/d" "e"      one string; each node stores the end of its name
//! nodes:   0     1     2       3     4
//! until:   4     2     4       4     5        the node after the last one below it
//! ```
//!
//! Git sorts the entries of a tree as if the names of folders ended in `/`. With this ending in the names, the byte order
//! of full paths is git's order: each folder is followed by all entries below it, and a lookup is a binary search.

use super::fold::fold;
use crate::model::content::{File, Mode};
use crate::model::path::TreePath;
use gix::ObjectId;
use std::cmp::Ordering;
use std::ops::Range;
use std::sync::OnceLock;

/// Names, modes and sizes of a whole tree, and the git ids where they are known.
#[derive(Debug, Default)]
pub struct Inventory {
    /// All paths in a row; those of folders end in `/`.
    names: String,
    nodes: Vec<TreeNode>,
    /// True if the ids of the nodes are those of existing git objects; a folder without an id was changed.
    has_ids: bool,
    files: usize,
    /// The numbers of the nodes, sorted by the folded path.
    folds: OnceLock<Vec<u32>>,
}

/// Mode and size of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileInfo {
    pub mode: Mode,
    /// In bytes.
    pub size: u64,
}

impl FileInfo {
    pub fn of(file: &File) -> Self {
        Self {
            mode: file.mode,
            size: file.bytes.len() as u64,
        }
    }
}

/// One file or folder.
#[derive(Clone, Copy, Debug)]
pub(super) struct TreeNode {
    /// The end of its path in the names; the path begins at the end of the one before.
    pub(super) name_end: u32,
    /// The number after the last node below it; for a file the next number.
    pub(super) until: u32,
    /// In bytes; zero for a folder.
    pub(super) size: u32,
    pub(super) kind: NodeKind,
    /// False if it contains no placeholder and is no Git LFS pointer.
    pub(super) is_read_by_placeholder_pass: bool,
    pub(super) id: ObjectId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NodeKind {
    Folder,
    File(Mode),
}

impl TreeNode {
    /// A folder without a name, to be filled in.
    pub(super) fn new(id: ObjectId) -> Self {
        Self {
            name_end: 0,
            until: 0,
            size: 0,
            kind: NodeKind::Folder,
            is_read_by_placeholder_pass: false,
            id,
        }
    }
}

impl Inventory {
    /// An inventory of files without ids.
    pub fn of_files<'p>(files: impl IntoIterator<Item = (&'p TreePath, FileInfo)>) -> Self {
        let mut builder = Builder::default();
        let mut folders: Vec<String> = Vec::new();
        for (path, entry) in files {
            while folders
                .last()
                .is_some_and(|folder| !path.as_str().starts_with(folder.as_str()))
            {
                folders.pop();
                builder.leave();
            }
            for folder in path.folders().skip(folders.len()) {
                let folder = format!("{folder}/");
                builder.enter(&folder, unknown());
                folders.push(folder);
            }
            let node = TreeNode {
                size: u32::try_from(entry.size).unwrap_or(u32::MAX),
                kind: NodeKind::File(entry.mode),
                is_read_by_placeholder_pass: true,
                ..TreeNode::new(unknown())
            };
            builder.push(path.as_str(), node);
        }
        builder.finish(false)
    }

    pub(super) fn of_parts(names: String, nodes: Vec<TreeNode>, has_ids: bool) -> Self {
        let files = nodes
            .iter()
            .filter(|node| node.kind != NodeKind::Folder)
            .count();
        Self {
            names,
            nodes,
            has_ids,
            files,
            folds: OnceLock::new(),
        }
    }

    pub(super) fn names(&self) -> &str {
        &self.names
    }

    pub(super) fn nodes(&self) -> &[TreeNode] {
        &self.nodes
    }

    pub(super) fn nodes_mut(&mut self) -> &mut [TreeNode] {
        &mut self.nodes
    }

    /// The number of files.
    pub fn file_count(&self) -> usize {
        self.files
    }

    pub(super) fn has_ids(&self) -> bool {
        self.has_ids
    }

    /// A node's path; a folder's ends in `/`.
    pub(super) fn name(&self, number: usize) -> &str {
        let start = match number.checked_sub(1) {
            Some(before) => self.nodes[before].name_end,
            None => 0,
        };
        &self.names[start as usize..self.nodes[number].name_end as usize]
    }

    /// The number of the node of exactly that name.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        let number = self.lower_bound(name);
        (number < self.nodes.len() && self.name(number) == name).then_some(number)
    }

    /// The number of the first node whose name is equal or greater.
    pub(super) fn lower_bound(&self, name: &str) -> usize {
        let (mut low, mut high) = (0, self.nodes.len());
        while low < high {
            let middle = low.midpoint(high);
            if self.name(middle) < name {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Mode and size of the file at a path.
    pub(super) fn file(&self, path: &str) -> Option<FileInfo> {
        self.entry(self.find(path)?)
    }

    /// Mode and size of a node that is a file.
    pub(super) fn entry(&self, number: usize) -> Option<FileInfo> {
        let node = &self.nodes[number];
        match node.kind {
            NodeKind::Folder => None,
            NodeKind::File(mode) => Some(FileInfo {
                mode,
                size: u64::from(node.size),
            }),
        }
    }

    /// The nodes below a folder, given with its `/`; all of them for the empty name.
    pub(super) fn below(&self, folder: &str) -> Range<usize> {
        if folder.is_empty() {
            return 0..self.nodes.len();
        }
        match self.find(folder) {
            Some(number) => number + 1..self.nodes[number].until as usize,
            None => 0..0,
        }
    }

    /// The direct children among the nodes of a range from [`Self::below`].
    pub(super) fn children(&self, below: Range<usize>) -> impl Iterator<Item = usize> {
        let mut next = below.start;
        std::iter::from_fn(move || {
            let number = (next < below.end).then_some(next)?;
            next = self.nodes[number].until as usize;
            Some(number)
        })
    }

    /// The nodes whose folded path begins with `start`, sorted by fold.
    pub(super) fn folding_to(&self, start: &str) -> impl Iterator<Item = (usize, &str)> {
        let folds = self.folds();
        let from = folds.partition_point(|number| {
            compare_fold(self.bare_name(*number as usize), start) == Ordering::Less
        });
        folds[from..]
            .iter()
            .map(|number| (*number as usize, self.bare_name(*number as usize)))
            .take_while(move |(_, name)| fold(name).starts_with(start))
    }

    /// Pairs of nodes whose paths fold to the same.
    pub(super) fn collisions(&self) -> impl Iterator<Item = (usize, usize)> {
        self.folds().windows(2).filter_map(|pair| {
            let (one, other) = (pair[0] as usize, pair[1] as usize);
            (fold(self.bare_name(one)) == fold(self.bare_name(other))).then_some((one, other))
        })
    }

    /// A node's path without a folder's `/`.
    pub(super) fn bare_name(&self, number: usize) -> &str {
        self.name(number).trim_end_matches('/')
    }

    fn folds(&self) -> &[u32] {
        self.folds.get_or_init(|| {
            let mut numbers: Vec<u32> = (0..u32::try_from(self.nodes.len()).unwrap_or(0)).collect();
            numbers.sort_by_cached_key(|number| fold(self.bare_name(*number as usize)));
            numbers
        })
    }
}

fn compare_fold(name: &str, folded: &str) -> Ordering {
    if name.is_ascii() {
        return name
            .bytes()
            .map(|byte| byte.to_ascii_lowercase())
            .cmp(folded.bytes());
    }
    fold(name).as_str().cmp(folded)
}

fn unknown() -> ObjectId {
    ObjectId::null(gix::hash::Kind::Sha1)
}

/// Builds an inventory from nodes in order: a folder is entered, filled and left.
#[derive(Default)]
pub(super) struct Builder {
    names: String,
    nodes: Vec<TreeNode>,
    open: Vec<usize>,
}

impl Builder {
    pub(super) fn push(&mut self, name: &str, node: TreeNode) {
        self.names.push_str(name);
        let number = self.nodes.len() + 1;
        self.nodes.push(TreeNode {
            name_end: number_of(self.names.len()),
            until: number_of(number),
            ..node
        });
    }

    /// Opens a folder, named with its `/`.
    pub(super) fn enter(&mut self, name: &str, id: ObjectId) {
        self.open.push(self.nodes.len());
        self.push(name, TreeNode::new(id));
    }

    /// Closes the folder that was opened last.
    pub(super) fn leave(&mut self) {
        if let Some(folder) = self.open.pop() {
            self.nodes[folder].until = number_of(self.nodes.len());
        }
    }

    /// As [`Self::leave`], for a folder of which entries are left out: it has no id, and goes when it is empty.
    pub(super) fn leave_partial(&mut self) {
        let Some(folder) = self.open.pop() else {
            return;
        };
        if folder + 1 == self.nodes.len() {
            self.nodes.pop();
            let end = self.nodes.last().map_or(0, |node| node.name_end as usize);
            self.names.truncate(end);
        } else {
            self.nodes[folder].id = unknown();
            self.nodes[folder].until = number_of(self.nodes.len());
        }
    }

    pub(super) fn finish(mut self, has_ids: bool) -> Inventory {
        while !self.open.is_empty() {
            self.leave();
        }
        Inventory::of_parts(self.names, self.nodes, has_ids)
    }
}

/// The limits of a template keep all counts far below 2^32.
fn number_of(count: usize) -> u32 {
    u32::try_from(count).expect("a tree of less than 4 GiB of names")
}
