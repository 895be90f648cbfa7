//! Paths: `TreePath` is what a repository may hold, `SafeRelPath` what an action may name.

use gix::bstr::BStr;
use gix::validate::path::{component, component_is_windows_device};
use std::borrow::Borrow;
use std::sync::Arc;
use thiserror::Error;

/// A path that a git tree may hold on every system: relative, `/`-separated, no `.git` in any disguise, nothing
/// that Windows or macOS would read as another name, no control characters.
///
/// Names that actions cannot spell are fine here: `[id]`, `(group)`, `@types`, `+page`. Ordered by bytes, which is
/// git's own order of files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreePath(Arc<str>);

/// A path that an action may name: at most 256 bytes of `A–Z a–z 0–9 _ . / -` (R36–R40), and a [`TreePath`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SafeRelPath(TreePath);

/// Why a path was refused.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PathError {
    #[error("a path must not be empty")]
    Empty,
    #[error("a path has at most {limit} bytes, this one has {length}")]
    TooLong { length: usize, limit: usize },
    #[error("a path must be relative: remove the leading `/`")]
    Absolute,
    #[error("`{}` is not allowed in a path: use only letters, digits and `_` `.` `/` `-`", found.escape_debug())]
    Character { found: char },
    #[error("a path must not hold the control or direction character `{}`", found.escape_debug())]
    Control { found: char },
    #[error("`..` would leave the repository: write the path from the repository's root")]
    Parent,
    #[error("remove the `.` segment: write the path from the repository's root")]
    CurrentFolder,
    #[error("a path must not hold an empty segment: remove the doubled or trailing `/`")]
    EmptySegment,
    #[error("`{segment}` belongs to git itself and cannot be part of a repository's content")]
    DotGit { segment: String },
    #[error("`{segment}` ends with a dot, which Windows drops: rename it")]
    TrailingDot { segment: String },
    #[error("`{segment}` is a device name on Windows: rename it")]
    Device { segment: String },
    #[error("a path must not start with a dash, which programs read as an option")]
    LeadingDash,
    #[error("a file name has at most {limit} bytes, `{}…` has {length}", segment.chars().take(20).collect::<String>())]
    SegmentTooLong {
        segment: String,
        length: usize,
        limit: usize,
    },
    #[error("`{}` cannot be a file name on every system: {reason}", segment.escape_debug())]
    Unportable { segment: String, reason: String },
}

/// The longest file name, in bytes, of the file systems in use.
const NAME_MAX: usize = 255;

impl TreePath {
    /// The longest path of a repository, in bytes (Linux's `PATH_MAX` less its final NUL).
    pub const MAX: usize = 4095;

    /// Parses a path as a repository may hold it.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        if text.len() > Self::MAX {
            return Err(PathError::TooLong {
                length: text.len(),
                limit: Self::MAX,
            });
        }
        check_shape(text)?;
        if let Some(found) = text
            .chars()
            .find(|c| c.is_control() || is_direction_mark(*c))
        {
            return Err(PathError::Control { found });
        }
        for segment in text.split('/') {
            check_segment(segment)?;
            component(BStr::new(segment), None, component::Options::default()).map_err(
                |error| match error {
                    component::Error::DotGitDir => PathError::DotGit {
                        segment: segment.to_owned(),
                    },
                    component::Error::WindowsReservedName => PathError::Device {
                        segment: segment.to_owned(),
                    },
                    other => PathError::Unportable {
                        segment: segment.to_owned(),
                        reason: other.to_string(),
                    },
                },
            )?;
        }
        Ok(Self(text.into()))
    }

    /// A path that was parsed before and kept as text.
    pub(crate) fn of_checked(text: &str) -> Self {
        Self(text.into())
    }

    /// The path's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last segment.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// The folders above this path, outermost first: `a/b/c` gives `a`, `a/b`.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        self.0.match_indices('/').map(|(at, _)| &self.0[..at])
    }

    /// Whether this path is `folder` or lies below it.
    pub fn is_at_or_below(&self, folder: &str) -> bool {
        self.below(folder).is_some() || self.as_str() == folder
    }

    /// The part of this path below `folder`.
    pub fn below(&self, folder: &str) -> Option<&str> {
        self.0.strip_prefix(folder)?.strip_prefix('/')
    }

    /// The path `rest` below this one.
    pub fn join(&self, rest: &str) -> Result<Self, PathError> {
        Self::parse(&format!("{self}/{rest}"))
    }
}

/// Lets a map of paths be searched by text.
impl Borrow<str> for TreePath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl SafeRelPath {
    /// The longest path an action may name, in bytes (R36).
    pub const MAX: usize = 256;

    /// Parses a path as an action may name it.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        if text.len() > Self::MAX {
            return Err(PathError::TooLong {
                length: text.len(),
                limit: Self::MAX,
            });
        }
        if let Some(found) = text
            .chars()
            .find(|c| !c.is_ascii_alphanumeric() && !"_./-".contains(*c))
        {
            return Err(PathError::Character { found });
        }
        check_shape(text)?;
        if text.starts_with('-') {
            return Err(PathError::LeadingDash);
        }
        for segment in text.split('/') {
            check_segment(segment)?;
            let stem = segment.trim_end_matches('.');
            if stem.eq_ignore_ascii_case(".git") {
                return Err(PathError::DotGit {
                    segment: segment.to_owned(),
                });
            }
            if stem.len() < segment.len() {
                return Err(PathError::TrailingDot {
                    segment: segment.to_owned(),
                });
            }
            if component_is_windows_device(BStr::new(segment)) {
                return Err(PathError::Device {
                    segment: segment.to_owned(),
                });
            }
        }
        Ok(Self(TreePath(text.into())))
    }

    /// The path's text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The same path as a repository holds it.
    pub fn as_tree(&self) -> &TreePath {
        &self.0
    }
}

fn check_shape(text: &str) -> Result<(), PathError> {
    if text.is_empty() {
        return Err(PathError::Empty);
    }
    if text.starts_with('/') {
        return Err(PathError::Absolute);
    }
    Ok(())
}

fn check_segment(segment: &str) -> Result<(), PathError> {
    match segment {
        "" => Err(PathError::EmptySegment),
        "." => Err(PathError::CurrentFolder),
        ".." => Err(PathError::Parent),
        long if long.len() > NAME_MAX => Err(PathError::SegmentTooLong {
            segment: long.to_owned(),
            length: long.len(),
            limit: NAME_MAX,
        }),
        _ => Ok(()),
    }
}

/// Marks that turn the direction of writing: they make a path read as another one.
fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

text_value!(TreePath, error: PathError, format: "groundplan-tree-path", max: TreePath::MAX, pattern: "^[^/]",
    doc: "A path from the repository's root that every system can hold.");
text_value!(SafeRelPath, error: PathError, format: "groundplan-path", max: SafeRelPath::MAX, pattern: "^[A-Za-z0-9_./-]+$",
    doc: "A path from the root: letters, digits and `_ . / -`, no `..`, no `.git`, at most 256 bytes.");

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(path: &str, because: &PathError) {
        assert_eq!(SafeRelPath::parse(path).as_ref(), Err(because), "{path}");
    }

    #[test]
    fn each_refusal_says_what_is_wrong() {
        refused("../a", &PathError::Parent);
        refused("/etc/passwd", &PathError::Absolute);
        refused("a//b", &PathError::EmptySegment);
        refused("a/", &PathError::EmptySegment);
        refused("./a", &PathError::CurrentFolder);
        refused("-rf", &PathError::LeadingDash);
        refused("a b", &PathError::Character { found: ' ' });
        refused(
            "a/.GIT./x",
            &PathError::DotGit {
                segment: ".GIT.".into(),
            },
        );
        refused(
            "notes.",
            &PathError::TrailingDot {
                segment: "notes.".into(),
            },
        );
        refused(
            "src/aux.rs",
            &PathError::Device {
                segment: "aux.rs".into(),
            },
        );
    }

    #[test]
    fn a_repository_may_hold_names_that_no_action_can_spell() {
        for path in [
            "app/[id]/page.tsx",
            "(group)/page.tsx",
            "@types/node",
            "+page.svelte",
            "a b",
            "日本語.md",
            "-x",
        ] {
            assert_eq!(
                TreePath::parse(path).map(|path| path.to_string()),
                Ok(path.to_owned())
            );
            assert_ne!(
                SafeRelPath::parse(path).map(|path| path.to_string()),
                Ok(path.to_owned())
            );
        }
    }

    #[test]
    fn no_disguise_of_dot_git_is_held_by_a_repository() {
        for path in [
            ".git",
            "a/.GiT/x",
            "git~1",
            ".g\u{200c}it",
            ".git ",
            ".git.",
            ".git::$INDEX_ALLOCATION",
        ] {
            let refused = TreePath::parse(path);
            assert!(
                matches!(
                    refused,
                    Err(PathError::DotGit { .. } | PathError::Control { .. })
                ),
                "{path:?}: {refused:?}"
            );
        }
    }

    #[test]
    fn folders_are_listed_outermost_first() {
        let path = TreePath::parse("a/b/c").expect("a plain path");
        assert_eq!(path.folders().collect::<Vec<_>>(), ["a", "a/b"]);
        assert_eq!(path.below("a"), Some("b/c"));
        assert_eq!(path.below("a/bb"), None);
        assert!(path.is_at_or_below("a/b/c"));
    }
}
