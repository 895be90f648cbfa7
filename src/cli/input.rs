//! Files that the command line names, read within limits.

use crate::cli::error::Failure;
use crate::source::text::MAX_BYTES;
use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

/// Reads a document, at most one byte beyond the limit of documents.
pub(crate) fn document(path: &Path) -> Result<Vec<u8>, Failure> {
    read(path, MAX_BYTES as u64 + 1)
}

/// The largest JSON file that is read as data, in bytes. It is in memory three times: as text, as values and as text.
const MAX_DATA: u64 = 16 * 1024 * 1024;

/// Reads a data file of at most 16 MiB.
pub(crate) fn data(path: &Path) -> Result<Vec<u8>, Failure> {
    let bytes = read(path, MAX_DATA + 1)?;
    if bytes.len() as u64 > MAX_DATA {
        return Err(Failure::environment(
            "file_too_large",
            format!("`{}` has more than {MAX_DATA} bytes", path.display()),
        )
        .hinted("split it"));
    }
    Ok(bytes)
}

fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    let fail = |error: io::Error| Failure::reading(path, error);
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        io::stdin()
            .take(limit)
            .read_to_end(&mut bytes)
            .map_err(fail)?;
        return Ok(bytes);
    }
    let metadata = fs::metadata(path).map_err(fail)?;
    if metadata.is_dir() {
        return Err(fail(io::ErrorKind::IsADirectory.into()));
    }
    if !metadata.is_file() {
        return Err(Failure::environment(
            "file_not_plain",
            format!("`{}` is not a regular file", path.display()),
        )
        .hinted("name a regular file, or `-` for standard input"));
    }
    fs::File::open(path)
        .and_then(|file| file.take(limit).read_to_end(&mut bytes))
        .map_err(fail)?;
    Ok(bytes)
}
