//! The document that a request is about, with the names of its catalogue.

use super::outline::Outline;
use super::positions::{Encoding, LineIndex};
use super::roots::DocumentKind;
use super::uris::uri_of;
use super::workspace::CatalogWorkspace;
use crate::source;
use crate::source::node::Document;
use lsp_types::{Location, Position};
use std::ops::Range;

/// A document of a workspace.
pub(super) struct SubjectDocument<'w> {
    pub(super) workspace: &'w CatalogWorkspace,
    /// The path from the root.
    pub(super) path: &'w str,
    pub(super) text: &'w str,
    pub(super) kind: DocumentKind,
    /// The catalogue's name.
    pub(super) catalog: &'w str,
    pub(super) outline: Outline,
    pub(super) encoding: Encoding,
}

impl<'w> SubjectDocument<'w> {
    /// The document at a path from the root; none for a file outside of the catalogues and for one that is no text.
    pub(super) fn new(
        workspace: &'w CatalogWorkspace,
        path: &'w str,
        encoding: Encoding,
    ) -> Option<Self> {
        let (catalog, kind) = workspace.kind_of(path)?;
        let outline = workspace
            .last_catalog(catalog)
            .map(|document| Outline::of(&document.root));
        Some(Self {
            text: workspace.text(path)?,
            outline: outline.unwrap_or_default(),
            workspace,
            path,
            kind,
            catalog,
            encoding,
        })
    }

    /// The syntax tree, up to the first syntax error.
    pub(super) fn document(&self) -> Option<Document> {
        if self.kind == DocumentKind::Content {
            return None;
        }
        let partial = source::read_partial(self.path, self.text)?;
        Some(partial.document)
    }

    pub(super) fn offset(&self, position: Position) -> usize {
        LineIndex::of(self.text, self.encoding).offset(position)
    }

    pub(super) fn range(&self, range: &Range<usize>) -> lsp_types::Range {
        LineIndex::of(self.text, self.encoding).range(range)
    }

    /// The path of the catalogue's file from the root.
    pub(super) fn catalog_path(&self) -> String {
        format!("catalog/{}/catalog.yaml", self.catalog)
    }

    /// The folder of the catalogue's recipes, with a final slash.
    pub(super) fn recipes_folder(&self) -> String {
        format!("recipes/{}/", self.catalog)
    }

    /// The folder of the catalogue's own template, with a final slash; none for a template in a repository.
    pub(super) fn template_folder(&self) -> Option<String> {
        let template = self.outline.template.as_ref()?;
        Some(format!("catalog/{}/{template}/", self.catalog))
    }

    /// The paths of the files below a folder, without the folder.
    pub(super) fn files_below(&self, folder: &str) -> impl Iterator<Item = &'w str> {
        let folder = folder.to_owned();
        let after = self.workspace.files().range(folder.clone()..);
        after.map_while(move |(path, _)| path.strip_prefix(folder.as_str()))
    }

    /// A range of a file of the workspace.
    pub(super) fn location(&self, path: &str, range: &Range<usize>) -> Option<Location> {
        let text = self.workspace.text(path)?;
        Some(Location {
            uri: uri_of(&self.workspace.root().join(path))?,
            range: LineIndex::of(text, self.encoding).range(range),
        })
    }
}
