//! What a template may hold: plain files with names that every system can keep apart (security.md A1–A19).

use super::inventory::Inventory;
use super::listing::FileInfo;
use crate::model::content::{File, Files, Mode};
use crate::model::diagnostic::{Code, Diagnostic, Location};
use crate::model::path::TreePath;
use gix::bstr::BStr;
use gix::validate::path::component;
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
    let mut gate = Validator::new(links);
    let mut admitted = Vec::with_capacity(files.len());
    for (path, file) in files {
        let target = || String::from_utf8_lossy(&file.bytes).into_owned();
        if let Some(path) = gate.entry(&path, file.mode, target) {
            admitted.push((path, file));
        }
    }
    let entries = admitted
        .iter()
        .map(|(path, file)| (path, FileInfo::of(file)));
    gate.whole(&Inventory::of_files(entries));
    gate.finish()?;
    Ok(admitted)
}

/// Looks at each entry of a template, then at all of them, and remembers what may not be.
#[derive(Debug)]
pub(super) struct Validator {
    links: Links,
    findings: Vec<Diagnostic>,
}

impl Validator {
    pub(super) fn new(links: Links) -> Self {
        Self {
            links,
            findings: Vec::new(),
        }
    }

    pub(super) fn refuse(&mut self, finding: Diagnostic) {
        self.findings.push(finding);
    }

    /// The path of an entry that may be there.
    pub(super) fn entry(
        &mut self,
        path: &str,
        mode: Mode,
        target: impl FnOnce() -> String,
    ) -> Option<TreePath> {
        let finding = match TreePath::parse(path) {
            Err(error) => refuse(path, error.to_string()).help("rename it, or leave it out"),
            Ok(_) if mode == Mode::Symlink && self.links == Links::Refused => {
                let message = format!(
                    "`{}` is a symbolic link to `{}`",
                    path.escape_debug(),
                    target().escape_debug()
                );
                refuse(path, message)
                    .help("put a copy there, or let the catalogue say `symlinks: ALLOW`")
            }
            Ok(checked) if mode == Mode::Symlink && !is_plain_link(&checked) => {
                let message = "git does not take a symbolic link of this name";
                refuse(path, message).help("put the file itself there")
            }
            Ok(checked) => return Some(checked),
        };
        self.findings.push(finding);
        None
    }

    /// What no entry shows by itself: names that are one on some systems, repositories inside.
    pub(super) fn whole(&mut self, all: &Inventory) {
        let mut collisions: Vec<Diagnostic> = all
            .collisions()
            .map(|(one, other)| {
                let (one, other) = (one.min(other), one.max(other));
                let path = all.bare_name(other);
                let message = if all.bare_name(one) == path {
                    format!("`{}` is a file and a folder at once", path.escape_debug())
                } else {
                    format!(
                        "`{}` and `{}` are one name on many systems",
                        all.bare_name(one).escape_debug(),
                        path.escape_debug()
                    )
                };
                refuse(path, message).help("rename one of them")
            })
            .collect();
        collisions.sort_by(|one, other| one.message.cmp(&other.message));
        let repositories = bare_repositories(all).map(|head| {
            let message = "this file's folder is a bare git repository, not a template's files";
            let help =
                "name a folder that holds a template's files, without git repositories in them";
            refuse(head, message).help(help)
        });
        self.findings.splice(0..0, repositories);
        self.findings.extend(collisions);
    }

    /// # Errors
    /// Everything that was refused.
    pub(super) fn finish(self) -> Result<(), Vec<Diagnostic>> {
        if self.findings.is_empty() {
            Ok(())
        } else {
            Err(cut(self.findings))
        }
    }
}

/// The form under which file systems that ignore letter case or Unicode form know a path.
pub fn fold(path: &str) -> String {
    let mut folded = String::new();
    fold_into(path, &mut folded);
    folded
}

/// Appends the form of [`fold`] to a text.
pub fn fold_into(path: &str, folded: &mut String) {
    if path.is_ascii() {
        let start = folded.len();
        folded.push_str(path);
        folded[start..].make_ascii_lowercase();
        return;
    }
    // Upper, then lower case: `ß` and `ss`, `ſ` and `s` become one.
    let upper = path.nfc().flat_map(char::to_uppercase);
    folded.extend(upper.flat_map(char::to_lowercase).nfc());
}

/// The `HEAD` of each folder that git would take for a repository of its own, with settings that run programs
/// (security.md A15).
fn bare_repositories(all: &Inventory) -> impl Iterator<Item = &str> {
    let names = (0..all.nodes().len()).map(|number| all.name(number));
    names.filter(|name| {
        let Some(folder) = name.strip_suffix("HEAD") else {
            return false;
        };
        let holds = |name: &str| all.find(&format!("{folder}{name}")).is_some();
        (folder.is_empty() || folder.ends_with('/'))
            && holds("config")
            && (holds("objects/") || holds("refs/"))
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
    Diagnostic::error(Code::TemplateEntry, message).at("", Location::start_of(path))
}

/// A finding about a template that is too large.
pub(super) fn limit(path: &str, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::TemplateLimit, message).at("", Location::start_of(path))
}

/// Keeps a report on a template full of offenders readable.
pub(super) fn cut(mut findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
    if findings.len() > MAX_NAMED {
        let more = findings.split_off(MAX_NAMED);
        let message = format!("{} more entries are refused", more.len());
        let place = more.into_iter().find_map(|finding| finding.location);
        let finding = Diagnostic::error(Code::TemplateEntry, message).at("", place);
        findings.push(finding.help("mend the others first"));
    }
    findings
}
