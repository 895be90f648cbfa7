//! The versions that a Python version specifier allows, as a comparable set.

use std::str::FromStr;

use pep440_rs::{Operator, Prerelease, Version, VersionSpecifier, VersionSpecifiers};

use super::spans::{Span, Spans};

/// The reasons to refuse a specifier.
pub(super) enum SpecifierError {
    Unreadable,
    Unsupported { part: &'static str },
}

pub(super) fn parse(text: &str) -> Result<Spans<Version>, SpecifierError> {
    let specifiers = VersionSpecifiers::from_str(text).map_err(|_| SpecifierError::Unreadable)?;
    let mut span = Span {
        from: least(),
        until: None,
    };
    for specifier in specifiers.iter() {
        if let Some(part) = unsupported(specifier) {
            return Err(SpecifierError::Unsupported { part });
        }
        span = span.intersect(allowed(specifier).ok_or(SpecifierError::Unreadable)?);
    }
    Ok(Spans::union([span]))
}

/// True if every final release is allowed.
pub(super) fn contains_every_release(set: &Spans<Version>) -> bool {
    let from = Version::new([0]);
    Spans::union([Span { from, until: None }]).is_subset_of(set)
}

fn least() -> Version {
    Version::new([0]).with_dev(Some(0))
}

fn unsupported(specifier: &VersionSpecifier) -> Option<&'static str> {
    let version = specifier.version();
    match specifier.operator() {
        Operator::NotEqual | Operator::NotEqualStar => Some("`!=`"),
        Operator::ExactEqual => Some("`===`"),
        _ if version.is_local() => Some("a local version (`+…`)"),
        Operator::EqualStar if version.any_prerelease() || version.is_post() => {
            Some("`.*` after a pre-release or a post-release")
        }
        Operator::Equal
        | Operator::EqualStar
        | Operator::TildeEqual
        | Operator::LessThan
        | Operator::LessThanEqual
        | Operator::GreaterThan
        | Operator::GreaterThanEqual => None,
    }
}

/// The versions that a specifier allows (PEP 440, "Version specifiers"). None if the operator is not supported, or if a
/// number has no successor.
fn allowed(specifier: &VersionSpecifier) -> Option<Span<Version>> {
    let version = specifier.version().clone();
    let (from, until) = match specifier.operator() {
        Operator::Equal => (version.clone(), Some(successor(&version)?)),
        Operator::EqualStar => {
            let past = past_prefix(&version, version.release().len())?;
            (version.with_dev(Some(0)), Some(past))
        }
        Operator::TildeEqual => {
            let past = past_prefix(&version, version.release().len().checked_sub(1)?)?;
            (version, Some(past))
        }
        Operator::LessThan if version.any_prerelease() => (least(), Some(version)),
        // "MUST NOT allow a pre-release of the specified version"
        Operator::LessThan => (least(), Some(version.with_dev(Some(0)))),
        Operator::LessThanEqual => (least(), Some(successor(&version)?)),
        Operator::GreaterThan => (past_posts(version)?, None),
        Operator::GreaterThanEqual => (version, None),
        Operator::NotEqual | Operator::NotEqualStar | Operator::ExactEqual => return None,
    };
    Some(Span { from, until })
}

/// The next possible version: no version is between `1.0` and `1.0.post0.dev0`, or between `1.0.dev1` and `1.0.dev2`.
fn successor(version: &Version) -> Option<Version> {
    if let Some(dev) = version.dev() {
        return Some(version.clone().with_dev(Some(dev.checked_add(1)?)));
    }
    let post = match version.post() {
        Some(post) => post.checked_add(1)?,
        None => 0,
    };
    Some(version.clone().with_post(Some(post)).with_dev(Some(0)))
}

/// The first version that `>version` allows. Post-releases of the version are skipped unless it is one itself.
fn past_posts(version: Version) -> Option<Version> {
    if version.is_post() || version.is_dev() {
        return successor(&version);
    }
    match version.pre() {
        Some(Prerelease { kind, number }) => {
            let next = Prerelease {
                kind,
                number: number.checked_add(1)?,
            };
            Some(version.with_pre(Some(next)).with_dev(Some(0)))
        }
        // There is no first version after all 1.0.postN; the sentinel of the library sorts at that point.
        None => Some(version.with_max(Some(0))),
    }
}

/// The first version after all versions with the same first `length` release numbers.
fn past_prefix(version: &Version, length: usize) -> Option<Version> {
    let mut release: Vec<u64> = version.release().iter().copied().take(length).collect();
    let last = release.last_mut()?;
    *last = last.checked_add(1)?;
    Some(
        Version::new(release)
            .with_epoch(version.epoch())
            .with_dev(Some(0)),
    )
}
