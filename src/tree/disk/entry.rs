//! One entry of a folder on the disk: read, created or replaced, without following a link.

use super::super::limits::MAX_FILE;
use crate::model::content::{File, Mode};
use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt as _, OpenOptionsSyncExt as _};
use cap_std::fs::{Dir, Metadata, OpenOptions, OpenOptionsExt as _, PermissionsExt as _};
use std::io::{self, Read as _, Write as _};

/// Reads a file of at most [`MAX_FILE`] bytes, or the target of a link.
pub(super) fn read_file(dir: &Dir, name: &str, metadata: &Metadata) -> io::Result<File> {
    let mode = mode_of(metadata);
    if mode == Mode::Symlink {
        let target = dir.read_link_contents(name)?;
        let text = target.to_str().ok_or_else(not_utf8)?;
        return Ok(File {
            mode,
            bytes: text.as_bytes().to_vec().into(),
        });
    }
    if !metadata.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "neither a file nor a folder",
        ));
    }
    let mut options = OpenOptions::new();
    // Non-blocking: a pipe that took the place of the file since it was checked must not be waited for.
    options.read(true).follow(FollowSymlinks::No).nonblock(true);
    let file = dir.open_with(name, &options)?;
    if !file.metadata()?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut bytes = Vec::new();
    file.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(File {
        mode,
        bytes: bytes.into(),
    })
}

/// Writes beside the target and renames: a link or hard link at the target is replaced, never written through.
pub(super) fn replace_file(dir: &Dir, name: &str, file: &File) -> io::Result<()> {
    let beside = free_name(dir);
    create_file(dir, &beside, file)
        .and_then(|()| dir.rename(&beside, dir, name))
        .inspect_err(|error| {
            if error.kind() != io::ErrorKind::AlreadyExists {
                // A failure here follows from the one that is reported.
                drop(dir.remove_file(&beside));
            }
        })
}

/// Creates a file. Fails if an entry of that name exists.
pub(super) fn create_file(dir: &Dir, name: &str, file: &File) -> io::Result<()> {
    if file.mode == Mode::Symlink {
        let target = std::str::from_utf8(&file.bytes).map_err(|_| not_utf8())?;
        return dir.symlink_contents(target, name);
    }
    let mut options = OpenOptions::new();
    options
        .write(true)
        .create_new(true)
        .follow(FollowSymlinks::No);
    if file.mode == Mode::Executable {
        options.mode(0o777);
    }
    dir.open_with(name, &options)?.write_all(&file.bytes)
}

/// A name without an entry in the folder. An entry that another process creates meanwhile makes [`create_file`] fail.
pub(super) fn free_name(dir: &Dir) -> String {
    (0..=u32::MAX)
        .map(|number| format!(".groundplan-{}-{number}", std::process::id()))
        .find(|name| dir.symlink_metadata(name).is_err())
        .expect("a folder has fewer than 2^32 files")
}

pub(super) fn mode_of(metadata: &Metadata) -> Mode {
    if metadata.is_symlink() {
        Mode::Symlink
    } else if metadata.permissions().mode() & 0o100 != 0 {
        Mode::Executable
    } else {
        Mode::Regular
    }
}

pub(super) fn not_utf8() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "a name or link target is not UTF-8",
    )
}
