//! Expected results beside a catalogue: compared as they are, or written anew when a person accepts what is now.

use crate::cli::error::Failure;
use crate::cli::input;
use crate::model::content::File;
use crate::model::path::TreePath;
use crate::tree::TreeMut as _;
use crate::tree::disk::DiskTree;
use std::fs;
use std::io;
use std::path::Path;

/// What stands in a file of expected results; nothing when there is none.
pub(crate) fn read(path: &Path) -> Result<Option<String>, Failure> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Ok(metadata) if metadata.is_symlink() => Err(Failure::Environment {
            message: format!(
                "`{}` is a symbolic link, which is not followed",
                path.display()
            ),
            hint: Some("put the file itself there".to_owned()),
        }),
        Ok(_) | Err(_) => {
            let text = String::from_utf8(input::data(path)?);
            text.map(Some).map_err(|_| Failure::Environment {
                message: format!("`{}` is not UTF-8 text", path.display()),
                hint: Some("write it anew with `--accept`".to_owned()),
            })
        }
    }
}

/// Writes a file of expected results and the folders above it.
pub(crate) fn write(folder: &Path, path: &str, text: &str) -> Result<(), Failure> {
    let path = TreePath::parse(path).map_err(|error| Failure::Environment {
        message: error.to_string(),
        hint: None,
    })?;
    fs::create_dir_all(folder).map_err(|error| Failure::Environment {
        message: format!("cannot make the folder `{}`: {error}", folder.display()),
        hint: Some("check its path and permissions".to_owned()),
    })?;
    let mut tree = DiskTree::open(folder)?;
    tree.write(&path, File::regular(text.to_owned()))?;
    Ok(())
}
