//! The files of a folder read into memory, within the limits of a template.

use super::disk_tree::open_below;
use super::entry::read_file;
use crate::model::content::Files;
use crate::model::diagnostic::Diagnostic;
use crate::tree::limits::{Exceeded, ScanEnd, Usage, check_depth};
use crate::tree::validate::{cut, refuse};
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
}

/// Reads all files below a folder, within a template's limits. `.git` at its top is left out.
///
/// # Errors
/// Only when the folder itself cannot be opened or read; a problem of one entry is a finding.
pub fn scan(folder: &Path) -> Result<Scan, TreeError> {
    let read = || {
        let mut scanner = Scanner {
            root: Dir::open_ambient_dir(folder, ambient_authority())?,
            usage: Usage::default(),
            open: vec![(String::new(), 0)],
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
    Ok(scan)
}

struct Scanner {
    root: Dir,
    usage: Usage,
    /// The folders still to be read, each with its depth; paths end in `/`.
    open: Vec<(String, usize)>,
    scan: Scan,
}

impl Scanner {
    fn run(&mut self) -> Result<(), ScanEnd<io::Error>> {
        while let Some((prefix, depth)) = self.open.pop() {
            let dir = match open_below(&self.root, &prefix) {
                Ok(dir) => dir,
                Err(error) if !prefix.is_empty() => {
                    let message = format!("this folder cannot be read: {error}");
                    let folder = prefix.trim_end_matches('/');
                    self.refuse(folder, message, "check its permissions");
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            for entry in dir.entries()? {
                self.entry(&dir, &prefix, depth, &entry?.file_name())?;
            }
        }
        Ok(())
    }

    fn entry(
        &mut self,
        dir: &Dir,
        prefix: &str,
        depth: usize,
        name: &OsStr,
    ) -> Result<(), ScanEnd<io::Error>> {
        let counted = self.usage.add_entry(prefix);
        if !self.is_within(counted)? {
            return Ok(());
        }
        let Some(name) = name.to_str() else {
            let shown = format!("{prefix}{}", name.to_string_lossy());
            self.refuse(&shown, "this file's name is not UTF-8", "rename it");
            return Ok(());
        };
        if prefix.is_empty() && name == ".git" {
            return Ok(());
        }
        let path = format!("{prefix}{name}");
        let metadata = dir.symlink_metadata(name)?;
        if metadata.is_dir() {
            match check_depth(&path, depth) {
                Ok(()) => self.open.push((format!("{path}/"), depth + 1)),
                Err(finding) => self.scan.findings.push(*finding),
            }
            return Ok(());
        }
        if !metadata.is_file() && !metadata.is_symlink() {
            self.refuse(&path, "this is neither a file nor a folder", "remove it");
            return Ok(());
        }
        let counted = self.usage.add_file(&path, metadata.len());
        if !self.is_within(counted)? {
            return Ok(());
        }
        match read_file(dir, name, &metadata) {
            Ok(file) => {
                self.scan.files.insert(path, file);
            }
            Err(error) => {
                let message = format!("this file cannot be read: {error}");
                self.refuse(&path, message, "check its permissions, or leave it out");
            }
        }
        Ok(())
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
