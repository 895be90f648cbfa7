//! Paths: a `TreePath` is valid in a repository, a `SafeRelPath` also in an action.

use crate::base::pattern::pattern;
use crate::base::sanitize::is_unsafe;
use gix::bstr::BStr;
use gix::validate::path::{component, component_is_windows_device};
use std::borrow::Borrow;
use std::sync::Arc;
use thiserror::Error;

/// A path that is valid in a git tree on every system: relative, `/`-separated, no spelling of `.git`, no name that
/// Windows or macOS reads as another one, no control or direction characters.
///
/// Names that no action can write are valid: `[id]`, `(group)`, `@types`, `+page`. Ordered by bytes, as files in git.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreePath(Arc<str>);

/// A path that an action may name: a [`TreePath`] of at most 256 bytes of `A–Z a–z 0–9 _ . / -`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SafeRelPath(TreePath);

/// A path that an action names: a [`SafeRelPath`], or any [`TreePath`] if the action says so. It may contain placeholders.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionPath(TreePath);

/// The reasons to refuse a path.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PathError {
    #[error("path is empty")]
    Empty,
    #[error("path has {length} bytes, the maximum is {limit}")]
    TooLong { length: usize, limit: usize },
    #[error("path is absolute: remove the leading `/`")]
    Absolute,
    #[error("path contains an invalid character `{}`: use letters, digits and `_` `.` `/` `-`", found.escape_debug())]
    Character { found: char },
    #[error("path contains a control or direction character `{}`", found.escape_debug())]
    Control { found: char },
    #[error("`..` leaves the repository: write the path from the repository's root")]
    Parent,
    #[error("path contains a `.` segment: remove it")]
    CurrentFolder,
    #[error("path contains an empty segment: remove the doubled or trailing `/`")]
    EmptySegment,
    #[error("`{segment}` is reserved by git")]
    DotGit { segment: String },
    #[error("`{segment}` ends with a dot, which Windows drops: rename it")]
    TrailingDot { segment: String },
    #[error("`{segment}` is a device name on Windows: rename it")]
    Device { segment: String },
    #[error("path starts with a dash, which programs read as an option")]
    LeadingDash,
    #[error("file name `{}…` has {length} bytes, the maximum is {limit}", segment.chars().take(20).collect::<String>())]
    SegmentTooLong {
        segment: String,
        length: usize,
        limit: usize,
    },
    #[error("`{}` is not a valid file name on every system: {reason}", segment.escape_debug())]
    Unportable { segment: String, reason: String },
}

/// The longest file name of common file systems, in bytes.
const NAME_MAX: usize = 255;

impl TreePath {
    /// The longest path of a repository, in bytes: Linux's `PATH_MAX` without the final NUL.
    pub const MAX: usize = 4095;

    /// Parses a path of a repository.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        if text.len() > Self::MAX {
            return Err(PathError::TooLong {
                length: text.len(),
                limit: Self::MAX,
            });
        }
        check_start(text)?;
        // Every file of a template is checked here, and most names are ASCII: bytes are faster than a pattern.
        let is_printable = text.bytes().all(|b| matches!(b, b' '..=b'~'));
        if !is_printable && let Some(found) = text.chars().find(|c| is_unsafe(*c)) {
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

    /// A path from a text that was parsed before.
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

    /// True if this path is `folder` or below it.
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

/// Allows a lookup by text in a map of paths.
impl Borrow<str> for TreePath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl SafeRelPath {
    /// The longest path of an action, in bytes.
    pub const MAX: usize = 256;

    /// Segments of the allowed characters that do not end with a dot (so neither `.` nor `..`); no dash at the start.
    const PATTERN: &'static str = "^([A-Za-z0-9_]|[A-Za-z0-9_.][A-Za-z0-9_.-]*[A-Za-z0-9_-])(/[A-Za-z0-9_.-]*[A-Za-z0-9_-])*$";

    /// Parses a path of an action.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        if text.len() > Self::MAX {
            return Err(PathError::TooLong {
                length: text.len(),
                limit: Self::MAX,
            });
        }
        if !pattern!(SafeRelPath::PATTERN).is_match(text) {
            return Err(Self::violation(text));
        }
        for segment in text.split('/') {
            check_segment(segment)?;
            if segment.eq_ignore_ascii_case(".git") {
                return Err(PathError::DotGit {
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

    /// The first rule that a text outside [`Self::PATTERN`] breaks.
    fn violation(text: &str) -> PathError {
        let other = pattern!("[^A-Za-z0-9_./-]").find(text);
        if let Some(found) = other.and_then(|other| other.as_str().chars().next()) {
            return PathError::Character { found };
        }
        if let Err(error) = check_start(text) {
            return error;
        }
        if text.starts_with('-') {
            return PathError::LeadingDash;
        }
        if let Some(error) = text
            .split('/')
            .find_map(|segment| check_segment(segment).err())
        {
            return error;
        }
        let ends_with_dot = |segment: &&str| segment.ends_with('.');
        let segment = text
            .split('/')
            .find(ends_with_dot)
            .unwrap_or(text)
            .to_owned();
        if segment.trim_end_matches('.').eq_ignore_ascii_case(".git") {
            PathError::DotGit { segment }
        } else {
            PathError::TrailingDot { segment }
        }
    }

    /// The path's text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The path as a path of a repository.
    pub fn as_tree(&self) -> &TreePath {
        &self.0
    }
}

impl ActionPath {
    /// Parses a path of a repository. [`Self::check`] compares it with the rules for actions.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        TreePath::parse(text).map(Self)
    }

    /// Fails for a path that only an action with `any_path` may name.
    pub fn check(&self) -> Result<(), PathError> {
        SafeRelPath::parse(self.as_str()).map(drop)
    }

    /// The path's text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The path as a path of a repository.
    pub fn as_tree(&self) -> &TreePath {
        &self.0
    }
}

fn check_start(text: &str) -> Result<(), PathError> {
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

text_value!(TreePath, error: PathError, format: "groundplan-tree-path", max: TreePath::MAX, pattern: "^[^/]",
    doc: "A path from the repository's root that is valid on every system.");
text_value!(SafeRelPath, error: PathError, format: "groundplan-safe-path", max: SafeRelPath::MAX, pattern: SafeRelPath::PATTERN,
    doc: "A path from the root: letters, digits and `_ . / -`, no `..`, no `.git`, at most 256 bytes.");
text_value!(ActionPath, error: PathError, format: "groundplan-path", max: TreePath::MAX, pattern: "^[^/]*[^/.](/[^/]*[^/.])*$",
    doc: "A path from the root: letters, digits and `_ . / -`, no `..`, no `.git`, at most 256 bytes; with `any_path: true` every path that a template may have. Placeholders in it are replaced.");

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(path: &str, because: &PathError) {
        assert_eq!(SafeRelPath::parse(path).as_ref(), Err(because), "{path}");
    }

    #[test]
    fn each_error_names_the_broken_rule() {
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
    fn some_paths_are_valid_in_a_repository_but_not_in_an_action() {
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
    fn every_spelling_of_dot_git_is_refused() {
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
