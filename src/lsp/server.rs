//! The loop of the server: messages in order, then a check of what they changed.

use super::client::Client;
use super::diagnostics;
use super::documents::Documents;
use super::frames::{self, Received};
use super::outgoing::Outgoing;
use super::requests::AnswerContext;
use super::roots;
use super::uris::{path_of, uri_of};
use super::workspace::CatalogWorkspace;
use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::notification::{
    DidChangeTextDocument, DidChangeWatchedFiles, DidChangeWorkspaceFolders, DidCloseTextDocument,
    DidOpenTextDocument, DidSaveTextDocument, Initialized, Notification as LspNotification,
};
use lsp_types::{
    CodeActionKind, CodeActionOptions, CodeActionProviderCapability, CompletionOptions, Diagnostic,
    HoverProviderCapability, InitializeParams, InitializeResult, MessageType, OneOf,
    PositionEncodingKind, RenameOptions, SaveOptions, ServerCapabilities, ServerInfo,
    TextDocumentSyncCapability, TextDocumentSyncKind, TextDocumentSyncOptions,
    WorkspaceFoldersServerCapabilities, WorkspaceServerCapabilities,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufReader, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::thread;

/// The end of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The client asked for the end, after a shutdown.
    InOrder,
    /// The client asked for the end without a shutdown, or is gone.
    Abruptly,
}

/// The maximum number of messages that wait. The client's writing waits beyond it.
const MAX_WAITING: usize = 256;

/// Serves one client until it ends the session.
///
/// # Errors
/// The input or the output cannot be used.
pub fn serve(input: impl Read + Send + 'static, output: impl Write) -> io::Result<Ended> {
    let (sender, receiver) = sync_channel(MAX_WAITING);
    // Not joined: it waits for input that the client may never send.
    thread::spawn(move || {
        let mut input = BufReader::new(input);
        loop {
            let frame = frames::read(&mut input).transpose();
            let Some(frame) = frame else { break };
            let is_last = frame.is_err();
            if sender.send(frame).is_err() || is_last {
                break;
            }
        }
    });
    Server::new(output).run(&receiver)
}

/// The phases of the protocol.
enum Phase {
    BeforeInitialize,
    Running(Client),
    AfterShutdown,
}

struct Server<W> {
    out: Outgoing<W>,
    phase: Phase,
    documents: Documents,
    workspaces: BTreeMap<PathBuf, CatalogWorkspace>,
    /// The roots to check, and those of them whose files on disk are read again before.
    changed: BTreeSet<PathBuf>,
    changed_on_disk: BTreeSet<PathBuf>,
    /// Open documents that were changed since the last check: their diagnostics are sent even if they are the same.
    touched: BTreeSet<PathBuf>,
    /// The diagnostics that the client shows.
    published: BTreeMap<PathBuf, Vec<Diagnostic>>,
}

impl<W: Write> Server<W> {
    fn new(output: W) -> Self {
        Self {
            out: Outgoing::new(output),
            phase: Phase::BeforeInitialize,
            documents: Documents::default(),
            workspaces: BTreeMap::new(),
            changed: BTreeSet::new(),
            changed_on_disk: BTreeSet::new(),
            touched: BTreeSet::new(),
            published: BTreeMap::new(),
        }
    }

    fn run(&mut self, frames: &Receiver<io::Result<Received>>) -> io::Result<Ended> {
        loop {
            let frame = match frames.try_recv() {
                Ok(frame) => frame?,
                // Nothing waits: time to check.
                Err(TryRecvError::Empty) => {
                    self.check()?;
                    match frames.recv() {
                        Ok(frame) => frame?,
                        Err(_) => return Ok(Ended::Abruptly),
                    }
                }
                Err(TryRecvError::Disconnected) => return Ok(Ended::Abruptly),
            };
            match frame {
                Received::Refused(reason) => self.out.log(reason)?,
                Received::Message(Message::Request(request)) => self.request(request)?,
                Received::Message(Message::Response(_)) => {}
                Received::Message(Message::Notification(message)) if message.method == "exit" => {
                    return Ok(match self.phase {
                        Phase::AfterShutdown => Ended::InOrder,
                        Phase::BeforeInitialize | Phase::Running(_) => Ended::Abruptly,
                    });
                }
                Received::Message(Message::Notification(message)) => self.notification(message)?,
            }
        }
    }

    fn request(&mut self, request: Request) -> io::Result<()> {
        let id = request.id.clone();
        match (&self.phase, request.method.as_str()) {
            (Phase::BeforeInitialize, "initialize") => self.initialize(request),
            (Phase::BeforeInitialize, _) => {
                let message = "`initialize` comes first";
                self.out
                    .refuse(id, ErrorCode::ServerNotInitialized, message)
            }
            (Phase::AfterShutdown, _) => {
                let message = "the server is shut down";
                self.out.refuse(id, ErrorCode::InvalidRequest, message)
            }
            (Phase::Running(_), "initialize") => {
                let message = "the server is initialized already";
                self.out.refuse(id, ErrorCode::InvalidRequest, message)
            }
            (Phase::Running(_), "shutdown") => {
                self.phase = Phase::AfterShutdown;
                self.out.send(Response::new_ok(id, Value::Null))
            }
            (Phase::Running(client), _) => {
                let client = client.clone();
                self.answer(&client, id, request)
            }
        }
    }

    fn initialize(&mut self, request: Request) -> io::Result<()> {
        let params: InitializeParams = match serde_json::from_value(request.params) {
            Ok(params) => params,
            Err(error) => {
                let message = format!("invalid parameters: {error}");
                return self
                    .out
                    .refuse(request.id, ErrorCode::InvalidParams, message);
            }
        };
        let client = Client::of(&params);
        let result = InitializeResult {
            capabilities: capabilities(&client),
            server_info: Some(ServerInfo {
                name: "groundplan".to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            }),
        };
        for folder in &client.folders {
            self.add_folder(folder);
        }
        self.phase = Phase::Running(client);
        self.out.send(Response::new_ok(request.id, result))
    }

    /// Answers a request. One that panics is answered with an error.
    fn answer(&mut self, client: &Client, id: RequestId, request: Request) -> io::Result<()> {
        self.bring_up_to_date()?;
        let snapshot = AnswerContext {
            workspaces: &self.workspaces,
            documents: &self.documents,
            client,
        };
        let method = request.method.clone();
        match guarded(|| snapshot.answer(request)) {
            Ok(Ok(answer)) => self.out.send(Response::new_ok(id, answer)),
            Ok(Err(refusal)) => self.out.refuse(id, refusal.code, refusal.message),
            Err(reason) => {
                let message = format!("`{method}` failed: {reason}");
                self.out.log(message.clone())?;
                self.out.refuse(id, ErrorCode::InternalError, message)
            }
        }
    }

    /// Reads the files of changed workspaces, without a check.
    fn bring_up_to_date(&mut self) -> io::Result<()> {
        for root in self.changed.clone() {
            let reads_disk = self.changed_on_disk.remove(&root);
            let Some(workspace) = self.workspaces.get_mut(&root) else {
                continue;
            };
            let documents = &self.documents;
            let read = guarded(|| workspace.bring_up_to_date(documents, reads_disk));
            if let Ok(Err(problem)) | Err(problem) = read {
                self.out.log(problem)?;
            }
        }
        Ok(())
    }

    fn notification(&mut self, notification: Notification) -> io::Result<()> {
        let Phase::Running(client) = &self.phase else {
            return Ok(());
        };
        let client = client.clone();
        let Notification { method, params } = notification;
        let applied = match method.as_str() {
            Initialized::METHOD if client.watches_files => return self.out.watch_files(),
            DidOpenTextDocument::METHOD => {
                parsed::<DidOpenTextDocument>(params).map(|params| self.did_open(params))
            }
            DidChangeTextDocument::METHOD => parsed::<DidChangeTextDocument>(params)
                .map(|params| self.did_change(params, &client)),
            DidSaveTextDocument::METHOD => parsed::<DidSaveTextDocument>(params)
                .map(|params| self.disk_changed(&params.text_document.uri)),
            DidCloseTextDocument::METHOD => {
                parsed::<DidCloseTextDocument>(params).map(|params| self.did_close(&params))
            }
            DidChangeWatchedFiles::METHOD => {
                parsed::<DidChangeWatchedFiles>(params).map(|params| {
                    for change in &params.changes {
                        self.disk_changed(&change.uri);
                    }
                })
            }
            DidChangeWorkspaceFolders::METHOD => parsed::<DidChangeWorkspaceFolders>(params)
                .map(|params| self.folders_changed(&params)),
            _ => Ok(()),
        };
        match applied {
            Ok(()) => Ok(()),
            Err(error) => self.out.log(format!("`{method}`: {error}")),
        }
    }

    fn did_open(&mut self, params: lsp_types::DidOpenTextDocumentParams) {
        let document = params.text_document;
        if let Some(path) = path_of(&document.uri) {
            let opened = (document.uri, document.version, document.text);
            self.documents
                .open(path.clone(), opened.0, opened.1, opened.2);
            self.find_root(&path);
            self.touched.insert(path);
        }
    }

    fn did_change(&mut self, params: lsp_types::DidChangeTextDocumentParams, client: &Client) {
        let Some(path) = path_of(&params.text_document.uri) else {
            return;
        };
        let version = params.text_document.version;
        let changes = params.content_changes;
        self.documents
            .change(&path, version, changes, client.encoding);
        if let Some(root) = self.root_of(&path) {
            self.changed.insert(root.clone());
            if !client.watches_files {
                self.changed_on_disk.insert(root);
            }
        } else {
            self.find_root(&path);
        }
        self.touched.insert(path);
    }

    fn did_close(&mut self, params: &lsp_types::DidCloseTextDocumentParams) {
        if let Some(path) = path_of(&params.text_document.uri) {
            self.documents.close(&path);
            self.touched.remove(&path);
            self.disk_changed(&params.text_document.uri);
        }
    }

    /// A file on disk was created, changed or removed.
    fn disk_changed(&mut self, uri: &lsp_types::Uri) {
        let Some(path) = path_of(uri) else { return };
        match self.root_of(&path) {
            Some(root) => {
                self.changed.insert(root.clone());
                self.changed_on_disk.insert(root);
            }
            None => self.find_root(&path),
        }
    }

    fn folders_changed(&mut self, params: &lsp_types::DidChangeWorkspaceFoldersParams) {
        for folder in &params.event.added {
            if let Some(path) = path_of(&folder.uri) {
                self.add_folder(&path);
            }
        }
        for folder in &params.event.removed {
            let removed = path_of(&folder.uri);
            let roots = self.workspaces.keys();
            let below =
                |root: &&PathBuf| removed.as_ref().is_some_and(|path| root.starts_with(path));
            let below: Vec<PathBuf> = roots.filter(below).cloned().collect();
            for root in below {
                let is_used = self.documents.paths().any(|path| path.starts_with(&root));
                if !is_used {
                    self.workspaces.remove(&root);
                    self.changed.insert(root);
                }
            }
        }
    }

    fn add_folder(&mut self, folder: &Path) {
        let documents = &self.documents;
        let has_file = |path: &Path| documents.get(path).is_some() || path.is_file();
        if let Some(root) = roots::of_folder(folder, &has_file) {
            self.add_root(root);
        }
    }

    /// Finds the root of a document, unless it is known. A document outside of all catalogues has none.
    fn find_root(&mut self, path: &Path) {
        let documents = &self.documents;
        let has_file = |path: &Path| documents.get(path).is_some() || path.is_file();
        if let Some(root) = self
            .root_of(path)
            .or_else(|| roots::of_path(path, &has_file))
        {
            self.add_root(root);
        }
    }

    fn add_root(&mut self, root: PathBuf) {
        let new = || CatalogWorkspace::new(root.clone());
        self.workspaces.entry(root.clone()).or_insert_with(new);
        self.changed_on_disk.insert(root.clone());
        self.changed.insert(root);
    }

    /// The known root of a path.
    fn root_of(&self, path: &Path) -> Option<PathBuf> {
        let is_catalogs = |root: &&Path| {
            let below = path.strip_prefix(root).unwrap_or(path);
            below.starts_with("catalog") || below.starts_with("recipes")
        };
        let mut roots = path
            .ancestors()
            .filter(|root| self.workspaces.contains_key(*root));
        roots.find(is_catalogs).map(Path::to_owned)
    }

    /// Checks what was changed and sends new diagnostics.
    fn check(&mut self) -> io::Result<()> {
        let Phase::Running(client) = &self.phase else {
            return Ok(());
        };
        let client = client.clone();
        self.bring_up_to_date()?;
        while let Some(root) = self.changed.pop_first() {
            let Some(workspace) = self.workspaces.get_mut(&root) else {
                self.publish(&root, BTreeMap::new())?;
                continue;
            };
            let checked = guarded(|| {
                let findings = workspace.check();
                let encoding = client.encoding;
                let files = workspace.files();
                diagnostics::by_file(&findings, files, workspace.root(), encoding)
            });
            match checked {
                Ok(by_file) => self.publish(&root, by_file)?,
                Err(reason) => {
                    let message = format!("groundplan cannot check the catalogues: {reason}");
                    self.out.show(MessageType::ERROR, message)?;
                }
            }
        }
        Ok(())
    }

    /// Sends the diagnostics of a root that differ from those the client shows, and those of documents that were touched.
    fn publish(
        &mut self,
        root: &Path,
        by_file: BTreeMap<String, Vec<Diagnostic>>,
    ) -> io::Result<()> {
        let mut new: BTreeMap<PathBuf, Vec<Diagnostic>> = by_file
            .into_iter()
            .map(|(path, diagnostics)| (root.join(path), diagnostics))
            .collect();
        let shown = self.published.keys().filter(|path| path.starts_with(root));
        let touched = self.touched.iter().filter(|path| path.starts_with(root));
        let others: Vec<PathBuf> = shown.chain(touched).cloned().collect();
        for path in others {
            new.entry(path).or_default();
        }
        for (path, diagnostics) in new {
            let shown = self.published.get(&path);
            let is_same = shown.map_or(&[][..], Vec::as_slice) == diagnostics;
            let open = self.documents.get(&path);
            if self.touched.remove(&path) || !is_same {
                let uri = open.map_or_else(|| uri_of(&path), |open| Some(open.uri.clone()));
                let version = open.map(|open| open.version);
                if let Some(uri) = uri {
                    self.out.diagnostics(uri, diagnostics.clone(), version)?;
                }
            }
            if diagnostics.is_empty() {
                self.published.remove(&path);
            } else {
                self.published.insert(path, diagnostics);
            }
        }
        Ok(())
    }
}

fn parsed<N: LspNotification>(params: Value) -> Result<N::Params, serde_json::Error> {
    serde_json::from_value(params)
}

/// The result of some work, or the message of its panic.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let owned = panic.downcast_ref::<String>().map(String::as_str);
        let text = owned.or_else(|| panic.downcast_ref::<&str>().copied());
        text.unwrap_or("internal error").to_owned()
    })
}

fn capabilities(client: &Client) -> ServerCapabilities {
    use super::positions::Encoding;
    ServerCapabilities {
        position_encoding: Some(match client.encoding {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
        }),
        text_document_sync: Some(TextDocumentSyncCapability::Options(
            TextDocumentSyncOptions {
                open_close: Some(true),
                change: Some(TextDocumentSyncKind::INCREMENTAL),
                save: Some(SaveOptions::default().into()),
                ..TextDocumentSyncOptions::default()
            },
        )),
        completion_provider: Some(CompletionOptions {
            trigger_characters: Some(
                ["_", "/", " ", "-", ":", "[", "{"]
                    .map(String::from)
                    .to_vec(),
            ),
            ..CompletionOptions::default()
        }),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        definition_provider: Some(OneOf::Left(true)),
        rename_provider: Some(OneOf::Right(RenameOptions {
            prepare_provider: Some(true),
            work_done_progress_options: lsp_types::WorkDoneProgressOptions::default(),
        })),
        code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
            code_action_kinds: Some(vec![
                CodeActionKind::QUICKFIX,
                CodeActionKind::REFACTOR_REWRITE,
            ]),
            ..CodeActionOptions::default()
        })),
        workspace: Some(WorkspaceServerCapabilities {
            workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                supported: Some(true),
                change_notifications: Some(OneOf::Left(true)),
            }),
            ..WorkspaceServerCapabilities::default()
        }),
        ..ServerCapabilities::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_answer() {
        let failed = guarded(|| -> u8 { panic!("page {} is missing", 3) });
        assert_eq!(failed, Err("page 3 is missing".to_owned()));
    }
}
