//! What a template may hold: plain files with names that every system can keep apart (security.md A1–A19).

use crate::model::content::Files;
use crate::model::content::{File, Mode};
use crate::model::diagnostic::{Code, Diagnostic, Place};
use crate::model::path::TreePath;
use gix::bstr::BStr;
use gix::validate::path::component;
use std::collections::BTreeMap;
use unicode_normalization::UnicodeNormalization as _;

/// At most this many files and folders.
pub const MAX_ENTRIES: usize = 50_000;
/// At most this many folders above a file.
pub const MAX_DEPTH: usize = 64;
/// The largest file, in bytes.
pub const MAX_FILE: u64 = 5 * 1024 * 1024;
/// All files together, in bytes.
pub const MAX_TOTAL: u64 = 100 * 1024 * 1024;
/// This many offenders are named, the rest counted.
const MAX_NAMED: usize = 20;

/// Whether symbolic links are let in, as they are and untouchable for actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    Refused,
    Kept,
}

/// The template's files with checked paths.
///
/// # Errors
/// Every entry that a template may not hold, with its place below the template's folder.
pub fn admit(files: Files, links: Links) -> Result<Vec<(TreePath, File)>, Vec<Diagnostic>> {
    let mut findings = Vec::new();
    let mut admitted = Vec::with_capacity(files.len());
    let mut folds: BTreeMap<String, String> = BTreeMap::new();
    for folder in bare_repositories(&files) {
        let message = "this file's folder is a bare git repository, not a template's files";
        let help = "name a folder that holds a template's files, without git repositories in them";
        findings.push(refuse(&format!("{folder}HEAD"), message).help(help));
    }
    for (path, file) in files {
        match TreePath::parse(&path) {
            Err(error) => {
                let finding = refuse(&path, error.to_string());
                findings.push(finding.help("rename it, or leave it out"));
            }
            Ok(_) if file.mode == Mode::Symlink && links == Links::Refused => {
                let target = String::from_utf8_lossy(&file.bytes);
                let message = format!(
                    "`{}` is a symbolic link to `{}`",
                    path.escape_debug(),
                    target.escape_debug()
                );
                findings.push(
                    refuse(&path, message)
                        .help("put a copy there, or let the catalogue say `symlinks: ALLOW`"),
                );
            }
            Ok(checked) if file.mode == Mode::Symlink && !is_plain_link(&checked) => {
                let message = "git does not take a symbolic link of this name";
                findings.push(refuse(&path, message).help("put the file itself there"));
            }
            Ok(checked) => {
                findings.extend(collision(&checked, &mut folds));
                admitted.push((checked, file));
            }
        }
    }
    if findings.is_empty() {
        Ok(admitted)
    } else {
        Err(cut(findings))
    }
}

/// The form under which file systems that ignore letter case or Unicode form know a path.
pub fn fold(path: &str) -> String {
    if path.is_ascii() {
        return path.to_ascii_lowercase();
    }
    // Upper, then lower case: `ß` and `ss`, `ſ` and `s` become one.
    let upper = path.nfc().flat_map(char::to_uppercase);
    upper.flat_map(char::to_lowercase).nfc().collect()
}

fn collision(path: &TreePath, folds: &mut BTreeMap<String, String>) -> Option<Diagnostic> {
    for prefix in path.folders().chain([path.as_str()]) {
        match folds.get(&fold(prefix)) {
            Some(other) if other != prefix => {
                let message = format!(
                    "`{}` and `{}` are one name on many systems",
                    other.escape_debug(),
                    prefix.escape_debug()
                );
                return Some(refuse(path.as_str(), message).help("rename one of them"));
            }
            Some(_) => {}
            None => {
                folds.insert(fold(prefix), prefix.to_owned());
            }
        }
    }
    None
}

/// Folders that git would take for a repository of its own, with settings that run programs (security.md A15).
fn bare_repositories(files: &Files) -> impl Iterator<Item = &str> {
    let folders = files.keys().filter_map(|path| path.strip_suffix("HEAD"));
    folders
        .filter(|folder| folder.is_empty() || folder.ends_with('/'))
        .filter(|folder| {
            let has_below = |name: &str| {
                let start = format!("{folder}{name}/");
                let mut below = files.range(start.clone()..);
                below
                    .next()
                    .is_some_and(|(path, _)| path.starts_with(&start))
            };
            files.contains_key(&format!("{folder}config"))
                && (has_below("objects") || has_below("refs"))
        })
}

/// `.gitmodules` and its like must be files: git itself reads them.
fn is_plain_link(path: &TreePath) -> bool {
    let name = BStr::new(path.file_name());
    component(
        name,
        Some(component::Mode::Symlink),
        component::Options::default(),
    )
    .is_ok()
}

/// A finding about an entry of a template.
pub(super) fn refuse(path: &str, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::TemplateEntry, message).at("", Place::start_of(path))
}

/// Keeps a report on a template full of offenders readable.
pub(super) fn cut(mut findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
    if findings.len() > MAX_NAMED {
        let more = findings.split_off(MAX_NAMED);
        let message = format!("{} more entries are refused", more.len());
        let place = more.into_iter().find_map(|finding| finding.place);
        let finding = Diagnostic::error(Code::TemplateEntry, message).at("", place);
        findings.push(finding.help("mend the others first"));
    }
    findings
}
