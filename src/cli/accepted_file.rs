//! Accepted results beside a catalogue: read for a comparison, rewritten by `--accept`.

use crate::cli::error::Failure;
use crate::cli::input;
use crate::model::content::File;
use crate::model::path::TreePath;
use crate::tree::TreeMut as _;
use crate::tree::disk::DiskTree;
use std::fs;
use std::io;
use std::path::Path;

/// The text of a file of accepted results; none when there is no file.
pub(crate) fn read(path: &Path) -> Result<Option<String>, Failure> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Ok(metadata) if metadata.is_symlink() => Err(Failure::environment(
            "accepted_file_is_a_link",
            format!(
                "`{}` is a symbolic link, which is not followed",
                path.display()
            ),
        )
        .hinted("replace the link by the file")),
        Ok(_) | Err(_) => {
            let text = String::from_utf8(input::data(path)?);
            text.map(Some).map_err(|_| {
                Failure::environment(
                    "accepted_file_not_text",
                    format!("`{}` is not UTF-8 text", path.display()),
                )
                .hinted("rewrite it with `--accept`")
            })
        }
    }
}

/// Writes a file of accepted results and the folders above it.
pub(crate) fn write(folder: &Path, path: &str, text: &str) -> Result<(), Failure> {
    let path = TreePath::parse(path).map_err(|error| {
        let message = format!("cannot write accepted results to `{path}`");
        Failure::environment("accepted_file_path", message).caused_by(error)
    })?;
    fs::create_dir_all(folder).map_err(|error| {
        Failure::environment(
            "folder_not_created",
            format!("cannot create folder `{}`", folder.display()),
        )
        .caused_by(error)
        .hinted("check its path and permissions")
    })?;
    let mut tree = DiskTree::open(folder)?;
    tree.write(&path, File::regular(text.to_owned()))?;
    Ok(())
}
