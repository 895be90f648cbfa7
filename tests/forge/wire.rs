//! HTTP of the fakes: one request per connection, so that each connection can fail in its own way.

use serde_json::Value;
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;

/// A request, read to its end.
pub(crate) struct Request {
    pub method: String,
    /// The path without its query, percent-decoded by segment.
    pub path: Vec<String>,
    /// The query parameter `page`, from 1.
    pub page: usize,
    /// The query parameter `ref`: a branch.
    pub branch: Option<String>,
    pub headers: Vec<(String, String)>,
    pub body: Value,
}

/// An answer to send.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Request {
    pub(crate) fn read(stream: &mut TcpStream) -> io::Result<Self> {
        let mut bytes = Vec::new();
        loop {
            let mut chunk = [0; 4096];
            let read = stream.read(&mut chunk)?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            bytes.extend_from_slice(&chunk[..read]);
            if let Some(request) = Self::parse(&bytes)? {
                return Ok(request);
            }
        }
    }

    fn parse(bytes: &[u8]) -> io::Result<Option<Self>> {
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut head = httparse::Request::new(&mut headers);
        let parsed = head.parse(bytes).map_err(io::Error::other)?;
        let httparse::Status::Complete(length) = parsed else {
            return Ok(None);
        };
        let headers: Vec<(String, String)> = head
            .headers
            .iter()
            .map(|header| {
                let value = String::from_utf8(header.value.to_vec()).unwrap();
                (header.name.to_ascii_lowercase(), value)
            })
            .collect();
        let wanted = headers
            .iter()
            .find(|(name, _)| name == "content-length")
            .map_or(0, |(_, length)| length.parse().unwrap());
        let Some(body) = bytes.get(length..length + wanted) else {
            return Ok(None);
        };
        let url = url::Url::parse("http://fake")
            .unwrap()
            .join(head.path.unwrap())
            .unwrap();
        Ok(Some(Self {
            method: head.method.unwrap().to_owned(),
            page: page(&url),
            branch: branch(&url),
            path: url.path_segments().unwrap().map(str::to_owned).collect(),
            headers,
            body: serde_json::from_slice(body).unwrap_or(Value::Null),
        }))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str())
    }
}

impl Response {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.to_string(),
        }
    }

    pub(crate) fn message(status: u16, message: &str) -> Self {
        Self::json(status, &serde_json::json!({ "message": message }))
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Sends it. Fails when the client has gone.
    pub(crate) fn send(&self, stream: &mut TcpStream) -> io::Result<()> {
        let (head, body) = self.bytes();
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)
    }

    /// Announces the whole body and sends half of it.
    pub(crate) fn send_half(&self, stream: &mut TcpStream) -> io::Result<()> {
        let (head, body) = self.bytes();
        stream.write_all(head.as_bytes())?;
        stream.write_all(&body[..body.len() / 2])
    }

    fn bytes(&self) -> (String, &[u8]) {
        let mut headers = self.headers.clone();
        headers.push(("connection", "close".to_owned()));
        if self.status != 204 {
            headers.push(("content-length", self.body.len().to_string()));
            headers.push(("content-type", "application/json".to_owned()));
        }
        let headers: Vec<String> = headers
            .into_iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let head = format!("HTTP/1.1 {} Fake\r\n{}\r\n", self.status, headers.concat());
        (head, self.body.as_bytes())
    }
}

fn branch(url: &url::Url) -> Option<String> {
    let mut query = url.query_pairs();
    let found = query.find(|(name, _)| name == "ref")?;
    Some(found.1.into_owned())
}

fn page(url: &url::Url) -> usize {
    let page = url.query_pairs().find(|(name, _)| name == "page");
    page.map_or(1, |(_, number)| number.parse().unwrap())
}
