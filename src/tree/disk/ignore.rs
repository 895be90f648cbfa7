//! The files of a folder that git ignores: by `.gitignore` files, `.git/info/exclude` and the index.
//!
//! Rules: <https://git-scm.com/docs/gitignore>. Settings of the user (`core.excludesFile`) do not apply, because the same
//! folder gives the same template on every machine.

use super::disk_tree::open_below;
use super::entry::read_file;
use crate::base::git_dir::GitDir;
use crate::model::exclude::{is_match, without_trailing_spaces};
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use gix::bstr::ByteSlice as _;
use gix::glob::Pattern;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The ignore rules of one folder and of those above it.
#[derive(Clone, Debug, Default)]
pub(super) struct IgnoreRules(Option<Arc<FolderRules>>);

#[derive(Debug)]
struct FolderRules {
    /// The length of the folder's path, with its `/`.
    base: usize,
    /// In the order of the file; the last match decides.
    patterns: Vec<Pattern>,
    above: IgnoreRules,
}

/// The git work tree that a folder is in.
#[derive(Debug)]
pub(super) struct IgnoreContext {
    /// The path of the folder from the top of the work tree; empty, or with `/` at its end.
    prefix: Vec<u8>,
    /// The rules of the folders above it.
    pub(super) rules: IgnoreRules,
    /// None outside of a work tree.
    index: Option<gix::index::File>,
    /// True if the folder is ignored and contains tracked files.
    pub(super) is_ignored: bool,
}

/// The reason to take or leave a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IgnoreVerdict {
    /// Committed, or staged for the next commit.
    Tracked,
    Ignored,
    Untracked,
}

impl IgnoreRules {
    /// These rules with those of a `.gitignore` in the folder of this path, which ends in `/` but for the root.
    pub(super) fn with(&self, folder: &[u8], text: &[u8]) -> Self {
        let patterns = parse(text);
        if patterns.is_empty() {
            return self.clone();
        }
        Self(Some(Arc::new(FolderRules {
            base: folder.len(),
            patterns,
            above: self.clone(),
        })))
    }

    /// True if the rules ignore this file or folder. The folders above it are not looked at.
    fn matches(&self, path: &[u8], is_folder: bool) -> bool {
        let mut next = self.0.as_deref();
        while let Some(rules) = next {
            let inside = path.get(rules.base..).unwrap_or(&[]);
            let found = rules
                .patterns
                .iter()
                .rfind(|pattern| is_match(pattern, inside, is_folder));
            if let Some(pattern) = found {
                return !pattern.is_negative();
            }
            next = rules.above.0.as_deref();
        }
        false
    }
}

impl IgnoreContext {
    /// The rules that apply to the entries of a folder. A folder that git itself ignores is named on purpose: then only
    /// its own rules apply.
    pub(super) fn of(folder: &Path) -> Self {
        Self::in_work_tree(folder).unwrap_or(Self {
            prefix: Vec::new(),
            rules: IgnoreRules::default(),
            index: None,
            is_ignored: false,
        })
    }

    /// True if the folder is in a git work tree whose index can be read.
    pub(super) fn is_in_work_tree(&self) -> bool {
        self.index.is_some()
    }

    fn in_work_tree(folder: &Path) -> Option<Self> {
        let folder = fs::canonicalize(folder).ok()?;
        let top = folder
            .ancestors()
            .find(|above| is_entry(&above.join(".git")))?;
        let git_dir = GitDir::find(top).ok()?;
        let index = read_index(&git_dir)?;
        let inside = folder.strip_prefix(top).ok()?;
        let mut context = Self {
            prefix: Vec::new(),
            rules: git_dir
                .info_exclude()
                .map_or_else(IgnoreRules::default, |text| {
                    IgnoreRules::default().with(b"", &text)
                }),
            index: Some(index),
            is_ignored: false,
        };
        let mut whole = inside.as_os_str().as_encoded_bytes().to_vec();
        whole.push(b'/');
        let dir = Dir::open_ambient_dir(top, ambient_authority()).ok()?;
        for name in inside {
            let rules = context.enter(&context.rules, &dir_below(&dir, &context.prefix)?, "");
            context.prefix.extend_from_slice(name.as_encoded_bytes());
            context.rules = rules;
            if context.rules.matches(&context.prefix, true) {
                context.is_ignored = context.has_tracked(&whole);
                if !context.is_ignored {
                    context.rules = IgnoreRules::default();
                    context.index = None;
                }
            }
            context.prefix.push(b'/');
        }
        Some(context)
    }

    /// The rules for the entries of a folder, given by its path below the named one, which ends in `/` but for the top.
    pub(super) fn enter(&self, above: &IgnoreRules, dir: &Dir, folder: &str) -> IgnoreRules {
        let text = dir
            .symlink_metadata(".gitignore")
            .ok()
            .filter(cap_std::fs::Metadata::is_file)
            .and_then(|found| read_file(dir, ".gitignore", &found).ok());
        match text {
            Some(file) => above.with(&self.full(folder.as_bytes()), &file.bytes),
            None => above.clone(),
        }
    }

    /// The verdict on a file.
    pub(super) fn file(&self, rules: &IgnoreRules, path: &[u8]) -> IgnoreVerdict {
        let path = self.full(path);
        let index = self.index.as_ref();
        if index.is_some_and(|index| index.entry_by_path(path.as_bstr()).is_some()) {
            return IgnoreVerdict::Tracked;
        }
        if rules.matches(&path, false) {
            IgnoreVerdict::Ignored
        } else {
            IgnoreVerdict::Untracked
        }
    }

    /// The verdict on a folder: `Tracked` if it is ignored, alone or with the folder above it, and contains tracked files.
    pub(super) fn folder(
        &self,
        rules: &IgnoreRules,
        path: &[u8],
        is_above_ignored: bool,
    ) -> IgnoreVerdict {
        let mut path = self.full(path);
        if !is_above_ignored && !rules.matches(&path, true) {
            return IgnoreVerdict::Untracked;
        }
        path.push(b'/');
        if self.has_tracked(&path) {
            IgnoreVerdict::Tracked
        } else {
            IgnoreVerdict::Ignored
        }
    }

    /// True if a file is tracked below a folder, given by its path from the top, with its `/`.
    fn has_tracked(&self, folder: &[u8]) -> bool {
        let index = self.index.as_ref();
        index.is_some_and(|index| index.prefixed_entries_range(folder.as_bstr()).is_some())
    }

    fn full(&self, path: &[u8]) -> Vec<u8> {
        [&self.prefix, path].concat()
    }
}

fn is_entry(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

fn dir_below(top: &Dir, prefix: &[u8]) -> Option<Dir> {
    open_below(top, std::str::from_utf8(prefix).ok()?).ok()
}

/// The index of a repository; an empty one before the first `git add`, and none if it cannot be read.
fn read_index(git_dir: &GitDir) -> Option<gix::index::File> {
    let path: PathBuf = git_dir.index().ok()?;
    let options = gix::index::decode::Options::default();
    gix::index::File::at_or_default(path, gix::hash::Kind::Sha1, true, options).ok()
}

/// The patterns of a `.gitignore`, without comments and empty lines.
fn parse(text: &[u8]) -> Vec<Pattern> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    text.split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .filter(|line| !line.starts_with(b"#"))
        .filter_map(|line| Pattern::from_bytes(without_trailing_spaces(line)))
        .collect()
}
