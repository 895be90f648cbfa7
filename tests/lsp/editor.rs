//! An editor that speaks the protocol to the real program.

use crate::support::Sandbox;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::io::{BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// The longest wait for a message. Only a fault lets it pass.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Editor {
    child: RefCell<Child>,
    input: RefCell<Option<ChildStdin>>,
    messages: Receiver<Value>,
    /// Messages that arrived while another one was awaited.
    kept: RefCell<VecDeque<Value>>,
    /// The last diagnostics of each document, by address.
    shown: RefCell<BTreeMap<String, Vec<Shown>>>,
    requests: Cell<i64>,
    versions: Cell<i64>,
    root: PathBuf,
}

/// A diagnostic in short: line and column from 1, code and text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) line: u64,
    pub(crate) column: u64,
    /// The word of `check` for it.
    pub(crate) severity: &'static str,
    pub(crate) code: String,
    pub(crate) message: String,
}

impl Editor {
    /// An editor in the root of a sandbox that can do everything the server asks about.
    pub(crate) fn start(sandbox: &Sandbox) -> Self {
        Self::with(
            sandbox,
            json!({
                "workspace": {
                    "workspaceEdit": { "documentChanges": true, "resourceOperations": ["rename"] },
                },
            }),
        )
    }

    /// An editor with these abilities.
    pub(crate) fn with(sandbox: &Sandbox, capabilities: Value) -> Self {
        let editor = Self::connect(sandbox);
        editor.initialize(sandbox.path(), capabilities);
        editor
    }

    /// A started server that was sent nothing.
    pub(crate) fn connect(sandbox: &Sandbox) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_groundplan"));
        let command = sandbox.settle(command.arg("lsp"));
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let (sender, messages) = channel();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            while let Some(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        Self {
            input: RefCell::new(child.stdin.take()),
            child: RefCell::new(child),
            messages,
            kept: RefCell::default(),
            shown: RefCell::default(),
            requests: Cell::new(0),
            versions: Cell::new(0),
            root: sandbox.path().to_owned(),
        }
    }

    /// Introduces the editor, with one open folder, and returns the server's abilities.
    pub(crate) fn initialize(&self, folder: &Path, capabilities: Value) -> Value {
        let folder = json!({ "uri": uri(folder), "name": "folder" });
        let mut params =
            json!({ "processId": null, "rootUri": null, "workspaceFolders": [folder] });
        params["capabilities"] = capabilities;
        let result = self.ask("initialize", params);
        self.tell("initialized", json!({}));
        result["capabilities"].clone()
    }

    pub(crate) fn uri(&self, path: &str) -> String {
        uri(&self.root.join(path))
    }

    pub(crate) fn send(&self, message: &Value) {
        self.send_text(&message.to_string());
    }

    pub(crate) fn send_text(&self, text: &str) {
        self.send_bytes(format!("Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes());
    }

    pub(crate) fn send_bytes(&self, bytes: &[u8]) {
        let mut input = self.input.borrow_mut();
        let input = input.as_mut().expect("the input is open");
        input.write_all(bytes).unwrap();
        input.flush().unwrap();
    }

    pub(crate) fn tell(&self, method: &str, params: Value) {
        let mut message = json!({ "jsonrpc": "2.0", "method": method });
        message["params"] = params;
        self.send(&message);
    }

    /// The answer to a request, with `result` or `error`.
    pub(crate) fn response(&self, method: &str, params: Value) -> Value {
        let id = self.requests.get() + 1;
        self.requests.set(id);
        let mut message = json!({ "jsonrpc": "2.0", "id": id, "method": method });
        message["params"] = params;
        self.send(&message);
        self.wait(method, |message| {
            message["id"] == id && message.get("method").is_none()
        })
    }

    /// The result of a request.
    #[track_caller]
    pub(crate) fn ask(&self, method: &str, params: Value) -> Value {
        let response = self.response(method, params);
        assert_eq!(response.get("error"), None, "{method}");
        response["result"].clone()
    }

    /// The code and the message of a refused request.
    #[track_caller]
    pub(crate) fn refused(&self, method: &str, params: Value) -> (i64, String) {
        let response = self.response(method, params);
        let error = &response["error"];
        let code = error["code"].as_i64().expect("the request is refused");
        (code, error["message"].as_str().unwrap().to_owned())
    }

    /// Waits for a message; others that arrive before it are kept.
    pub(crate) fn wait(&self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let mut kept = self.kept.borrow_mut();
        if let Some(at) = kept.iter().position(&is_it) {
            return kept.remove(at).unwrap();
        }
        loop {
            let message = self
                .messages
                .recv_timeout(PATIENCE)
                .unwrap_or_else(|_| panic!("{what}: no answer; before it came {kept:#?}"));
            if message["method"] == "textDocument/publishDiagnostics" {
                let uri = message["params"]["uri"].as_str().unwrap().to_owned();
                self.shown.borrow_mut().insert(uri, Shown::all(&message));
            }
            if is_it(&message) {
                return message;
            }
            kept.push_back(message);
        }
    }

    /// Opens a document with a text, saved or not, and returns its diagnostics.
    pub(crate) fn open(&self, path: &str, text: &str) -> Vec<Shown> {
        let version = self.open_unchecked(path, text);
        self.diagnostics(path, Some(version))
    }

    /// Opens a document of which the server is not expected to say anything.
    pub(crate) fn open_unchecked(&self, path: &str, text: &str) -> i64 {
        let version = self.next_version();
        let document = json!({ "uri": self.uri(path), "languageId": "yaml", "version": version, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
        version
    }

    /// Replaces the text of an open document and returns its diagnostics.
    pub(crate) fn write(&self, path: &str, text: &str) -> Vec<Shown> {
        self.change(path, json!([{ "text": text }]))
    }

    /// Sends changes of an open document and returns its diagnostics.
    pub(crate) fn change(&self, path: &str, changes: Value) -> Vec<Shown> {
        let version = self.next_version();
        let document = json!({ "uri": self.uri(path), "version": version });
        let mut params = json!({ "textDocument": document });
        params["contentChanges"] = changes;
        self.tell("textDocument/didChange", params);
        self.diagnostics(path, Some(version))
    }

    /// The next diagnostics of a document, of one version of its text if it is open.
    pub(crate) fn diagnostics(&self, path: &str, version: Option<i64>) -> Vec<Shown> {
        Shown::all(&json!({ "params": self.published(path, version) }))
    }

    /// All diagnostics that the editor shows by now, by path. The server has checked what was sent before.
    pub(crate) fn all_shown(&self) -> Vec<(String, Shown)> {
        // A check ends before the next request is answered.
        self.response("textDocument/hover", Value::Null);
        let root = self.uri("");
        let shown = self.shown.borrow();
        let all = shown.iter().flat_map(|(uri, all)| {
            let path = uri.strip_prefix(root.as_str()).unwrap_or(uri);
            all.iter().map(move |one| (path.to_owned(), one.clone()))
        });
        all.collect()
    }

    /// The same as the protocol sends them.
    pub(crate) fn published(&self, path: &str, version: Option<i64>) -> Value {
        let uri = self.uri(path);
        let message = self.wait(path, |message| {
            message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["uri"] == uri
                && version.is_none_or(|version| message["params"]["version"] == version)
        });
        message["params"].clone()
    }

    /// Opens a document with a `‸` at the cursor, asks a question about that position, and closes it.
    #[track_caller]
    pub(crate) fn ask_at(&self, method: &str, path: &str, text: &str) -> Value {
        let (text, position) = cursor(text);
        self.open_unchecked(path, &text);
        let document = json!({ "uri": self.uri(path) });
        let result = self.ask(
            method,
            json!({ "textDocument": document, "position": position }),
        );
        self.tell("textDocument/didClose", json!({ "textDocument": document }));
        result
    }

    fn next_version(&self) -> i64 {
        self.versions.set(self.versions.get() + 1);
        self.versions.get()
    }

    /// Ends the session as the protocol says and returns the exit code.
    pub(crate) fn quit(self) -> Option<i32> {
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        self.exit_code()
    }

    /// The exit code, after the end of the input.
    pub(crate) fn exit_code(&self) -> Option<i32> {
        drop(self.input.borrow_mut().take());
        self.child.borrow_mut().wait().unwrap().code()
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        drop(self.child.borrow_mut().kill());
        drop(self.child.borrow_mut().wait());
    }
}

impl Shown {
    fn all(message: &Value) -> Vec<Self> {
        let all = message["params"]["diagnostics"].as_array().unwrap();
        all.iter().map(Self::of).collect()
    }

    fn of(diagnostic: &Value) -> Self {
        let start = &diagnostic["range"]["start"];
        Self {
            line: start["line"].as_u64().unwrap() + 1,
            column: start["character"].as_u64().unwrap() + 1,
            severity: match diagnostic["severity"].as_u64() {
                Some(1) => "error",
                Some(2) => "warning",
                _ => "other",
            },
            code: diagnostic["code"].as_str().unwrap().to_owned(),
            message: diagnostic["message"].as_str().unwrap().to_owned(),
        }
    }
}

/// The text without the `‸`, and its position in UTF-16.
pub(crate) fn cursor(text: &str) -> (String, Value) {
    let at = text.find('‸').expect("a cursor");
    let line = text[..at].matches('\n').count();
    let start = text[..at].rfind('\n').map_or(0, |at| at + 1);
    let character = text[start..at].encode_utf16().count();
    let position = json!({ "line": line, "character": character });
    (text.replace('‸', ""), position)
}

fn uri(path: &Path) -> String {
    let encoded = path.display().to_string();
    format!("file://{}", encoded.replace('[', "%5B").replace(']', "%5D"))
}

/// The next message of the server; none at its end.
fn read(output: &mut impl std::io::BufRead) -> Option<Value> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some(text) = line.strip_prefix("Content-Length: ") {
            length = text.parse().ok();
        }
    }
    let mut bytes = vec![0; length?];
    output.read_exact(&mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok()
}
