//! The first look at a template in git: its entries by name, then each blob's size and placeholders, once.

use super::git::GitTreeError;
use super::inventory::{Builder, Inventory, NodeKind, TreeNode};
use super::validate::{
    Links, MAX_DEPTH, MAX_ENTRIES, MAX_FILE, MAX_TOTAL, Validator, limit, refuse,
};
use crate::model::content::Mode;
use crate::model::plan::Placeholder;
use aho_corasick::AhoCorasick;
use gix::ObjectId;
use gix::objs::{Find as _, FindExt as _, FindHeader as _, Kind};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// Fewer blobs than this are looked at by one thread.
const MIN_PER_THREAD: usize = 64;

/// Everything a template holds, when it may hold it.
pub(super) fn take(
    repository: &gix::Repository,
    tree: ObjectId,
    links: Links,
) -> Result<Inventory, GitTreeError> {
    let mut walk = Walk {
        objects: &repository.objects,
        gate: Validator::new(links),
        builder: Builder::default(),
        seen: 0,
        is_full: false,
    };
    walk.folder(tree, "", 0)?;
    let Walk {
        mut gate,
        builder,
        is_full,
        ..
    } = walk;
    let mut inventory = builder.finish(true);
    if !is_full {
        gate.whole(&inventory);
        measure(repository, &mut inventory, &mut gate)?;
    }
    gate.finish().map_err(GitTreeError::Refused)?;
    Ok(inventory)
}

struct Walk<'w> {
    objects: &'w gix::OdbHandle,
    gate: Validator,
    builder: Builder,
    /// How many entries there were, refused ones included: those too can be many, from few objects.
    seen: usize,
    is_full: bool,
}

impl Walk<'_> {
    fn folder(&mut self, tree: ObjectId, prefix: &str, depth: usize) -> Result<(), GitTreeError> {
        let unreadable = |source| GitTreeError::Object {
            id: tree.to_string(),
            source,
        };
        let mut buffer = Vec::new();
        let entries = self.objects.find_tree_iter(&tree, &mut buffer);
        let entries = entries.map_err(|error| unreadable(error.into()))?;
        let mut last = String::new();
        let seen_before = self.seen;
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(error.into()))?;
            if self.is_full {
                return Ok(());
            }
            if self.seen == MAX_ENTRIES {
                self.is_full = true;
                let message = format!("there are more than {MAX_ENTRIES} files and folders");
                let help =
                    "look for build output or installed packages that do not belong to a template";
                self.gate.refuse(limit(prefix, message).help(help));
                return Ok(());
            }
            self.seen += 1;
            let Ok(name) = std::str::from_utf8(entry.filename) else {
                let shown = format!("{prefix}{}", entry.filename);
                self.gate
                    .refuse(refuse(&shown, "this file's name is not UTF-8").help("rename it"));
                continue;
            };
            let path = format!("{prefix}{name}");
            if name.is_empty() || name.contains('/') {
                let message = format!("`{}` cannot be a name", name.escape_debug());
                self.gate.refuse(refuse(&path, message).help("rename it"));
                continue;
            }
            let kind = match entry.mode.value() {
                0o40_000 => NodeKind::Folder,
                0o100_644 => NodeKind::File(Mode::Regular),
                0o100_755 => NodeKind::File(Mode::Executable),
                0o120_000 => NodeKind::File(Mode::Symlink),
                0o160_000 => {
                    let message = "this is a submodule, another repository";
                    let help = "put its files there, or leave it out of the template";
                    self.gate.refuse(refuse(&path, message).help(help));
                    continue;
                }
                odd => {
                    let message = format!("git mode {odd:o} is neither a file nor a folder");
                    let help = "commit the file again with a current git";
                    self.gate.refuse(refuse(&path, message).help(help));
                    continue;
                }
            };
            let key = match kind {
                NodeKind::Folder => format!("{name}/"),
                NodeKind::File(_) => name.to_owned(),
            };
            if key <= last {
                let message = format!("`{}` is there twice, or out of order", name.escape_debug());
                let help = "the repository was not written by git; commit its files anew";
                self.gate.refuse(refuse(&path, message).help(help));
                continue;
            }
            last = key;
            match kind {
                NodeKind::Folder if depth == MAX_DEPTH => {
                    let message = format!("this folder lies more than {MAX_DEPTH} folders deep");
                    self.gate
                        .refuse(limit(&path, message).help("nest the folders less deeply"));
                }
                NodeKind::Folder => {
                    if self.gate.entry(&path, Mode::Regular, String::new).is_some() {
                        let folder = format!("{path}/");
                        self.builder.enter(&folder, entry.oid.to_owned());
                        self.folder(entry.oid.to_owned(), &folder, depth + 1)?;
                        self.builder.leave();
                    }
                }
                NodeKind::File(mode) => {
                    let target = || self.target(entry.oid);
                    let target = if mode == Mode::Symlink {
                        target()
                    } else {
                        String::new()
                    };
                    if self.gate.entry(&path, mode, || target).is_some() {
                        let node = TreeNode {
                            kind,
                            ..TreeNode::new(entry.oid.to_owned())
                        };
                        self.builder.push(&path, node);
                    }
                }
            }
        }
        if self.seen == seen_before && depth > 0 {
            // No checkout and no index would hold it, so the result's id would not be that of its files.
            let path = prefix.trim_end_matches('/');
            let message = format!("`{}` is a folder without files", path.escape_debug());
            let help = "the repository was not written by git; commit its files anew";
            self.gate.refuse(refuse(path, message).help(help));
        }
        Ok(())
    }

    /// Where a link leads, for the message that refuses it.
    fn target(&self, id: &gix::oid) -> String {
        let is_short = self
            .objects
            .try_header(id)
            .is_ok_and(|header| header.is_some_and(|header| header.size < 4096));
        let mut buffer = Vec::new();
        match self.objects.try_find(id, &mut buffer) {
            Ok(Some(blob)) if is_short => String::from_utf8_lossy(blob.data).into_owned(),
            _ => "?".to_owned(),
        }
    }
}

/// What one look at a blob tells.
#[derive(Clone, Copy)]
struct Facts {
    size: u64,
    may_hold_placeholders: bool,
}

/// Fills in sizes and placeholders, and refuses what is too large before it is read.
fn measure(
    repository: &gix::Repository,
    inventory: &mut Inventory,
    gate: &mut Validator,
) -> Result<(), GitTreeError> {
    let files = inventory.nodes().iter();
    let files = files.filter(|node| node.kind != NodeKind::Folder);
    let mut blobs: Vec<ObjectId> = files.map(|node| node.id).collect();
    blobs.sort_unstable();
    blobs.dedup();
    let facts = examine(repository, &blobs)?;
    let mut total = 0;
    let mut too_large = Vec::new();
    for number in 0..inventory.nodes().len() {
        let node = inventory.nodes()[number];
        if node.kind == NodeKind::Folder {
            continue;
        }
        let Some(facts) = facts.get(&node.id) else {
            continue;
        };
        if facts.size > MAX_FILE {
            let message = format!(
                "this file has {} bytes, at most {MAX_FILE} are allowed",
                facts.size
            );
            let help = "keep large files elsewhere, and fetch them when they are needed";
            too_large.push(limit(inventory.name(number), message).help(help));
            continue;
        }
        let name = inventory.name(number);
        total += facts.size + name.len() as u64;
        if total > MAX_TOTAL {
            let message = format!("with this file there are more than {MAX_TOTAL} bytes");
            let help =
                "look for build output or installed packages that do not belong to a template";
            too_large.push(limit(name, message).help(help));
            break;
        }
        let node = &mut inventory.nodes_mut()[number];
        node.size = u32::try_from(facts.size).unwrap_or(u32::MAX);
        node.may_hold_placeholders =
            facts.may_hold_placeholders && node.kind != NodeKind::File(Mode::Symlink);
    }
    for finding in too_large {
        gate.refuse(finding);
    }
    Ok(())
}

/// Looks at each blob once, on as many threads as there are.
fn examine(
    repository: &gix::Repository,
    blobs: &[ObjectId],
) -> Result<BTreeMap<ObjectId, Facts>, GitTreeError> {
    let tokens = AhoCorasick::new(Placeholder::ALL.map(Placeholder::token))
        .expect("a handful of short tokens");
    let read = AtomicU64::new(0);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let share = blobs.len().div_ceil(threads).max(MIN_PER_THREAD);
    let looks: Vec<_> = thread::scope(|scope| {
        let started: Vec<_> = blobs
            .chunks(share)
            .map(|blobs| {
                let objects = repository.objects.clone();
                let (tokens, read) = (&tokens, &read);
                scope.spawn(move || examine_chunk(&objects, blobs, tokens, read))
            })
            .collect();
        let ended = started.into_iter().map(thread::ScopedJoinHandle::join);
        ended
            .map(|look| look.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    let mut all = BTreeMap::new();
    for look in looks {
        all.extend(look?);
    }
    Ok(all)
}

fn examine_chunk(
    objects: &gix::OdbHandle,
    blobs: &[ObjectId],
    tokens: &AhoCorasick,
    read: &AtomicU64,
) -> Result<Vec<(ObjectId, Facts)>, GitTreeError> {
    let mut buffer = Vec::new();
    let mut facts = Vec::with_capacity(blobs.len());
    for id in blobs {
        let unreadable = |source| GitTreeError::Object {
            id: id.to_string(),
            source,
        };
        let header = objects.try_header(id);
        let header = header.map_err(|error| unreadable(error.into()))?;
        let header = header.ok_or_else(|| unreadable("it is missing".into()))?;
        if header.kind != Kind::Blob {
            return Err(unreadable(
                format!("it is a {}, not a file", header.kind).into(),
            ));
        }
        let mut fact = Facts {
            size: header.size,
            may_hold_placeholders: true,
        };
        // Past the limits the template is refused, whatever its files hold.
        let is_read =
            header.size <= MAX_FILE && read.fetch_add(header.size, Ordering::Relaxed) <= MAX_TOTAL;
        if is_read {
            let blob = objects.try_find(id, &mut buffer);
            let blob = blob.map_err(|error| unreadable(error.into()))?;
            let blob = blob.ok_or_else(|| unreadable("it is missing".into()))?;
            fact.may_hold_placeholders = tokens.is_match(blob.data);
        }
        facts.push((*id, fact));
    }
    Ok(facts)
}
