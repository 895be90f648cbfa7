//! The limits of a template, counted while its entries are read, with one sentence for each.

use crate::model::diagnostic::{Code, Diagnostic, Location};

/// The most files and folders of a template.
pub const MAX_ENTRIES: usize = 50_000;
/// The most files and folders that are looked at, with those that are left out.
const MAX_SEEN: usize = 20 * MAX_ENTRIES;
/// The most folders above a file.
pub const MAX_DEPTH: usize = 64;
/// The size of the largest file, in bytes.
pub const MAX_FILE: u64 = 5 * 1024 * 1024;
/// The bytes of all files and their paths together.
pub const MAX_TOTAL: u64 = 100 * 1024 * 1024;

const EXTRA_FILES: &str =
    "look for build output or installed packages, and leave them out with `template.exclude`";

/// A limit that an entry exceeds.
pub(super) enum Exceeded {
    /// The entry is left out; the others are still read.
    Entry(Box<Diagnostic>),
    /// The template is too large as a whole: nothing more is read.
    Template(Box<Diagnostic>),
}

/// A reason to read no more entries.
pub(super) enum ScanEnd<E> {
    Failed(E),
    /// A limit of the whole template is exceeded.
    Full(Box<Diagnostic>),
}

impl<E> From<E> for ScanEnd<E> {
    fn from(error: E) -> Self {
        Self::Failed(error)
    }
}

/// The entries and bytes read so far. Refused entries count too: few git objects can spell very many of them.
#[derive(Debug, Default)]
pub(super) struct Usage {
    seen: usize,
    entries: usize,
    bytes: u64,
}

impl Usage {
    /// Counts an entry of a folder that may be left out.
    pub(super) fn see_entry(&mut self, folder: &str) -> Result<(), Box<Diagnostic>> {
        self.seen += 1;
        if self.seen > MAX_SEEN {
            let message =
                format!("there are more than {MAX_SEEN} files and folders, with those left out");
            return Err(limit(
                folder,
                message,
                "leave out the folders that contain them",
            ));
        }
        Ok(())
    }

    /// Counts an entry of a folder.
    pub(super) fn add_entry(&mut self, folder: &str) -> Result<(), Exceeded> {
        self.entries += 1;
        if self.entries > MAX_ENTRIES {
            let message = format!("there are more than {MAX_ENTRIES} files and folders");
            return Err(Exceeded::Template(limit(folder, message, EXTRA_FILES)));
        }
        Ok(())
    }

    /// Counts the bytes of a file and of its path.
    pub(super) fn add_file(&mut self, path: &str, size: u64) -> Result<(), Exceeded> {
        if size > MAX_FILE {
            let message = format!("this file is {size} bytes, the limit is {MAX_FILE}");
            let help = "keep large files elsewhere, or leave it out with `template.exclude`";
            return Err(Exceeded::Entry(limit(path, message, help)));
        }
        self.bytes += size + path.len() as u64;
        if self.bytes > MAX_TOTAL {
            let message = format!("with this file the template has more than {MAX_TOTAL} bytes");
            return Err(Exceeded::Template(limit(path, message, EXTRA_FILES)));
        }
        Ok(())
    }
}

/// Fails for a folder that has `depth` folders above it and may have no more below.
pub(super) fn check_depth(path: &str, depth: usize) -> Result<(), Box<Diagnostic>> {
    if depth < MAX_DEPTH {
        return Ok(());
    }
    let message = format!("this folder is more than {MAX_DEPTH} folders deep");
    Err(limit(
        path,
        message,
        "nest the folders less deeply, or leave it out with `template.exclude`",
    ))
}

fn limit(path: &str, message: String, help: &str) -> Box<Diagnostic> {
    Box::new(
        Diagnostic::error(Code::TemplateLimit, message)
            .at("", Location::start_of(path))
            .help(help),
    )
}
