//! What is known of templates, kept between runs: one small file for each git tree, safe to lose and to damage.

use super::inventory::{Inventory, NodeKind, TreeNode};
use crate::model::content::Mode;
use crate::model::path::TreePath;
use crate::model::plan::Placeholder;
use gix::ObjectId;
use sha2::{Digest as _, Sha256};
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Names the form of the files; another form is another name.
const FORM: &[u8; 8] = b"gplan-1\n";
const HEAD: usize = FORM.len() + 32 + 8;
const NODE: usize = 4 + 4 + 4 + 1 + 20;

/// A folder of inventories by tree id.
#[derive(Clone, Debug)]
pub struct InventoryCache {
    folder: PathBuf,
}

impl InventoryCache {
    /// The inventories in a folder, which need not exist.
    pub fn at(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// What was stored of a tree; nothing when the file is not there, damaged, of another tree or another form.
    pub(super) fn load(&self, tree: ObjectId) -> Option<Inventory> {
        let file = self.file(tree);
        // Whatever else stands there, a pipe for one, is not waited for.
        let is_file = fs::metadata(&file).ok()?.is_file();
        let bytes = is_file.then(|| fs::read(&file).ok()).flatten()?;
        decode(tree, &bytes)
    }

    /// Forgets a tree, one of whose objects turned out to be damaged: the next look at it is a whole one.
    pub(super) fn forget(&self, tree: ObjectId) {
        drop(fs::remove_file(self.file(tree)));
    }

    /// Stores what was found of a tree. A cache that cannot be written is a cache that is not there.
    pub(super) fn store(&self, tree: ObjectId, inventory: &Inventory) {
        drop(self.write(tree, &encode(tree, inventory)));
    }

    /// Writes beside and renames, so that no reader ever sees half a file.
    fn write(&self, tree: ObjectId, bytes: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let mut beside = tempfile::NamedTempFile::new_in(&self.folder)?;
        beside.write_all(bytes)?;
        beside.persist(self.file(tree))?;
        Ok(())
    }

    fn file(&self, tree: ObjectId) -> PathBuf {
        self.folder.join(format!("{tree}.inventory"))
    }
}

/// Form, checksum, counts, nodes, names.
fn encode(tree: ObjectId, inventory: &Inventory) -> Vec<u8> {
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
    [FORM.as_slice(), &checksum(tree, &body), &body].concat()
}

fn decode(tree: ObjectId, bytes: &[u8]) -> Option<Inventory> {
    let (head, rest) = bytes.split_at_checked(HEAD)?;
    let body = &bytes[HEAD - 8..];
    if !head.starts_with(FORM) || head[FORM.len()..FORM.len() + 32] != checksum(tree, body) {
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
        may_hold_placeholders: coded[12] & HOLDS != 0,
        id: ObjectId::from_bytes_or_panic(&coded[13..]),
    })
}

const HOLDS: u8 = 0b100;

fn code(node: &TreeNode) -> u8 {
    let kind = match node.kind {
        NodeKind::Folder => 0,
        NodeKind::File(Mode::Regular) => 1,
        NodeKind::File(Mode::Executable) => 2,
        NodeKind::File(Mode::Symlink) => 3,
    };
    kind | if node.may_hold_placeholders { HOLDS } else { 0 }
}

/// Over the body, the tree and what it was looked at for: another set of placeholders is another scan, and other rules for
/// names are other answers.
fn checksum(tree: ObjectId, body: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(tree.as_bytes());
    for placeholder in Placeholder::ALL {
        hasher.update(placeholder.token());
    }
    hasher.update(env!("CARGO_PKG_VERSION"));
    hasher.update(TreePath::MAX.to_le_bytes());
    hasher.update(body);
    hasher.finalize().into()
}
