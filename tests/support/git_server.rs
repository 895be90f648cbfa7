//! Git repositories over smart HTTP by `git http-backend`, with faults on demand.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

/// A running server. It ends when it is dropped.
pub(crate) struct GitServer {
    address: SocketAddr,
    shared: Arc<Shared>,
}

/// The answer of a request that fails.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// A status, with a body that repeats the request's headers.
    Status(u16),
    Redirect(String),
    /// The first bytes of the body, then the end of the connection.
    Cut(usize),
    /// No answer until [`GitServer::release`].
    Stall,
    /// A body without end.
    Endless,
}

struct Shared {
    root: PathBuf,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    requests: Vec<String>,
    faults: Vec<(String, Fault)>,
    before: Option<(String, Box<dyn FnOnce() + Send>)>,
    authorization: Option<String>,
    /// The number of calls of [`GitServer::release`].
    released: usize,
    is_closed: bool,
}

struct Request {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl GitServer {
    /// Serves the bare repositories below a folder.
    pub(crate) fn over(root: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let shared = Arc::new(Shared {
            root: root.to_owned(),
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let address = listener.local_addr().unwrap();
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if serving.state().is_closed {
                    return;
                }
                let shared = Arc::clone(&serving);
                // Some tests end the client early.
                thread::spawn(move || stream.and_then(|stream| shared.serve(stream)));
            }
        });
        Self { address, shared }
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    /// Demands a user and a secret from now on.
    pub(crate) fn requires(&self, user: &str, secret: &str) {
        let login = BASE64_STANDARD.encode(format!("{user}:{secret}"));
        self.shared.state().authorization = Some(format!("Basic {login}"));
    }

    /// Fails requests with this part in their path or query from now on.
    pub(crate) fn fails(&self, part: &str, fault: Fault) {
        self.shared.state().faults.push((part.to_owned(), fault));
    }

    pub(crate) fn heals(&self) {
        self.shared.state().faults.clear();
    }

    /// Runs an action once, before the answer to the next request with this part in its path or query.
    pub(crate) fn before(&self, part: &str, act: impl FnOnce() + Send + 'static) {
        self.shared.state().before = Some((part.to_owned(), Box::new(act)));
    }

    /// All requests so far, as `METHOD path?query`.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.shared.state().requests.clone()
    }

    /// The number of fetches.
    pub(crate) fn fetches(&self) -> usize {
        let is_fetch =
            |request: &&String| request.starts_with("GET") && request.contains("info/refs");
        self.requests().iter().filter(is_fetch).count()
    }

    /// Waits for a request with this part.
    #[track_caller]
    pub(crate) fn wait_for(&self, part: &str) {
        let is_missing =
            |state: &mut State| !state.requests.iter().any(|request| request.contains(part));
        let (_state, waited) = self
            .shared
            .changed
            .wait_timeout_while(self.shared.state(), Duration::from_mins(1), is_missing)
            .unwrap();
        assert!(!waited.timed_out(), "no request with {part}");
    }

    /// Closes all stalled connections.
    pub(crate) fn release(&self) {
        self.shared.state().released += 1;
        self.shared.changed.notify_all();
    }
}

impl Drop for GitServer {
    fn drop(&mut self) {
        self.shared.state().is_closed = true;
        self.release();
        // Wakes the accepting thread, which is gone if it has seen the end already.
        drop(TcpStream::connect(self.address));
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let Some(request) = read(&stream)? else {
            return Ok(());
        };
        let target = format!("{}?{}", request.path, request.query);
        let (fault, before, is_refused, released) = {
            let mut state = self.state();
            state.requests.push(format!("{} {target}", request.method));
            let fault = state.faults.iter().find(|(part, _)| target.contains(part));
            let fault = fault.map(|(_, fault)| fault.clone());
            let before = state.before.take_if(|(part, _)| target.contains(&*part));
            let is_refused = state.authorization.is_some()
                && state.authorization.as_deref() != request.header("authorization");
            (fault, before, is_refused, state.released)
        };
        self.changed.notify_all();
        if let Some((_, act)) = before {
            act();
        }
        match fault {
            _ if is_refused => {
                write!(
                    stream,
                    "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"test\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                )
            }
            Some(Fault::Status(status)) => {
                let mut body = String::new();
                for (name, value) in &request.headers {
                    writeln!(body, "{name}: {value}").unwrap();
                }
                write!(
                    stream,
                    "HTTP/1.1 {status} Fault\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                )
            }
            Some(Fault::Redirect(to)) => {
                write!(
                    stream,
                    "HTTP/1.1 302 Found\r\nLocation: {to}{target}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                )
            }
            Some(Fault::Stall) => {
                let is_waiting = |state: &mut State| state.released == released;
                let _state = self.changed.wait_while(self.state(), is_waiting).unwrap();
                Ok(())
            }
            Some(Fault::Endless) => {
                write!(
                    stream,
                    "HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-result\r\nConnection: close\r\n\r\n0011shallow-info\n0001000dpackfile\n"
                )?;
                // One object, a blob of 2^40 bytes, in stored blocks.
                let head = b"PACK\0\0\0\x02\0\0\0\x01\xb0\x80\x80\x80\x80\x80\x02\x78\x01";
                let mut block = b"\0\xff\xff\0\0".to_vec();
                block.resize(5 + 0xffff, b'x');
                packet(&mut stream, head)?;
                loop {
                    for part in block.chunks(40_000) {
                        packet(&mut stream, part)?;
                    }
                }
            }
            None | Some(Fault::Cut(_)) => {
                let answer = self.backend(&request)?;
                let (head, body) = split(&answer);
                let status = head.lines().find_map(|line| line.strip_prefix("Status: "));
                let status = status.unwrap_or("200 OK").to_owned();
                write!(stream, "HTTP/1.1 {status}\r\n")?;
                for line in head.lines().filter(|line| !line.starts_with("Status: ")) {
                    write!(stream, "{line}\r\n")?;
                }
                write!(
                    stream,
                    "Content-Length: {}\r\nConnection: close\r\n\r\n",
                    body.len()
                )?;
                let end = match fault {
                    Some(Fault::Cut(bytes)) => bytes.min(body.len()),
                    _ => body.len(),
                };
                stream.write_all(&body[..end])
            }
        }
    }

    /// The answer of `git http-backend`.
    fn backend(&self, request: &Request) -> std::io::Result<Vec<u8>> {
        let mut command = Command::new("git");
        command
            .arg("http-backend")
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_COUNT", "1")
            .env("GIT_CONFIG_KEY_0", "http.receivepack")
            .env("GIT_CONFIG_VALUE_0", "true")
            .env("GIT_PROJECT_ROOT", &self.root)
            .env("GIT_HTTP_EXPORT_ALL", "1")
            .env("REQUEST_METHOD", &request.method)
            .env("PATH_INFO", &request.path)
            .env("QUERY_STRING", &request.query)
            .env("REMOTE_ADDR", "127.0.0.1")
            .env("CONTENT_LENGTH", request.body.len().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        for (header, variable) in [
            ("content-type", "CONTENT_TYPE"),
            ("content-encoding", "HTTP_CONTENT_ENCODING"),
            ("git-protocol", "GIT_PROTOCOL"),
        ] {
            if let Some(value) = request.header(header) {
                command.env(variable, value);
            }
        }
        let mut child = command.spawn()?;
        let mut stdin = child.stdin.take().unwrap();
        let body = request.body.clone();
        // A refused push is answered before it is read to its end, which ends the pipe.
        let writing = thread::spawn(move || drop(stdin.write_all(&body)));
        let output = child.wait_with_output()?;
        writing.join().unwrap();
        Ok(output.stdout)
    }
}

impl Request {
    fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|(header, _)| header == name);
        header.map(|(_, value)| value.as_str())
    }
}

fn read(stream: &TcpStream) -> std::io::Result<Option<Request>> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split(' ');
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Ok(None);
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
    };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        request
            .headers
            .push((name.to_ascii_lowercase(), value.to_owned()));
    }
    if request.header("expect").is_some() {
        let mut stream = stream;
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    if request.header("transfer-encoding") == Some("chunked") {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size)?;
            let size = usize::from_str_radix(size.trim(), 16).map_err(std::io::Error::other)?;
            let mut chunk = vec![0; size + 2];
            reader.read_exact(&mut chunk)?;
            request.body.extend_from_slice(&chunk[..size]);
            if size == 0 {
                break;
            }
        }
    } else if let Some(length) = request.header("content-length") {
        let mut body = vec![0; length.parse().map_err(std::io::Error::other)?];
        reader.read_exact(&mut body)?;
        request.body = body;
    }
    Ok(Some(request))
}

/// A packet of the sideband that carries the pack.
fn packet(stream: &mut TcpStream, data: &[u8]) -> std::io::Result<()> {
    write!(stream, "{:04x}\u{1}", data.len() + 5)?;
    stream.write_all(data)
}

/// The headers and the body of a CGI answer.
fn split(answer: &[u8]) -> (String, &[u8]) {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n");
    let end = end.unwrap_or(answer.len());
    let body = answer.get(end + 4..).unwrap_or_default();
    (String::from_utf8_lossy(&answer[..end]).into_owned(), body)
}
