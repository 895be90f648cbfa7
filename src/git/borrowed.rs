//! A bare repository that borrows the objects of another one, so that git reads no settings or hooks of that one.

use crate::base::{atomic_file, git_init};
use std::io;
use std::path::Path;
use tempfile::TempDir;

/// A temporary repository without references over a folder of objects.
pub fn borrowed(objects: &Path) -> io::Result<TempDir> {
    let folder = tempfile::Builder::new().prefix("groundplan-").tempdir()?;
    let path = folder.path();
    git_init::bare(path).map_err(io::Error::other)?;
    let mut alternates = std::path::absolute(objects)?.into_os_string();
    alternates.push("\n");
    atomic_file::write(
        &path.join("objects/info/alternates"),
        alternates.as_encoded_bytes(),
    )?;
    Ok(folder)
}
