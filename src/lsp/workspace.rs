//! The catalogues below one root: files on disk, the editor's unsaved texts over them, and their findings.

use super::documents::Documents;
use super::roots::{self, DocumentKind};
use crate::app::catalogs::CatalogFiles;
use crate::app::checks::{self, CheckedTemplate};
use crate::app::error::AppError;
use crate::catalog;
use crate::model::content::{File, Files, Mode};
use crate::model::diagnostic::{self, Diagnostic};
use crate::source;
use crate::source::node::Document;
use crate::template::Template;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A root and its files.
pub(super) struct CatalogWorkspace {
    root: PathBuf,
    disk: CatalogFiles,
    /// The files on disk with the open documents over them.
    files: Files,
    checks: BTreeMap<String, KeptCheck>,
    /// The last catalog.yaml of each catalogue that had no syntax error.
    catalogs: BTreeMap<String, Document>,
}

/// The last check of one catalogue.
struct KeptCheck {
    files: Files,
    findings: Vec<Diagnostic>,
    template: Option<CheckedTemplate>,
}

impl CatalogWorkspace {
    pub(super) fn new(root: PathBuf) -> Self {
        Self {
            root,
            disk: CatalogFiles::default(),
            files: Files::new(),
            checks: BTreeMap::new(),
            catalogs: BTreeMap::new(),
        }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Reads the files on disk again where that is necessary, and lays the open documents over them.
    ///
    /// # Errors
    /// A message, if a folder cannot be read. It has no files then.
    pub(super) fn bring_up_to_date(
        &mut self,
        documents: &Documents,
        reads_disk: bool,
    ) -> Result<(), String> {
        let read = if reads_disk { self.read_disk() } else { Ok(()) };
        self.lay_over(documents);
        read
    }

    fn read_disk(&mut self) -> Result<(), String> {
        let (disk, result) = match CatalogFiles::of_folder(&self.root) {
            Ok(disk) => (disk, Ok(())),
            Err(AppError::Explained(error)) => (CatalogFiles::default(), Err(error.to_string())),
            Err(AppError::Findings(found)) => {
                let findings = found.findings;
                let empty = CatalogFiles::default();
                (CatalogFiles { findings, ..empty }, Ok(()))
            }
        };
        self.disk = disk;
        result
    }

    /// Lays the open documents over the files on disk.
    fn lay_over(&mut self, documents: &Documents) {
        self.files.clone_from(&self.disk.files);
        for (path, document) in documents.below(&self.root) {
            let (Some(path), Some(text)) = (slashed(path), &document.text) else {
                continue;
            };
            let on_disk = self.disk.files.get(&path);
            // A file that exists and was not taken over is excluded from its catalogue, such as one that git ignores.
            let is_excluded = on_disk.is_none() && self.root.join(&path).exists();
            let is_link = on_disk.is_some_and(|file| file.mode == Mode::Symlink);
            if is_excluded || is_link || !has_place(&path) {
                continue;
            }
            let mode = on_disk.map_or(Mode::Regular, |file| file.mode);
            let bytes = text.clone().into();
            self.files.insert(path, File { mode, bytes });
        }
        for name in catalog::names(&self.files) {
            let path = format!("catalog/{name}/catalog.yaml");
            let text = self.files.get(&path).and_then(File::text);
            let partial = text.and_then(|text| source::read_partial(&path, text));
            if let Some(partial) = partial
                && (partial.is_whole || !self.catalogs.contains_key(&name))
            {
                self.catalogs.insert(name, partial.document);
            }
        }
    }

    /// The findings of all catalogues. Catalogues whose files did not change are not checked again.
    pub(super) fn check(&mut self) -> Vec<Diagnostic> {
        let names = catalog::names(&self.files);
        self.checks.retain(|name, _| names.contains(name));
        let mut findings = self.disk.findings.clone();
        for name in &names {
            let own = own_files(&self.files, name);
            let kept = self.checks.remove(name);
            let kept = match kept {
                Some(kept) if kept.files == own => kept,
                other => {
                    let mut template = other.and_then(|kept| kept.template);
                    let findings = checks::one_catalog(&self.files, name, &mut template);
                    KeptCheck {
                        files: own,
                        findings,
                        template,
                    }
                }
            };
            findings.extend(kept.findings.iter().cloned());
            self.checks.insert(name.clone(), kept);
        }
        findings.extend(catalog::orphans(&self.files));
        diagnostic::sort(&mut findings);
        findings
    }

    pub(super) fn files(&self) -> &Files {
        &self.files
    }

    /// The text of a file, by its path from the root.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.text()
    }

    /// The template of a catalogue without errors, as it was checked last.
    pub(super) fn template(&self, catalog: &str) -> Option<&Template> {
        self.checks.get(catalog)?.template.as_ref()?.template()
    }

    /// The last catalog.yaml without a syntax error. Its ranges may be those of an earlier text.
    pub(super) fn last_catalog(&self, catalog: &str) -> Option<&Document> {
        self.catalogs.get(catalog)
    }

    /// The catalogue and the kind of a document.
    pub(super) fn kind_of<'p>(&self, path: &'p str) -> Option<(&'p str, DocumentKind)> {
        roots::document_kind(path, |path| self.is_piece(path))
    }

    fn is_piece(&self, path: &str) -> bool {
        let catalog = path.split('/').nth(1);
        catalog.is_some_and(|catalog| catalog::shared_pieces(&self.files, catalog).contains(path))
    }

    /// The recipes and shared pieces of a catalogue, by path.
    pub(super) fn recipes<'w>(&'w self, catalog: &str) -> impl Iterator<Item = &'w str> {
        let pieces = catalog::shared_pieces(&self.files, catalog);
        let folder = format!("recipes/{catalog}/");
        let own = self.files.range(folder.clone()..);
        own.map(|(path, _)| path.as_str())
            .take_while(move |path| path.starts_with(&folder))
            .filter(move |path| {
                let kind = roots::document_kind(path, |path| pieces.contains(path));
                kind.is_some_and(|(_, kind)| kind == DocumentKind::Recipe)
            })
    }
}

/// The files below the two folders of a catalogue.
fn own_files(files: &Files, name: &str) -> Files {
    let folders = ["catalog", "recipes"].map(|folder| format!("{folder}/{name}/"));
    let below = |folder: &String| {
        let folder = folder.clone();
        let after = files.range(folder.clone()..);
        after.take_while(move |(path, _)| path.starts_with(&folder))
    };
    let own = folders.iter().flat_map(below);
    own.map(|(path, file)| (path.clone(), file.clone()))
        .collect()
}

/// True for a path in the folder of a catalogue.
fn has_place(path: &str) -> bool {
    let mut parts = path.split('/');
    let folder = parts.next();
    matches!(folder, Some("catalog" | "recipes")) && parts.next().is_some()
}

/// A path below the root with slashes; none for one that is not UTF-8.
pub(super) fn slashed(path: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> = path.iter().map(|part| part.to_str()).collect();
    parts.map(|parts| parts.join("/"))
}
