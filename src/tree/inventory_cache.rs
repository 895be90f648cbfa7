//! The inventories of templates, kept between runs: one small file for each git tree. A missing or damaged file is
//! replaced at the next use.
//!
//! ```text
//! offset  bytes  content                                   numbers are little-endian
//!      0      8  "gplan-2\n"
//!      8     32  SHA-256 of: tree id, exclude patterns, pattern of placeholders, program version, path limit, all bytes from offset 40
//!     40      8  number of nodes n
//!     48   33·n  nodes: end of name (4), number after the last node below (4), size (4), kind (1), object id (20)
//!                kind: bits 0-1 are 0 folder, 1 file, 2 executable, 3 symbolic link; bit 2 is "read by the placeholder pass"
//! 48+33·n        names, one UTF-8 string
//! ```

use super::inventory::{Inventory, NodeKind, TreeNode};
use crate::base::atomic_file;
use crate::model::content::Mode;
use crate::model::exclude::ExcludePattern;
use crate::model::path::TreePath;
use crate::model::placeholder::PlaceholderName;
use gix::ObjectId;
use sha2::{Digest as _, Sha256};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The version of the format. Change it with the format.
const FORMAT: &[u8; 8] = b"gplan-2\n";
const HEAD: usize = FORMAT.len() + 32 + 8;
const NODE: usize = 4 + 4 + 4 + 1 + 20;

/// A folder of inventories by tree id and exclude patterns.
#[derive(Clone, Debug)]
pub struct InventoryCache {
    folder: PathBuf,
}

/// A tree, and the digest of the patterns that exclude entries of it.
#[derive(Clone, Debug)]
pub(super) struct InventoryKey {
    tree: ObjectId,
    /// None if nothing is excluded.
    exclude: Option<[u8; 32]>,
}

impl InventoryKey {
    pub(super) fn of(tree: ObjectId, exclude: &[ExcludePattern]) -> Self {
        let digest = || {
            let lines: Vec<&str> = exclude.iter().map(ExcludePattern::as_str).collect();
            Sha256::digest(lines.join("\n")).into()
        };
        Self {
            tree,
            exclude: (!exclude.is_empty()).then(digest),
        }
    }

    fn file_name(&self) -> String {
        match &self.exclude {
            None => format!("{}.inventory", self.tree),
            Some(digest) => format!("{}-{}.inventory", self.tree, hex::encode(&digest[..8])),
        }
    }
}

impl InventoryCache {
    /// The inventories in a folder, which is created at the first write.
    pub fn at(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// The stored inventory of a tree; `None` when the file is absent, damaged, of another tree or in another format.
    pub(super) fn load(&self, key: &InventoryKey) -> Option<Inventory> {
        let file = self.file(key);
        // Reading a pipe would wait.
        let is_file = fs::metadata(&file).ok()?.is_file();
        let bytes = is_file.then(|| fs::read(&file).ok()).flatten()?;
        decode(key, &bytes)
    }

    /// Removes the inventory of a tree with a damaged object, so that the next use reads all objects again.
    pub(super) fn forget(&self, key: &InventoryKey) {
        // The file may be absent, or the cache read-only: then nothing was stored either.
        drop(fs::remove_file(self.file(key)));
    }

    /// Stores the inventory of a tree.
    pub(super) fn store(&self, key: &InventoryKey, inventory: &Inventory) {
        let write = || -> io::Result<()> {
            fs::create_dir_all(&self.folder)?;
            atomic_file::write(&self.file(key), &encode(key, inventory))
        };
        // A cache that cannot be written is no error: the next run reads the objects again.
        drop(write());
    }

    fn file(&self, key: &InventoryKey) -> PathBuf {
        self.folder.join(key.file_name())
    }
}

fn encode(key: &InventoryKey, inventory: &Inventory) -> Vec<u8> {
    let nodes = inventory.nodes();
    let mut body = Vec::with_capacity(8 + nodes.len() * NODE + inventory.names().len());
    body.extend_from_slice(&(nodes.len() as u64).to_le_bytes());
    for node in nodes {
        body.extend_from_slice(&node.name_end.to_le_bytes());
        body.extend_from_slice(&node.until.to_le_bytes());
        body.extend_from_slice(&node.size.to_le_bytes());
        body.push(code(node));
        body.extend_from_slice(node.id.as_bytes());
    }
    body.extend_from_slice(inventory.names().as_bytes());
    [FORMAT.as_slice(), &checksum(key, &body), &body].concat()
}

fn decode(key: &InventoryKey, bytes: &[u8]) -> Option<Inventory> {
    let (head, rest) = bytes.split_at_checked(HEAD)?;
    let body = &bytes[HEAD - 8..];
    if !head.starts_with(FORMAT) || head[FORMAT.len()..FORMAT.len() + 32] != checksum(key, body) {
        return None;
    }
    let count = usize::try_from(u64::from_le_bytes(head[HEAD - 8..].try_into().ok()?)).ok()?;
    let (coded, names) = rest.split_at_checked(count.checked_mul(NODE)?)?;
    let names = std::str::from_utf8(names).ok()?;
    let nodes: Option<Vec<TreeNode>> = coded.chunks_exact(NODE).map(decode_node).collect();
    Some(Inventory::of_parts(names.to_owned(), nodes?, true))
}

fn decode_node(coded: &[u8]) -> Option<TreeNode> {
    let number = |at: usize| Some(u32::from_le_bytes(coded[at..at + 4].try_into().ok()?));
    let kind = match coded[12] & 0b11 {
        0 => NodeKind::Folder,
        1 => NodeKind::File(Mode::Regular),
        2 => NodeKind::File(Mode::Executable),
        _ => NodeKind::File(Mode::Symlink),
    };
    Some(TreeNode {
        name_end: number(0)?,
        until: number(4)?,
        size: number(8)?,
        kind,
        is_read_by_placeholder_pass: coded[12] & READ_BY_PLACEHOLDER_PASS != 0,
        id: ObjectId::from_bytes_or_panic(&coded[13..]),
    })
}

const READ_BY_PLACEHOLDER_PASS: u8 = 0b100;

fn code(node: &TreeNode) -> u8 {
    let kind = match node.kind {
        NodeKind::Folder => 0,
        NodeKind::File(Mode::Regular) => 1,
        NodeKind::File(Mode::Executable) => 2,
        NodeKind::File(Mode::Symlink) => 3,
    };
    kind | if node.is_read_by_placeholder_pass {
        READ_BY_PLACEHOLDER_PASS
    } else {
        0
    }
}

/// The checksum of a file. It covers the inputs of the scan, so that other placeholders or other rules for names make
/// the file stale.
fn checksum(key: &InventoryKey, body: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(key.tree.as_bytes());
    hasher.update(key.exclude.unwrap_or_default());
    hasher.update(PlaceholderName::TOKEN);
    hasher.update(env!("CARGO_PKG_VERSION"));
    hasher.update(TreePath::MAX.to_le_bytes());
    hasher.update(body);
    hasher.finalize().into()
}
