//! A bare repository that borrows the objects of another one, so that git reads no settings or hooks of that one.

use std::fs;
use std::io;
use std::path::Path;
use tempfile::TempDir;

/// A temporary repository without references over a folder of objects.
pub fn borrowed(objects: &Path) -> io::Result<TempDir> {
    let folder = tempfile::Builder::new().prefix("groundplan-").tempdir()?;
    let path = folder.path();
    let mut alternates = std::path::absolute(objects)?.into_os_string();
    alternates.push("\n");
    for inside in ["objects/info", "objects/pack", "refs/heads"] {
        fs::create_dir_all(path.join(inside))?;
    }
    fs::write(path.join("HEAD"), "ref: refs/heads/main\n")?;
    let config = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n";
    fs::write(path.join("config"), config)?;
    fs::write(
        path.join("objects/info/alternates"),
        alternates.as_encoded_bytes(),
    )?;
    Ok(folder)
}
