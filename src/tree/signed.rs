//! Signed commits, and the notes about them.
//!
//! ```text
//! tree …                       the signature covers these bytes without the header `gpgsig`
//! author …
//! committer …
//! gpgsig -----BEGIN SSH SIGNATURE-----
//!  U1NIU0lH…                   each further line of a header begins with a space
//!  -----END SSH SIGNATURE-----
//!
//! Bootstrap Acme Web
//! ```
//!
//! Formats: <https://git-scm.com/docs/gitformat-signature>, <https://git-scm.com/docs/git-notes>

use super::commits::{Commits, id_of};
use super::git::{self, GitTreeError};
use super::ids::{self, FirstCommit, ObjectSink, ObjectsError};
use crate::model::date::Day;
use crate::model::digest::GitId;
use crate::model::input::Identity;
use crate::model::path::TreePath;
use gix::ObjectId;
use gix::objs::tree::{Entry, EntryKind};
use gix::objs::{FindExt as _, Kind};
use thiserror::Error;

/// The reference of the notes. A clone does not fetch it.
pub const NOTES_REF: &str = "refs/notes/groundplan";

/// The message of the commits of notes.
pub(super) const NOTES_MESSAGE: &str = "Notes added by groundplan\n";

/// Signs commits.
pub trait CommitSigner: Sync {
    /// The signature of the bytes of a commit, as its header contains it.
    fn sign_commit(&self, commit: &[u8]) -> Result<String, SignError>;
}

/// Signs the first commit of a repository, and writes the note about it.
pub trait CommitAttester: CommitSigner {
    /// The text of the note about the signed commit.
    fn note(&self, tree: &GitId, commit: &GitId) -> Result<String, SignError>;
}

/// An error of signing.
#[derive(Debug, Error)]
#[error("cannot sign")]
pub struct SignError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// A commit without its signature, and the signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedPayload {
    /// The bytes that a signature covers.
    pub bytes: Vec<u8>,
    pub signature: Option<String>,
}

impl SignedPayload {
    /// Splits the bytes of a commit. Of several signatures the first counts, as for git.
    pub fn of(commit: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(commit.len());
        let mut signature: Option<Vec<u8>> = None;
        let mut rest = commit;
        // The headers end at the first empty line.
        while !rest.is_empty() && !rest.starts_with(b"\n") {
            let header = first_header(rest);
            rest = &rest[header.len()..];
            let name = header.split(|byte| *byte == b' ').next();
            if name == Some(b"gpgsig") {
                let value = header.get(b"gpgsig ".len()..).unwrap_or_default();
                signature.get_or_insert_with(|| unfolded(value));
            } else if name != Some(b"gpgsig-sha256") {
                bytes.extend_from_slice(header);
            }
        }
        bytes.extend_from_slice(rest);
        Self {
            bytes,
            signature: signature.map(|text| String::from_utf8_lossy(&text).into_owned()),
        }
    }

    /// The id of the commit without its signature: the id that a preview promises.
    pub fn id(&self) -> Result<GitId, ObjectsError> {
        Ok(GitId::of(&ids::id_of(Kind::Commit, &self.bytes)?))
    }
}

/// The id of the signed first commit of a tree. Nothing is stored.
pub fn commit_id(
    tree: &GitId,
    commit: &FirstCommit,
    signer: &dyn CommitSigner,
) -> Result<GitId, ObjectsError> {
    let tree = id_of(tree).map_err(|error| ObjectsError::Store(error.into()))?;
    Ok(GitId::of(&ids::commit_id(tree, commit, Some(signer))?))
}

/// The first header of a commit, with the lines that continue it.
fn first_header(text: &[u8]) -> &[u8] {
    let mut end = 0;
    loop {
        end += line(&text[end..]).len();
        if !text[end..].starts_with(b" ") {
            return &text[..end];
        }
    }
}

/// The first line with its end.
fn line(text: &[u8]) -> &[u8] {
    text.split_inclusive(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default()
}

/// The value of a header without the spaces that begin its further lines.
fn unfolded(value: &[u8]) -> Vec<u8> {
    let lines = value.split_inclusive(|byte| *byte == b'\n').enumerate();
    lines
        .flat_map(|(number, line)| &line[usize::from(number > 0).min(line.len())..])
        .copied()
        .collect()
}

/// Sends the objects of the first note of a repository to a sink, and gives the commit for [`NOTES_REF`].
pub(super) fn first_note(
    noted: ObjectId,
    text: &str,
    author: &Identity,
    date: &Day,
    sink: &mut dyn ObjectSink,
) -> Result<ObjectId, ObjectsError> {
    let oid = sink.put(Kind::Blob, text.as_bytes())?;
    let entries = vec![Entry {
        mode: EntryKind::Blob.into(),
        filename: noted.to_hex().to_string().into(),
        oid,
    }];
    let tree = sink.put(Kind::Tree, &ids::encode(&gix::objs::Tree { entries })?)?;
    let signature = ids::commit_signature(author, date.unix_seconds());
    let bytes = ids::encode_commit(tree, None, signature, NOTES_MESSAGE, None)?;
    sink.put(Kind::Commit, &bytes)
}

impl Commits {
    /// The bytes of a commit, split into what is signed and its signature.
    pub fn signed_payload(&self, commit: &GitId) -> Result<SignedPayload, GitTreeError> {
        let id = id_of(commit)?;
        let mut buffer = Vec::new();
        let objects = &self.repository().objects;
        let found = objects
            .find_commit(&id, &mut buffer)
            .map(drop)
            .map_err(GitTreeError::object(id));
        found?;
        Ok(SignedPayload::of(&buffer))
    }

    /// The note about a commit; none where there is none.
    pub fn note(&self, commit: &GitId) -> Result<Option<Vec<u8>>, GitTreeError> {
        let Some(notes) = self.newest_note()? else {
            return Ok(None);
        };
        match self.note_blob(&notes, commit)? {
            Some(blob) => self.read(blob).map(Some),
            None => Ok(None),
        }
    }

    /// The newest commit of the notes; none where the repository has no notes.
    pub fn newest_note(&self) -> Result<Option<GitId>, GitTreeError> {
        match git::resolve(self.path(), NOTES_REF) {
            Ok(commit) => Ok(Some(commit)),
            Err(GitTreeError::NoReference { .. } | GitTreeError::NotInShallow { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The blob of a note. Git moves many notes into folders named by the first digits of their commits.
    fn note_blob(&self, notes: &GitId, commit: &GitId) -> Result<Option<ObjectId>, GitTreeError> {
        /// Git makes no deeper folders before there are 16⁶ notes.
        const FOLDERS: usize = 3;
        let digits = commit.as_str();
        for depth in 0..=FOLDERS {
            let mut path = String::with_capacity(digits.len() + depth);
            for folder in 0..depth {
                path.push_str(&digits[2 * folder..2 * folder + 2]);
                path.push('/');
            }
            path.push_str(&digits[2 * depth..]);
            let path = TreePath::of_checked(&path);
            if let Some((mode, blob)) = self.entry(notes, &path)?
                && mode == gix::objs::tree::EntryMode::from(EntryKind::Blob).value()
            {
                return Ok(Some(blob));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_of_a_commit_is_taken_out_of_its_headers_only() {
        let commit = "tree 1\nauthor a\ncommitter a\ngpgsig one\n two\n \n three\nencoding x\n\ngpgsig in the message\n two\n";
        let split = SignedPayload::of(commit.as_bytes());
        assert_eq!(
            String::from_utf8(split.bytes).expect("text"),
            "tree 1\nauthor a\ncommitter a\nencoding x\n\ngpgsig in the message\n two\n"
        );
        assert_eq!(split.signature.as_deref(), Some("one\ntwo\n\nthree\n"));
    }

    #[test]
    fn any_bytes_are_split_without_loss_where_nothing_is_signed() {
        for bytes in [
            "",
            "\n",
            "\n\n",
            "tree",
            "tree 1\n",
            "tree 1\n\n",
            " x\n\n",
            "tree\n a\n b",
        ] {
            let split = SignedPayload::of(bytes.as_bytes());
            assert_eq!((&*split.bytes, split.signature), (bytes.as_bytes(), None));
        }
        let split = SignedPayload::of(b"gpgsig");
        assert!(split.bytes.is_empty());
    }
}
