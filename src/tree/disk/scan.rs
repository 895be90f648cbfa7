//! The files of a folder read into memory, within the limits of a template.

use super::disk_tree::open_below;
use super::entry::read_file;
use super::ignore::{IgnoreContext, IgnoreRules, IgnoreVerdict};
use crate::model::content::Files;
use crate::model::diagnostic::Diagnostic;
use crate::model::exclude::{ExcludePattern, is_excluded};
use crate::tree::limits::{Exceeded, ScanEnd, Usage, check_depth};
use crate::tree::validate::{RENAME, cut, refuse};
use crate::tree::{At as _, TreeError};
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use std::ffi::OsStr;
use std::io;
use std::path::Path;

/// The files below a folder, and the findings about entries that are left out.
#[derive(Debug, Default)]
pub struct Scan {
    pub files: Files,
    /// Placed by path below the folder.
    pub findings: Vec<Diagnostic>,
    /// Files and folders that `.gitignore` files of a folder outside of git name. They are left out.
    pub ignored: Vec<String>,
    /// Files of a git work tree that are taken over and that git does not know.
    pub untracked: Vec<String>,
}

/// Reads all files below a folder, within a template's limits. `.git` at its top is left out.
///
/// # Errors
/// Only when the folder itself cannot be opened or read; a problem of one entry is a finding.
pub fn scan(folder: &Path) -> Result<Scan, TreeError> {
    run(folder, &[], None)
}

/// As [`scan`], without excluded entries and without those that git ignores. They are not looked at.
pub fn scan_template(folder: &Path, exclude: &[ExcludePattern]) -> Result<Scan, TreeError> {
    run(folder, exclude, Some(IgnoreContext::of(folder)))
}

/// As [`scan`], without excluded entries and, in a git work tree, without those that git ignores.
pub fn scan_catalog(folder: &Path, exclude: &[ExcludePattern]) -> Result<Scan, TreeError> {
    let context = IgnoreContext::of(folder);
    run(
        folder,
        exclude,
        Some(context).filter(IgnoreContext::is_in_work_tree),
    )
}

fn run(
    folder: &Path,
    exclude: &[ExcludePattern],
    ignore: Option<IgnoreContext>,
) -> Result<Scan, TreeError> {
    let read = || {
        let top = OpenFolder {
            rules: ignore
                .as_ref()
                .map_or_else(IgnoreRules::default, |ignore| ignore.rules.clone()),
            is_ignored: ignore.as_ref().is_some_and(|ignore| ignore.is_ignored),
            ..OpenFolder::default()
        };
        let mut scanner = Scanner {
            root: Dir::open_ambient_dir(folder, ambient_authority())?,
            exclude,
            ignore,
            usage: Usage::default(),
            open: vec![top],
            scan: Scan::default(),
        };
        match scanner.run() {
            Err(ScanEnd::Failed(error)) => return Err(error),
            Err(ScanEnd::Full(finding)) => scanner.scan.findings.push(*finding),
            Ok(()) => {}
        }
        Ok(scanner.scan)
    };
    let mut scan = read().at("read", || folder.to_owned())?;
    scan.findings
        .sort_by(|one, other| one.message.cmp(&other.message));
    scan.findings = cut(scan.findings);
    scan.ignored.sort_unstable();
    scan.untracked.sort_unstable();
    Ok(scan)
}

struct Scanner<'s> {
    root: Dir,
    exclude: &'s [ExcludePattern],
    /// None to take over what git ignores.
    ignore: Option<IgnoreContext>,
    usage: Usage,
    /// The folders still to be read.
    open: Vec<OpenFolder>,
    scan: Scan,
}

/// A folder that is read, or still to be read.
#[derive(Default)]
struct OpenFolder {
    /// Its path, which ends in `/` but for the top.
    prefix: String,
    depth: usize,
    /// The rules that git ignores its entries by.
    rules: IgnoreRules,
    /// True if the folder is ignored: then only its tracked files are taken.
    is_ignored: bool,
}

impl Scanner<'_> {
    fn run(&mut self) -> Result<(), ScanEnd<io::Error>> {
        while let Some(mut folder) = self.open.pop() {
            let prefix = &folder.prefix;
            let dir = match open_below(&self.root, prefix) {
                Ok(dir) => dir,
                Err(error) if !prefix.is_empty() => {
                    let message = format!("this folder cannot be read: {error}");
                    let path = prefix.trim_end_matches('/');
                    self.refuse(path, message, UNREADABLE);
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            if let Some(ignore) = &self.ignore {
                folder.rules = ignore.enter(&folder.rules, &dir, prefix);
            }
            for entry in dir.entries()? {
                self.entry(&dir, &folder, &entry?.file_name())?;
            }
        }
        Ok(())
    }

    fn entry(
        &mut self,
        dir: &Dir,
        folder: &OpenFolder,
        name: &OsStr,
    ) -> Result<(), ScanEnd<io::Error>> {
        let prefix = &folder.prefix;
        if prefix.is_empty() && name == ".git" {
            return Ok(());
        }
        self.usage.see_entry(prefix).map_err(ScanEnd::Full)?;
        let metadata = dir.symlink_metadata(name)?;
        let raw = [prefix.as_bytes(), name.as_encoded_bytes()].concat();
        if is_excluded(self.exclude, &raw, metadata.is_dir()) {
            return Ok(());
        }
        let verdict = self.verdict(folder, &raw, metadata.is_dir());
        if verdict == IgnoreVerdict::Ignored {
            return Ok(());
        }
        let counted = self.usage.add_entry(prefix);
        if !self.is_within(counted)? {
            return Ok(());
        }
        let Some(name) = name.to_str() else {
            let shown = format!("{prefix}{}", name.to_string_lossy());
            self.refuse(&shown, "this file's name is not UTF-8", RENAME);
            return Ok(());
        };
        let path = format!("{prefix}{name}");
        if metadata.is_dir() {
            match check_depth(&path, folder.depth) {
                Ok(()) => self.open.push(OpenFolder {
                    prefix: format!("{path}/"),
                    depth: folder.depth + 1,
                    rules: folder.rules.clone(),
                    is_ignored: folder.is_ignored || verdict == IgnoreVerdict::Tracked,
                }),
                Err(finding) => self.scan.findings.push(*finding),
            }
            return Ok(());
        }
        if !metadata.is_file() && !metadata.is_symlink() {
            let help = "remove it, or leave it out with `template.exclude`";
            self.refuse(&path, "this is neither a file nor a folder", help);
            return Ok(());
        }
        let counted = self.usage.add_file(&path, metadata.len());
        if !self.is_within(counted)? {
            return Ok(());
        }
        match read_file(dir, name, &metadata) {
            Ok(file) => {
                if verdict == IgnoreVerdict::Untracked && self.is_in_work_tree() {
                    self.scan.untracked.push(path.clone());
                }
                self.scan.files.insert(path, file);
            }
            Err(error) => {
                let message = format!("this file cannot be read: {error}");
                self.refuse(&path, message, UNREADABLE);
            }
        }
        Ok(())
    }

    /// The verdict of git on an entry. Without rules nothing is ignored. Records the ignored entries of a folder outside
    /// of git.
    fn verdict(&mut self, folder: &OpenFolder, path: &[u8], is_folder: bool) -> IgnoreVerdict {
        let Some(ignore) = &self.ignore else {
            return IgnoreVerdict::Untracked;
        };
        let verdict = match is_folder {
            true => ignore.folder(&folder.rules, path, folder.is_ignored),
            false => match ignore.file(&folder.rules, path) {
                IgnoreVerdict::Untracked if folder.is_ignored => IgnoreVerdict::Ignored,
                verdict => verdict,
            },
        };
        if verdict == IgnoreVerdict::Ignored && !ignore.is_in_work_tree() {
            let end = if is_folder { "/" } else { "" };
            let path = String::from_utf8_lossy(path);
            self.scan.ignored.push(format!("{path}{end}"));
        }
        verdict
    }

    fn is_in_work_tree(&self) -> bool {
        self.ignore
            .as_ref()
            .is_some_and(IgnoreContext::is_in_work_tree)
    }

    /// True for an entry within the limits; adds the finding for one that is left out.
    fn is_within(&mut self, counted: Result<(), Exceeded>) -> Result<bool, ScanEnd<io::Error>> {
        match counted {
            Ok(()) => Ok(true),
            Err(Exceeded::Entry(finding)) => {
                self.scan.findings.push(*finding);
                Ok(false)
            }
            Err(Exceeded::Template(finding)) => Err(ScanEnd::Full(finding)),
        }
    }

    fn refuse(&mut self, path: &str, message: impl Into<String>, help: &str) {
        self.scan.findings.push(refuse(path, message).help(help));
    }
}

const UNREADABLE: &str = "check its permissions, or leave it out with `template.exclude`";
