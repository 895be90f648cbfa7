//! The inventory of a template in git: its entries by name, then the size and placeholders of each blob, once.

use super::git_error::GitTreeError;
use super::inventory::{Builder, Inventory, NodeKind, TreeNode};
use super::limits::{Exceeded, MAX_FILE, MAX_TOTAL, ScanEnd, Usage, check_depth};
use super::validate::{Links, RENAME, Validator, refuse};
use crate::model::content::Mode;
use crate::model::diagnostic::Diagnostic;
use crate::model::exclude::{ExcludePattern, is_excluded};
use crate::model::placeholder::PlaceholderName;
use gix::ObjectId;
use gix::objs::tree::EntryRef;
use gix::objs::{Find as _, FindExt as _, FindHeader as _, Kind};
use rayon::prelude::*;
use regex::bytes::Regex;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// The blobs that one task reads.
const BLOBS_PER_TASK: usize = 64;

/// Lists a git tree without the excluded entries, which are not looked at. Fails with all findings if a template may not
/// contain one of the others.
pub(super) fn scan(
    repository: &gix::Repository,
    tree: ObjectId,
    links: Links,
    exclude: &[ExcludePattern],
) -> Result<Inventory, GitTreeError> {
    let mut walk = TreeWalk {
        objects: &repository.objects,
        exclude,
        validator: Validator::new(links),
        builder: Builder::default(),
        usage: Usage::default(),
    };
    let is_whole = match walk.folder(tree, "", 0) {
        Ok(_) => true,
        Err(ScanEnd::Full(finding)) => {
            walk.validator.refuse(*finding);
            false
        }
        Err(ScanEnd::Failed(error)) => return Err(error),
    };
    let TreeWalk {
        mut validator,
        builder,
        ..
    } = walk;
    let mut inventory = builder.finish(true);
    if is_whole {
        validator.whole(&inventory);
        for finding in measure(repository, &mut inventory)? {
            validator.refuse(finding);
        }
    }
    validator.finish().map_err(GitTreeError::Refused)?;
    Ok(inventory)
}

struct TreeWalk<'w> {
    objects: &'w gix::OdbHandle,
    exclude: &'w [ExcludePattern],
    validator: Validator,
    builder: Builder,
    usage: Usage,
}

impl TreeWalk<'_> {
    /// Reads a folder and all below it; true if something below it is excluded. The prefix is its path, which ends in `/`
    /// but for the root.
    fn folder(
        &mut self,
        tree: ObjectId,
        prefix: &str,
        depth: usize,
    ) -> Result<bool, ScanEnd<GitTreeError>> {
        let objects = self.objects;
        let mut buffer = Vec::new();
        let entries = objects
            .find_tree_iter(&tree, &mut buffer)
            .map_err(GitTreeError::object(tree))?;
        let mut last = String::new();
        let (mut is_empty, mut is_partial) = (true, false);
        for read in entries {
            let entry = read.map_err(GitTreeError::object(tree))?;
            is_empty = false;
            self.usage.see_entry(prefix).map_err(ScanEnd::Full)?;
            if self.is_excluded(prefix, &entry) {
                is_partial = true;
                continue;
            }
            if let Err(Exceeded::Entry(finding) | Exceeded::Template(finding)) =
                self.usage.add_entry(prefix)
            {
                return Err(ScanEnd::Full(finding));
            }
            match listed(&entry, prefix, &mut last) {
                Ok((path, NodeKind::Folder)) => {
                    is_partial |= self.subfolder(&path, entry.oid.to_owned(), depth)?;
                }
                Ok((path, NodeKind::File(mode))) => self.file(&path, mode, entry.oid),
                Err(finding) => self.validator.refuse(*finding),
            }
        }
        if is_empty && depth > 0 {
            // No checkout and no index would contain it, so the id of the result would not be that of its files.
            let path = prefix.trim_end_matches('/');
            let message = format!("`{}` is a folder without files", path.escape_debug());
            self.validator
                .refuse(refuse(path, message).help(NOT_BY_GIT));
        }
        Ok(is_partial)
    }

    fn is_excluded(&self, prefix: &str, entry: &EntryRef<'_>) -> bool {
        if self.exclude.is_empty() {
            return false;
        }
        let mut path = prefix.as_bytes().to_vec();
        path.extend_from_slice(entry.filename);
        is_excluded(self.exclude, path, entry.mode.is_tree())
    }

    /// Reads a folder, if it is admitted; true if something below it is excluded.
    fn subfolder(
        &mut self,
        path: &str,
        id: ObjectId,
        depth: usize,
    ) -> Result<bool, ScanEnd<GitTreeError>> {
        if let Err(finding) = check_depth(path, depth) {
            self.validator.refuse(*finding);
            return Ok(false);
        }
        let entry = self.validator.entry(path, Mode::Regular, String::new);
        if entry.is_none() {
            return Ok(false);
        }
        let folder = format!("{path}/");
        self.builder.enter(&folder, id);
        let is_partial = self.folder(id, &folder, depth + 1)?;
        if is_partial {
            self.builder.leave_partial();
        } else {
            self.builder.leave();
        }
        Ok(is_partial)
    }

    fn file(&mut self, path: &str, mode: Mode, id: &gix::oid) {
        let objects = self.objects;
        let target = || link_target(objects, id);
        if self.validator.entry(path, mode, target).is_some() {
            let node = TreeNode {
                kind: NodeKind::File(mode),
                ..TreeNode::new(id.to_owned())
            };
            self.builder.push(path, node);
        }
    }
}

const NOT_BY_GIT: &str = "the repository was not written by git: commit its files again, or leave it out with `template.exclude`";

/// The path and kind of an entry. `last` is the name of the entry before it, a folder's with `/`, and is updated.
///
/// # Errors
/// The finding about an entry that no template may contain.
fn listed(
    entry: &EntryRef<'_>,
    prefix: &str,
    last: &mut String,
) -> Result<(String, NodeKind), Box<Diagnostic>> {
    let Ok(name) = std::str::from_utf8(entry.filename) else {
        let shown = format!("{prefix}{}", entry.filename);
        return Err(refuse(&shown, "this file's name is not UTF-8")
            .help(RENAME)
            .into());
    };
    let path = format!("{prefix}{name}");
    if name.is_empty() || name.contains('/') {
        let message = format!("`{}` cannot be a name", name.escape_debug());
        return Err(refuse(&path, message).help(RENAME).into());
    }
    let kind = kind_of(entry.mode.value())
        .map_err(|(message, help)| Box::new(refuse(&path, message).help(help)))?;
    let key = match kind {
        NodeKind::Folder => format!("{name}/"),
        NodeKind::File(_) => name.to_owned(),
    };
    if key <= *last {
        let message = format!("`{}` is listed twice or out of order", name.escape_debug());
        return Err(refuse(&path, message).help(NOT_BY_GIT).into());
    }
    *last = key;
    Ok((path, kind))
}

/// The kind of an entry by its git mode, or the reason against it and the remedy.
fn kind_of(mode: u16) -> Result<NodeKind, (String, &'static str)> {
    match mode {
        0o40_000 => Ok(NodeKind::Folder),
        0o100_644 => Ok(NodeKind::File(Mode::Regular)),
        0o100_755 => Ok(NodeKind::File(Mode::Executable)),
        0o120_000 => Ok(NodeKind::File(Mode::Symlink)),
        0o160_000 => Err((
            "this is a submodule, another repository".to_owned(),
            "copy its files here, or leave it out with `template.exclude`",
        )),
        odd => Err((
            format!("git mode {odd:o} is neither a file nor a folder"),
            "commit the file again with a current git, or leave it out with `template.exclude`",
        )),
    }
}

/// The target of a link, for the message that refuses it; `?` if it is too long or cannot be read.
fn link_target(objects: &gix::OdbHandle, id: &gix::oid) -> String {
    let is_short = objects
        .try_header(id)
        .is_ok_and(|header| header.is_some_and(|header| header.size < 4096));
    let mut buffer = Vec::new();
    match objects.try_find(id, &mut buffer) {
        Ok(Some(blob)) if is_short => String::from_utf8_lossy(blob.data).into_owned(),
        _ => "?".to_owned(),
    }
}

/// The facts about a blob that one read gives.
#[derive(Clone, Copy)]
struct BlobFacts {
    size: u64,
    is_read_by_placeholder_pass: bool,
}

/// Fills in sizes and placeholders; the findings are about files that are too large.
fn measure(
    repository: &gix::Repository,
    inventory: &mut Inventory,
) -> Result<Vec<Diagnostic>, GitTreeError> {
    let mut blobs: Vec<ObjectId> = inventory
        .nodes()
        .iter()
        .filter(|node| node.kind != NodeKind::Folder)
        .map(|node| node.id)
        .collect();
    blobs.sort_unstable();
    blobs.dedup();
    let facts = read_blobs(repository, &blobs)?;
    let mut usage = Usage::default();
    let mut findings = Vec::new();
    for number in 0..inventory.nodes().len() {
        let node = inventory.nodes()[number];
        let Some(facts) = facts
            .get(&node.id)
            .filter(|_| node.kind != NodeKind::Folder)
        else {
            continue;
        };
        match usage.add_file(inventory.name(number), facts.size) {
            Ok(()) => {}
            Err(Exceeded::Entry(finding)) => {
                findings.push(*finding);
                continue;
            }
            Err(Exceeded::Template(finding)) => {
                findings.push(*finding);
                break;
            }
        }
        let node = &mut inventory.nodes_mut()[number];
        node.size = u32::try_from(facts.size).unwrap_or(u32::MAX);
        node.is_read_by_placeholder_pass =
            facts.is_read_by_placeholder_pass && node.kind != NodeKind::File(Mode::Symlink);
    }
    Ok(findings)
}

/// Reads each blob once, on all cores.
fn read_blobs(
    repository: &gix::Repository,
    blobs: &[ObjectId],
) -> Result<BTreeMap<ObjectId, BlobFacts>, GitTreeError> {
    let tokens = Regex::new(PlaceholderName::TOKEN).expect("a fixed pattern");
    let total = AtomicU64::new(0);
    let shared = repository.clone().into_sync();
    blobs
        .par_chunks(BLOBS_PER_TASK)
        .map_init(
            || (shared.to_thread_local(), Vec::new()),
            |(repository, buffer), blobs| {
                blobs
                    .iter()
                    .map(|id| {
                        let facts = read_blob(&repository.objects, *id, buffer, &tokens, &total)?;
                        Ok((*id, facts))
                    })
                    .collect::<Result<Vec<_>, GitTreeError>>()
            },
        )
        .try_reduce(Vec::new, |mut all, mut some| {
            all.append(&mut some);
            Ok(all)
        })
        .map(BTreeMap::from_iter)
}

/// True for the start of a Git LFS pointer, and for UTF-16, in which a placeholder has other bytes.
fn is_pointer_or_wide(data: &[u8]) -> bool {
    let starts: [&[u8]; 3] = [b"version http", &[0xff, 0xfe], &[0xfe, 0xff]];
    starts.iter().any(|start| data.starts_with(start))
}

fn read_blob(
    objects: &gix::OdbHandle,
    id: ObjectId,
    buffer: &mut Vec<u8>,
    tokens: &Regex,
    total: &AtomicU64,
) -> Result<BlobFacts, GitTreeError> {
    let missing = || GitTreeError::object(id)("it is missing");
    let header = objects
        .try_header(&id)
        .map_err(GitTreeError::object(id))?
        .ok_or_else(missing)?;
    if header.kind != Kind::Blob {
        let message = format!("it is a {}, not a file", header.kind);
        return Err(GitTreeError::object(id)(message));
    }
    let mut facts = BlobFacts {
        size: header.size,
        is_read_by_placeholder_pass: true,
    };
    // Beyond the limits the template is refused, whatever the file contains.
    if header.size <= MAX_FILE && total.fetch_add(header.size, Ordering::Relaxed) <= MAX_TOTAL {
        let blob = objects
            .try_find(&id, buffer)
            .map_err(GitTreeError::object(id))?
            .ok_or_else(missing)?;
        facts.is_read_by_placeholder_pass =
            tokens.is_match(blob.data) || is_pointer_or_wide(blob.data);
    }
    Ok(facts)
}
