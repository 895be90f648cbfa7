//! The requests about a position, from their parameters to their answers.

use super::client::Client;
use super::code_action::{self, Offer};
use super::completion;
use super::definition;
use super::documents::Documents;
use super::edits::workspace_edit;
use super::hover;
use super::rename::{self, FileEdits};
use super::subject::SubjectDocument;
use super::uris::path_of;
use super::workspace::{CatalogWorkspace, slashed};
use lsp_server::{ErrorCode, Request};
use lsp_types::request::{
    CodeActionRequest, Completion, GotoDefinition, HoverRequest, PrepareRenameRequest, Rename,
    Request as LspRequest,
};
use lsp_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, CompletionResponse, CompletionTriggerKind,
    GotoDefinitionResponse, PrepareRenameResponse, TextDocumentPositionParams, Uri,
};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Everything that an answer may depend on.
pub(super) struct AnswerContext<'s> {
    pub(super) workspaces: &'s BTreeMap<PathBuf, CatalogWorkspace>,
    pub(super) documents: &'s Documents,
    pub(super) client: &'s Client,
}

/// The reason not to answer a request.
#[derive(Debug)]
pub(super) struct RequestRefusal {
    pub(super) code: ErrorCode,
    pub(super) message: String,
}

type Answer = Result<Value, RequestRefusal>;

impl AnswerContext<'_> {
    /// The answer to a request.
    pub(super) fn answer(&self, request: Request) -> Answer {
        match request.method.as_str() {
            Completion::METHOD => self.completion(parsed::<Completion>(request)?),
            HoverRequest::METHOD => {
                let params = parsed::<HoverRequest>(request)?;
                let at = params.text_document_position_params;
                self.at(&at, |subject| hover::find(subject, at.position))
            }
            GotoDefinition::METHOD => {
                let params = parsed::<GotoDefinition>(request)?;
                let at = params.text_document_position_params;
                self.at(&at, |subject| {
                    let found = definition::find(subject, at.position)?;
                    Some(GotoDefinitionResponse::Scalar(found))
                })
            }
            PrepareRenameRequest::METHOD => {
                let at = parsed::<PrepareRenameRequest>(request)?;
                self.at(&at, |subject| {
                    let found = rename::target(subject, subject.offset(at.position))?;
                    Some(PrepareRenameResponse::RangeWithPlaceholder {
                        range: subject.range(&found.range),
                        placeholder: subject.text[found.range].to_owned(),
                    })
                })
            }
            Rename::METHOD => self.rename(&parsed::<Rename>(request)?),
            CodeActionRequest::METHOD => self.code_actions(parsed::<CodeActionRequest>(request)?),
            method => Err(RequestRefusal {
                code: ErrorCode::MethodNotFound,
                message: format!("unknown request `{}`", method.escape_debug()),
            }),
        }
    }

    fn code_actions(&self, params: lsp_types::CodeActionParams) -> Answer {
        let only = params.context.only;
        let at = TextDocumentPositionParams {
            text_document: params.text_document,
            position: params.range.start,
        };
        let is_wanted = |offer: &Offer| {
            let kind = kind_of(offer);
            let is_of = |only: &CodeActionKind| kind.as_str().starts_with(only.as_str());
            only.as_ref().is_none_or(|only| only.iter().any(is_of))
        };
        self.at(&at, |subject| {
            let offers = code_action::find(subject, subject.offset(at.position));
            let wanted = offers.into_iter().filter(is_wanted);
            let action = |offer| self.code_action(subject.workspace, offer);
            Some(wanted.map(action).collect::<Vec<_>>())
        })
    }

    fn completion(&self, params: lsp_types::CompletionParams) -> Answer {
        let at = params.text_document_position;
        let trigger = params.context.map(|context| context.trigger_kind);
        let is_typed = trigger == Some(CompletionTriggerKind::TRIGGER_CHARACTER);
        self.at(&at, |subject| {
            let items = completion::find(subject, at.position, is_typed);
            Some(CompletionResponse::Array(items))
        })
    }

    fn rename(&self, params: &lsp_types::RenameParams) -> Answer {
        let at = &params.text_document_position;
        let refuse = |message: String| RequestRefusal {
            code: ErrorCode::RequestFailed,
            message,
        };
        let Some(subject) = self.subject(&at.text_document.uri) else {
            return Err(refuse("the document is in no catalogue".to_owned()));
        };
        let offset = subject.offset(at.position);
        let found = rename::target(&subject, offset).ok_or_else(|| {
            refuse("only slugs of categories and options can be renamed".to_owned())
        })?;
        let edits = rename::rename(&subject, &found.named, &params.new_name).map_err(refuse)?;
        json(self.edit(subject.workspace, &edits))
    }

    fn code_action(&self, workspace: &CatalogWorkspace, offer: Offer) -> CodeActionOrCommand {
        let kind = kind_of(&offer);
        CodeActionOrCommand::CodeAction(CodeAction {
            edit: Some(self.edit(workspace, &offer.edits)),
            title: offer.title,
            kind: Some(kind),
            ..CodeAction::default()
        })
    }

    fn edit(&self, workspace: &CatalogWorkspace, edits: &FileEdits) -> lsp_types::WorkspaceEdit {
        workspace_edit(edits, workspace, self.documents, self.client)
    }

    /// The answer about a position; null for a document outside of all catalogues.
    fn at<T: Serialize>(
        &self,
        at: &TextDocumentPositionParams,
        answer: impl FnOnce(&SubjectDocument<'_>) -> Option<T>,
    ) -> Answer {
        let subject = self.subject(&at.text_document.uri);
        json(subject.and_then(|subject| answer(&subject)))
    }

    fn subject(&self, uri: &Uri) -> Option<SubjectDocument<'_>> {
        let path = path_of(uri)?;
        let mut roots = path
            .ancestors()
            .filter_map(|root| self.workspaces.get(root));
        roots.find_map(|workspace| {
            let below = slashed(path.strip_prefix(workspace.root()).ok()?)?;
            let (known, _) = workspace.files().get_key_value(&below)?;
            SubjectDocument::new(workspace, known, self.client.encoding)
        })
    }
}

fn kind_of(offer: &Offer) -> CodeActionKind {
    if offer.is_fix {
        CodeActionKind::QUICKFIX
    } else {
        CodeActionKind::REFACTOR_REWRITE
    }
}

fn json(answer: impl Serialize) -> Answer {
    serde_json::to_value(answer).map_err(|error| RequestRefusal {
        code: ErrorCode::InternalError,
        message: format!("the answer has no JSON form: {error}"),
    })
}

fn parsed<R: LspRequest>(request: Request) -> Result<R::Params, RequestRefusal> {
    serde_json::from_value(request.params).map_err(|error| RequestRefusal {
        code: ErrorCode::InvalidParams,
        message: format!("invalid parameters: {error}"),
    })
}
