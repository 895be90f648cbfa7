//! The abilities of the client that the server uses.

use super::positions::Encoding;
use lsp_types::{
    ClientCapabilities, InitializeParams, PositionEncodingKind, ResourceOperationKind,
};
use std::path::PathBuf;

/// A client as it introduces itself.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) encoding: Encoding,
    /// Edits may name the versions of documents.
    pub(super) has_document_changes: bool,
    /// Edits may rename files.
    pub(super) renames_files: bool,
    /// The client tells of changed files if it is asked to.
    pub(super) watches_files: bool,
    /// The folders that it has open.
    pub(super) folders: Vec<PathBuf>,
}

impl Client {
    pub(super) fn of(params: &InitializeParams) -> Self {
        let capabilities = &params.capabilities;
        let workspace = capabilities.workspace.as_ref();
        let edits = workspace.and_then(|workspace| workspace.workspace_edit.as_ref());
        let operations = edits.and_then(|edits| edits.resource_operations.as_ref());
        let watching = workspace.and_then(|workspace| workspace.did_change_watched_files);
        let has_document_changes = edits.and_then(|edits| edits.document_changes) == Some(true);
        Self {
            encoding: encoding(capabilities),
            has_document_changes,
            renames_files: has_document_changes
                && operations.is_some_and(|kinds| kinds.contains(&ResourceOperationKind::Rename)),
            watches_files: watching.and_then(|watching| watching.dynamic_registration)
                == Some(true),
            folders: folders(params),
        }
    }
}

fn encoding(capabilities: &ClientCapabilities) -> Encoding {
    let general = capabilities.general.as_ref();
    let offered = general.and_then(|general| general.position_encodings.as_ref());
    match offered {
        Some(offered) if offered.contains(&PositionEncodingKind::UTF8) => Encoding::Utf8,
        Some(_) | None => Encoding::Utf16,
    }
}

fn folders(params: &InitializeParams) -> Vec<PathBuf> {
    let folders: Vec<PathBuf> = params
        .workspace_folders
        .iter()
        .flatten()
        .filter_map(|folder| super::uris::path_of(&folder.uri))
        .collect();
    if !folders.is_empty() {
        return folders;
    }
    #[expect(deprecated, reason = "older clients name only this one")]
    let root = params.root_uri.as_ref();
    root.and_then(super::uris::path_of).into_iter().collect()
}
