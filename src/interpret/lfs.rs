//! Git LFS pointers: small texts that stand for a file which is stored outside the repository.

use crate::base::pattern::pattern;
use crate::model::content::{File, Mode};

/// Longer files are no pointers, in bytes.
pub(super) const MAX_POINTER: u64 = 1024;

/// True for a pointer file: a version, then keys in order with an object id and a size.
/// Source: <https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md>
pub(crate) fn is_pointer(file: &File) -> bool {
    let pointer = pattern!(
        r"^version https?://(git-lfs\.github\.com|hawser\.github\.com|git-media\.io)/[^ \r\n]+\r?\n(ext-[0-9]-[a-z0-9.-]+ [^\n]+\n)*oid sha256:[0-9a-f]{64}\r?\n([a-z0-9.-]+ [^\n]*\n)*size [0-9]+\s*$"
    );
    (file.bytes.len() as u64) < MAX_POINTER
        && file.mode != Mode::Symlink
        && file.bytes.starts_with(b"version ")
        && file.text().is_some_and(|text| pointer.is_match(text))
}
