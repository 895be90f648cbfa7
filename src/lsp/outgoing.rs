//! Messages to the client.

use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::notification::{LogMessage, Notification as _, PublishDiagnostics, ShowMessage};
use lsp_types::request::{RegisterCapability, Request as _};
use lsp_types::{
    Diagnostic, DidChangeWatchedFilesRegistrationOptions, FileSystemWatcher, GlobPattern,
    LogMessageParams, MessageType, PublishDiagnosticsParams, Registration, RegistrationParams,
    ShowMessageParams, Uri,
};
use serde::Serialize;
use std::io::{self, Write};

/// The writing side of the connection.
pub(super) struct Outgoing<W> {
    output: W,
    requests: i32,
}

impl<W: Write> Outgoing<W> {
    pub(super) fn new(output: W) -> Self {
        Self {
            output,
            requests: 0,
        }
    }

    pub(super) fn send(&mut self, message: impl Into<Message>) -> io::Result<()> {
        message.into().write(&mut self.output)
    }

    pub(super) fn refuse(
        &mut self,
        id: RequestId,
        code: ErrorCode,
        message: impl Into<String>,
    ) -> io::Result<()> {
        self.send(Response::new_err(id, code as i32, message.into()))
    }

    pub(super) fn diagnostics(
        &mut self,
        uri: Uri,
        diagnostics: Vec<Diagnostic>,
        version: Option<i32>,
    ) -> io::Result<()> {
        let params = PublishDiagnosticsParams {
            uri,
            diagnostics,
            version,
        };
        self.notify(PublishDiagnostics::METHOD, params)
    }

    /// Writes a line into the editor's log.
    pub(super) fn log(&mut self, message: impl Into<String>) -> io::Result<()> {
        let params = LogMessageParams {
            typ: MessageType::WARNING,
            message: message.into(),
        };
        self.notify(LogMessage::METHOD, params)
    }

    /// Shows a message to the user.
    pub(super) fn show(&mut self, typ: MessageType, message: impl Into<String>) -> io::Result<()> {
        let message = message.into();
        self.notify(ShowMessage::METHOD, ShowMessageParams { typ, message })
    }

    /// Asks the client to tell of changed files.
    pub(super) fn watch_files(&mut self) -> io::Result<()> {
        let watcher = |pattern: &str| FileSystemWatcher {
            glob_pattern: GlobPattern::String(pattern.to_owned()),
            kind: None,
        };
        let options = DidChangeWatchedFilesRegistrationOptions {
            watchers: ["**/catalog/**", "**/recipes/**"].map(watcher).to_vec(),
        };
        self.requests += 1;
        let params = RegistrationParams {
            registrations: vec![Registration {
                id: "files".to_owned(),
                method: "workspace/didChangeWatchedFiles".to_owned(),
                register_options: serde_json::to_value(options).ok(),
            }],
        };
        let method = RegisterCapability::METHOD.to_owned();
        self.send(Request::new(self.requests.into(), method, params))
    }

    fn notify(&mut self, method: &str, params: impl Serialize) -> io::Result<()> {
        self.send(Notification::new(method.to_owned(), params))
    }
}
