//! Edits of files as the client can apply them.

use super::client::Client;
use super::documents::Documents;
use super::positions::LineIndex;
use super::rename::FileEdits;
use super::uris::uri_of;
use super::workspace::CatalogWorkspace;
use lsp_types::{
    DocumentChangeOperation, DocumentChanges, OneOf, OptionalVersionedTextDocumentIdentifier,
    RenameFile, ResourceOp, TextDocumentEdit, TextEdit, Uri, WorkspaceEdit,
};

/// The edit for a client. Without the ability to rename files the client gets the changes of texts alone.
pub(super) fn workspace_edit(
    edits: &FileEdits,
    workspace: &CatalogWorkspace,
    documents: &Documents,
    client: &Client,
) -> WorkspaceEdit {
    let texts = edits.edits.iter().filter_map(|(path, edits)| {
        let lines = LineIndex::of(workspace.text(path)?, client.encoding);
        let edit = |(range, text): &(_, String)| TextEdit {
            range: lines.range(range),
            new_text: text.clone(),
        };
        let full = workspace.root().join(path);
        let open = documents.get(&full);
        let uri = open.map_or_else(|| uri_of(&full), |open| Some(open.uri.clone()))?;
        let version = open.map(|open| open.version);
        Some((uri, version, edits.iter().map(edit).collect::<Vec<_>>()))
    });
    if !client.has_document_changes {
        return WorkspaceEdit {
            changes: Some(texts.map(|(uri, _, edits)| (uri, edits)).collect()),
            ..WorkspaceEdit::default()
        };
    }
    let mut operations: Vec<DocumentChangeOperation> = texts
        .map(|(uri, version, edits)| {
            DocumentChangeOperation::Edit(TextDocumentEdit {
                text_document: OptionalVersionedTextDocumentIdentifier { uri, version },
                edits: edits.into_iter().map(OneOf::Left).collect(),
            })
        })
        .collect();
    if client.renames_files {
        let uri = |path: &str| -> Option<Uri> { uri_of(&workspace.root().join(path)) };
        let moves = edits.moves.iter().filter_map(|(old, new)| {
            Some(DocumentChangeOperation::Op(ResourceOp::Rename(
                RenameFile {
                    old_uri: uri(old)?,
                    new_uri: uri(new)?,
                    options: None,
                    annotation_id: None,
                },
            )))
        });
        operations.extend(moves);
    }
    WorkspaceEdit {
        document_changes: Some(DocumentChanges::Operations(operations)),
        ..WorkspaceEdit::default()
    }
}
