//! The rules for the entries of a template: plain files whose names every file system keeps apart.

use super::inventory::Inventory;
use super::listing::FileInfo;
use crate::model::content::{File, Files, Mode};
use crate::model::diagnostic::{Code, Diagnostic, Location};
use crate::model::exclude::{ExcludePattern, is_file_excluded};
use crate::model::path::TreePath;
use gix::bstr::BStr;
use gix::validate::path::component;

/// The number of refused entries in a report; the others are counted.
const MAX_NAMED: usize = 100;

/// The remedy for a name that no template may contain.
pub(super) const RENAME: &str = "rename it, or leave it out with `template.exclude`";

/// The rule for symbolic links of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    Refused,
    /// Taken over as they are; no action can change them.
    Kept,
}

/// Checks the files of a template and their paths. Excluded files are left out before.
///
/// # Errors
/// A finding for every refused entry, placed by its path below the template's folder.
pub fn admit(
    files: Files,
    links: Links,
    exclude: &[ExcludePattern],
) -> Result<Vec<(TreePath, File)>, Vec<Diagnostic>> {
    let mut validator = Validator::new(links);
    let mut admitted = Vec::with_capacity(files.len());
    let kept = files
        .into_iter()
        .filter(|(path, _)| !is_file_excluded(exclude, path));
    for (path, file) in kept {
        let target = || String::from_utf8_lossy(&file.bytes).into_owned();
        if let Some(path) = validator.entry(&path, file.mode, target) {
            admitted.push((path, file));
        }
    }
    let entries = admitted
        .iter()
        .map(|(path, file)| (path, FileInfo::of(file)));
    validator.whole(&Inventory::of_files(entries));
    validator.finish()?;
    Ok(admitted)
}

/// Checks each entry of a template, then all of them together, and collects the findings.
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

    /// The checked path of an entry; `None` if it is refused. `target` gives the target of a symbolic link.
    pub(super) fn entry(
        &mut self,
        path: &str,
        mode: Mode,
        target: impl FnOnce() -> String,
    ) -> Option<TreePath> {
        let finding = match TreePath::parse(path) {
            Err(error) => refuse(path, error.to_string()).help(RENAME),
            Ok(_) if mode == Mode::Symlink && self.links == Links::Refused => {
                let message = format!(
                    "`{}` is a symbolic link to `{}`",
                    path.escape_debug(),
                    target().escape_debug()
                );
                refuse(path, message)
                    .help("replace it by a copy, leave it out with `template.exclude`, or keep it with `symlinks: ALLOW` in the catalogue")
            }
            Ok(checked) if mode == Mode::Symlink && !is_plain_link(&checked) => {
                let message = "git refuses a symbolic link of this name";
                refuse(path, message)
                    .help("replace it by the file, or leave it out with `template.exclude`")
            }
            Ok(checked) => return Some(checked),
        };
        self.findings.push(finding);
        None
    }

    /// Checks all entries together: names that are the same on some file systems, and git repositories inside.
    pub(super) fn whole(&mut self, all: &Inventory) {
        let mut collisions: Vec<Diagnostic> = all
            .collisions()
            .map(|(one, other)| {
                let (one, other) = (one.min(other), one.max(other));
                let path = all.bare_name(other);
                let message = if all.bare_name(one) == path {
                    format!("`{}` is both a file and a folder", path.escape_debug())
                } else {
                    format!(
                        "`{}` and `{}` are the same name on many file systems",
                        all.bare_name(one).escape_debug(),
                        path.escape_debug()
                    )
                };
                refuse(path, message)
                    .help("rename one of them, or leave it out with `template.exclude`")
            })
            .collect();
        collisions.sort_by(|one, other| one.message.cmp(&other.message));
        let repositories = bare_repositories(all).map(|head| {
            let message = "the folder of this file is a bare git repository";
            let help =
                "name a folder without git repositories in it, or leave it out with `template.exclude`";
            refuse(head, message).help(help)
        });
        self.findings.splice(0..0, repositories);
        self.findings.extend(collisions);
    }

    /// Fails with all findings, if there are any.
    pub(super) fn finish(self) -> Result<(), Vec<Diagnostic>> {
        if self.findings.is_empty() {
            Ok(())
        } else {
            Err(cut(self.findings))
        }
    }
}

/// The `HEAD` of each folder that git would treat as a bare repository, whose settings can run programs.
/// Source: <https://git-scm.com/docs/git-config#Documentation/git-config.txt-safebareRepository>
fn bare_repositories(all: &Inventory) -> impl Iterator<Item = &str> {
    (0..all.nodes().len())
        .map(|number| all.name(number))
        .filter(|name| {
            let Some(folder) = name.strip_suffix("HEAD") else {
                return false;
            };
            let contains = |name: &str| all.find(&format!("{folder}{name}")).is_some();
            (folder.is_empty() || folder.ends_with('/'))
                && contains("config")
                && (contains("objects/") || contains("refs/"))
        })
}

/// False for a link with a name such as `.gitmodules`: git reads these files itself and refuses links.
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

/// Limits a report to the first findings, and counts the others.
pub(super) fn cut(mut findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
    if findings.len() > MAX_NAMED {
        let more = findings.split_off(MAX_NAMED);
        let message = format!("{} more entries are refused", more.len());
        let place = more.into_iter().find_map(|finding| finding.location);
        let finding = Diagnostic::error(Code::TemplateEntry, message).at("", place);
        findings.push(finding.help("correct the others first"));
    }
    findings
}
