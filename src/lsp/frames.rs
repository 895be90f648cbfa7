//! Messages on the wire: `Content-Length` headers and JSON, with limits.

use lsp_server::Message;
use std::io::{self, BufRead, Read as _};

/// The longest message, in bytes. It has room for a document of the largest size with every character escaped.
const MAX_MESSAGE: u64 = 16 * 1024 * 1024;
/// The longest header line, in bytes.
const MAX_HEADER: u64 = 4096;

/// A step of the reading side.
#[derive(Debug)]
pub(super) enum Received {
    Message(Message),
    /// A message that is skipped, with the reason.
    Refused(String),
}

/// Reads the next message; `None` at the end of the input.
///
/// # Errors
/// The input cannot be read, or its headers cannot, so that the next message cannot be found.
pub(super) fn read(input: &mut impl BufRead) -> io::Result<Option<Received>> {
    let Some(length) = content_length(input)? else {
        return Ok(None);
    };
    let mut content = input.take(length);
    if length > MAX_MESSAGE {
        io::copy(&mut content, &mut io::sink())?;
        let reason = format!("message has {length} bytes, the maximum is {MAX_MESSAGE}");
        return Ok(Some(Received::Refused(reason)));
    }
    let mut bytes = Vec::new();
    content.read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()) != Ok(length) {
        return Ok(None);
    }
    Ok(Some(match serde_json::from_slice(&bytes) {
        Ok(message) => Received::Message(message),
        Err(error) => Received::Refused(format!("message is not valid: {error}")),
    }))
}

/// Reads the headers of a message and returns the length of its content; `None` at the end of the input.
fn content_length(input: &mut impl BufRead) -> io::Result<Option<u64>> {
    let mut length = None;
    loop {
        let mut line = Vec::new();
        input.take(MAX_HEADER).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&line);
        let line = text.trim_end();
        if line.is_empty() {
            let missing = || io::Error::new(io::ErrorKind::InvalidData, "no `Content-Length`");
            return length.ok_or_else(missing).map(Some);
        }
        let malformed = || {
            let message = format!("malformed header `{}`", line.escape_debug());
            io::Error::new(io::ErrorKind::InvalidData, message)
        };
        let (name, value) = line.split_once(':').ok_or_else(malformed)?;
        if name.eq_ignore_ascii_case("Content-Length") {
            length = Some(value.trim().parse().map_err(|_| malformed())?);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(text: &str) -> Vec<Received> {
        let mut input = text.as_bytes();
        std::iter::from_fn(|| read(&mut input).expect("headers are valid")).collect()
    }

    #[test]
    fn a_message_that_is_no_json_is_skipped() {
        let good = r#"{"jsonrpc":"2.0","method":"exit"}"#;
        let text = format!(
            "Content-Length: 3\r\n\r\n{{]}}content-length:{}\r\nContent-Type: x\r\n\r\n{good}",
            good.len()
        );
        let found = frames(&text);
        assert!(matches!(found[0], Received::Refused(_)), "{found:?}");
        assert!(matches!(found[1], Received::Message(_)), "{found:?}");
    }

    #[test]
    fn a_length_beyond_the_limit_reserves_no_memory() {
        let found = frames(&format!("Content-Length: {}\r\n\r\nabc", u64::MAX));
        assert!(matches!(found[0], Received::Refused(_)), "{found:?}");
    }

    #[test]
    fn headers_without_a_length_end_the_reading() {
        assert!(read(&mut "\r\n".as_bytes()).is_err());
        assert!(read(&mut "hello\r\n".as_bytes()).is_err());
        assert!(read(&mut "".as_bytes()).unwrap().is_none());
    }
}
