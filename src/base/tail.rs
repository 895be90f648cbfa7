//! The end of the output of a program.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};

/// The last `limit` bytes of a file as text. A line that is cut is left out, unless it is all that there is.
pub fn tail(output: &mut File, limit: u64) -> io::Result<String> {
    let length = output.seek(SeekFrom::End(0))?;
    output.seek(SeekFrom::Start(length.saturating_sub(limit)))?;
    let mut bytes = Vec::new();
    output.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let whole_lines = text
        .split_once('\n')
        .filter(|(_, rest)| length > limit && !rest.trim().is_empty())
        .map(|(_, rest)| rest.to_owned());
    Ok(whole_lines.unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn the_last_whole_lines_are_shown() {
        let of = |text: &str, limit| {
            let mut file = tempfile::tempfile().expect("a file");
            file.write_all(text.as_bytes()).expect("room");
            tail(&mut file, limit).expect("a file that can be read")
        };
        assert_eq!(of("one\ntwo\n", 8), "one\ntwo\n");
        assert_eq!(of("one\ntwo\n", 7), "two\n");
        assert_eq!(of("long line\n", 5), "line\n");
        assert_eq!(of("", 5), "");
    }
}
