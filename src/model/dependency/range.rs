//! Version ranges.

use std::fmt;

use super::Ecosystem;
use super::pep440::{self, SpecifierError};
use super::range_error::{VersionRangeError, expected_form, malformed};
use super::semver_set::SemverSet;
use super::spans::Spans;

/// The longest range, in bytes: the limit of npm.
const LIMIT: usize = 256;

/// A version range in the syntax of its ecosystem that allows some versions and not all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRange {
    text: String,
    meaning: Meaning,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Meaning {
    Npm(SemverSet),
    Cargo(SemverSet),
    Python(Spans<pep440_rs::Version>),
}

/// The relation between the versions that two ranges allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    Equal,
    /// The first is a proper subset of the second.
    Narrower,
    Wider,
    /// Neither contains the other; they may overlap.
    Apart,
}

impl VersionRange {
    pub fn parse(ecosystem: Ecosystem, text: &str) -> Result<Self, VersionRangeError> {
        let expected = expected_form(ecosystem);
        if text.is_empty() {
            return Err(VersionRangeError::Empty { expected });
        }
        if text.len() > LIMIT {
            return Err(VersionRangeError::TooLong {
                length: text.len(),
                limit: LIMIT,
            });
        }
        if let Some(found) = text.chars().find(|c| !matches!(c, ' '..='~')) {
            return Err(VersionRangeError::Character { found });
        }
        let owned = text.to_owned();
        if text.trim() != text {
            return Err(VersionRangeError::Space { text: owned });
        }
        let meaning = Meaning::read(ecosystem, text)?;
        if meaning.is_empty() {
            return Err(VersionRangeError::NeverMatches {
                text: owned,
                expected,
            });
        }
        if meaning.contains_every_release() {
            return Err(VersionRangeError::PinsNothing {
                text: owned,
                expected,
            });
        }
        Ok(Self {
            text: owned,
            meaning,
        })
    }

    /// The range as written by the author.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Compares the allowed versions; ranges of two ecosystems are apart.
    pub fn relation(&self, other: &Self) -> Relation {
        match (
            self.meaning.is_subset_of(&other.meaning),
            other.meaning.is_subset_of(&self.meaning),
        ) {
            (true, true) => Relation::Equal,
            (true, false) => Relation::Narrower,
            (false, true) => Relation::Wider,
            (false, false) => Relation::Apart,
        }
    }
}

impl Meaning {
    fn read(ecosystem: Ecosystem, text: &str) -> Result<Self, VersionRangeError> {
        let meaning = match ecosystem {
            Ecosystem::Npm => SemverSet::npm(text).map(Self::Npm),
            Ecosystem::Cargo => SemverSet::cargo(text).map(Self::Cargo),
            Ecosystem::Python => match pep440::parse(text) {
                Ok(set) => Some(Self::Python(set)),
                Err(SpecifierError::Unreadable) => None,
                Err(SpecifierError::Unsupported { part }) => {
                    return Err(VersionRangeError::Unsupported {
                        text: text.to_owned(),
                        part,
                        expected: expected_form(ecosystem),
                    });
                }
            },
        };
        meaning.ok_or_else(|| malformed(ecosystem, text))
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Npm(set) | Self::Cargo(set) => set.is_empty(),
            Self::Python(set) => set.is_empty(),
        }
    }

    /// True if every final release is allowed, regardless of pre-releases.
    fn contains_every_release(&self) -> bool {
        match self {
            Self::Npm(set) | Self::Cargo(set) => set.contains_every_release(),
            Self::Python(set) => pep440::contains_every_release(set),
        }
    }

    fn is_subset_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Npm(own), Self::Npm(wide)) | (Self::Cargo(own), Self::Cargo(wide)) => {
                own.is_subset_of(wide)
            }
            (Self::Python(own), Self::Python(wide)) => own.is_subset_of(wide),
            (Self::Npm(_) | Self::Cargo(_) | Self::Python(_), _) => false,
        }
    }
}

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Ecosystem::{Cargo, Npm, Python};
    use Relation::{Apart, Equal, Narrower, Wider};

    fn range(ecosystem: Ecosystem, text: &str) -> VersionRange {
        VersionRange::parse(ecosystem, text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
    }

    #[track_caller]
    fn check(ecosystem: Ecosystem, good: &[&str], bad: &[&str]) {
        for text in good {
            assert_eq!(range(ecosystem, text).as_str(), *text);
        }
        for text in bad {
            let parsed = VersionRange::parse(ecosystem, text);
            assert!(parsed.is_err(), "{text:?} must be refused");
        }
    }

    #[track_caller]
    fn check_message(ecosystem: Ecosystem, text: &str, expected: &str) {
        let error = VersionRange::parse(ecosystem, text).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }

    #[track_caller]
    fn check_relation(ecosystem: Ecosystem, own: &str, relation: Relation, other: &str) {
        let (own, other) = (range(ecosystem, own), range(ecosystem, other));
        let mirrored = match relation {
            Equal => Equal,
            Narrower => Wider,
            Wider => Narrower,
            Apart => Apart,
        };
        assert_eq!(own.relation(&other), relation, "{own} to {other}");
        assert_eq!(other.relation(&own), mirrored, "{other} to {own}");
    }

    #[test]
    fn npm_ranges_that_allow_every_version_are_refused() {
        for text in [
            "*",
            "x",
            "X",
            "||",
            "v*",
            "=*",
            ">=0",
            ">=0.0.0",
            ">=0.0.0-0",
            "^1 || *",
            "<1||>=0",
            "<1 || >=1",
            "<=1 || >1.0",
            "<1.0.0 || 1.x || >=2.0.0-0",
            ">=*",
            "^x",
            "0 - *",
            "<9007199254740991 || >=9007199254740991.0.0",
            "<=9007199254740991.9007199254740991.9007199254740991",
        ] {
            let error = VersionRange::parse(Npm, text).unwrap_err();
            assert!(
                matches!(error, VersionRangeError::PinsNothing { .. }),
                "{text:?}: {error}"
            );
        }
        check(
            Npm,
            &["<1 || >1", "^1 || >2 <1", ">0.0.0", "<2 || >=2.0.1"],
            &[],
        );
    }

    #[test]
    fn ranges_that_allow_no_version_are_refused() {
        for (ecosystem, text) in [
            (Npm, ">2 <1"),
            (Npm, "<0.0.0-0"),
            (Npm, "<0.0.0"),
            (Npm, "<0"),
            (Npm, "1.2.3 1.2.4"),
            (Npm, "^1 ^2 || ~1.2 ~1.3"),
            (Npm, ">1.0.0-a <1.0.0-a.0"),
            (Npm, "<*"),
            (Npm, ">9007199254740991.9007199254740991.9007199254740991"),
            (Cargo, ">2, <1"),
            (Python, ">2,<1"),
            (Python, "<0.dev0"),
            (Python, "==1.2,==1.3"),
        ] {
            let error = VersionRange::parse(ecosystem, text).unwrap_err();
            assert!(
                matches!(error, VersionRangeError::NeverMatches { .. }),
                "{text:?}: {error}"
            );
        }
    }

    #[test]
    fn messages_show_the_expected_form() {
        check_message(
            Npm,
            "latest",
            "`latest` is a tag: write an exact version (1.2.3) or a range (^1.2.3)",
        );
        check_message(
            Npm,
            "workspace:^1.0.0",
            "`workspace:^1.0.0` is an address or another package, not a version: \
             write an exact version (1.2.3) or a range (^1.2.3)",
        );
        check_message(
            Npm,
            "*",
            "`*` allows every version: write an exact version (1.2.3) or a range (^1.2.3)",
        );
        check_message(
            Npm,
            "",
            "version is empty: write an exact version (1.2.3) or a range (^1.2.3)",
        );
        check_message(
            Npm,
            " 1.0.0",
            "` 1.0.0` starts or ends with a space: remove it",
        );
        check_message(
            Npm,
            "1.0.0\n",
            "version range contains '\\n', which is not printable ASCII",
        );
        check_message(
            Cargo,
            "latest",
            "`latest` is not a version range: write an exact version (=1.2.3) or a range (1.2.3)",
        );
        check_message(
            Python,
            ">=1,!=1.5",
            "`>=1,!=1.5` uses `!=`, which is not supported: \
             write an exact version (==1.2.3) or a range (>=1.2,<2)",
        );
    }

    #[test]
    fn the_length_is_checked_before_the_content() {
        let long = "1.0.0 ".repeat(50);
        check(Npm, &[], &[long.trim(), &"1".repeat(257), "1.0.0\t"]);
    }

    #[test]
    fn cargo_requirements_are_parsed_as_by_cargo() {
        check(
            Cargo,
            &[
                "1",
                "1.2",
                "1.2.3",
                "=1.2.3",
                "~1.2",
                "^0.3",
                ">=1, <2",
                "1.*",
                "1.2.3-rc.1",
            ],
            &[
                "*", "", ">=0", ">=0.0.0", "1 || 2", "^1 ^2", "git", "1.2.3.4", "x", "1 - 2",
                "../x", "v1",
            ],
        );
    }

    #[test]
    fn python_specifiers_need_an_operator_and_no_extras_markers_or_local_versions() {
        check(
            Python,
            &[
                "==1.2.3",
                ">=1.2",
                ">=1.2,<2",
                "~=1.4.2",
                "==1.2.*",
                ">= 1.0, < 2",
                "<=3",
                ">1.7",
                "==1!2.0",
                "==1.0rc1",
                "==1.0.post1",
            ],
            &[
                "",
                "*",
                "1.2.3",
                "^1.2",
                ">=0",
                ">=0.dev0",
                ">=0.0",
                "!=1.0",
                ">=1,!=1.5",
                "!=1.*",
                "===1.0",
                "==1.0+local",
                ">=1; python_version<'3'",
                "[extra]>=1",
                "@ https://e.example/x",
                "~=1",
                "==*",
                ">=1.*",
                "latest",
            ],
        );
    }

    #[test]
    fn npm_ranges_are_compared_by_the_versions_they_allow() {
        check_relation(Npm, "^1.2.3", Equal, ">=1.2.3 <2");
        check_relation(Npm, "^1.2.3", Equal, "^1.2.3+build");
        check_relation(Npm, "1.x", Equal, "^1 || 1.5");
        check_relation(Npm, "1.2.3", Equal, "v1.2.3");
        check_relation(Npm, "^1.3.0", Narrower, "^1.2.0");
        check_relation(Npm, "1.2.3", Narrower, "^1.2.0 || ^2.0.0");
        check_relation(Npm, ">=1 <3", Equal, "1 || 2");
        check_relation(Npm, "^1", Apart, "^2");
        check_relation(Npm, ">=1.5 <3", Apart, "^1");
        check_relation(Npm, "1.2.3-rc.1", Apart, "^1.2.3");
        check_relation(Npm, "^1.2.3", Narrower, "^1.2.3-rc.1");
        check_relation(Npm, "1.2.3-rc.1", Narrower, "^1.2.3-beta");
        check_relation(Npm, ">1.0.0-a <1.0.1", Equal, ">=1.0.0-a.0 <1.0.1");
        check_relation(Npm, ">=1.0.0-0 <2", Wider, ">=1.0.0 <2");
    }

    #[test]
    fn cargo_requirements_are_compared_by_the_versions_they_allow() {
        check_relation(Cargo, "1.2", Equal, "^1.2.0");
        check_relation(Cargo, "1.2.*", Equal, "~1.2");
        check_relation(Cargo, "=1.2.3", Narrower, "1.2");
        check_relation(Cargo, "0.3", Apart, "0.4");
        check_relation(Cargo, ">=1.2, <1.3", Equal, "1.2.*");
    }

    #[test]
    fn python_specifiers_are_compared_by_the_versions_they_allow() {
        check_relation(Python, "==1.0", Equal, "==1.0.0");
        check_relation(Python, "~=1.4.2", Equal, ">=1.4.2,<1.5");
        check_relation(Python, "~=1.4.2", Narrower, ">=1.4,<2");
        check_relation(Python, "==1.2.3", Narrower, "==1.2.*");
        check_relation(Python, "==1.2.*", Equal, ">=1.2.dev0,<1.3");
        check_relation(Python, ">=1,<3", Apart, ">=2");
        check_relation(Python, ">1.7", Narrower, ">=1.7");
        check_relation(Python, ">1.7", Wider, ">=1.7.1");
        check_relation(Python, "<=1.7", Narrower, "<1.7.1");
        check_relation(Python, ">1.0a1", Equal, ">=1.0a2.dev0");
    }

    #[test]
    fn ranges_of_two_ecosystems_are_apart() {
        assert_eq!(range(Npm, "^1").relation(&range(Cargo, "^1")), Apart);
    }
}
