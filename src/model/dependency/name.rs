//! Package names by the rules of npm, crates.io and PyPI.

use std::cmp::Ordering;
use std::fmt;

use thiserror::Error;

use super::Ecosystem;
use crate::base::pattern::pattern;
use regex::Regex;

/// A valid package name, compared as its registry compares names.
#[derive(Clone, Debug)]
pub struct PackageName {
    ecosystem: Ecosystem,
    text: String,
    key: String,
}

/// The reasons to refuse a package name.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PackageNameError {
    /// `length` and `limit` are in bytes.
    #[error("package name has {length} bytes, allowed are 1 to {limit}")]
    Length { length: usize, limit: usize },
    #[error("package name `{name}` contains {found:?}: use {allowed}")]
    Character {
        name: String,
        found: char,
        allowed: &'static str,
    },
    #[error("package name `{name}` must {rule}")]
    Edge { name: String, rule: &'static str },
    #[error("package name `{name}` is not a valid scoped name: write it as @scope/name")]
    Scope { name: String },
    #[error("package name `{name}` is reserved")]
    Reserved { name: String },
}

/// The rules of a registry.
struct NameRules {
    /// The longest name, in bytes.
    limit: usize,
    pattern: &'static Regex,
    /// A character that no name contains.
    other: &'static Regex,
    allowed: &'static str,
    /// The rule that a text of allowed characters breaks if it does not match the pattern.
    edge: &'static str,
}

impl NameRules {
    fn of(ecosystem: Ecosystem) -> Self {
        match ecosystem {
            // validate-npm-package-name, for new packages
            Ecosystem::Npm => Self {
                limit: 214,
                pattern: pattern!("^(?:@[a-z0-9][a-z0-9._-]*/)?[a-z0-9][a-z0-9._-]*$"),
                other: pattern!("[^a-z0-9._-]"),
                allowed: "a-z, 0-9, `-`, `.` and `_`",
                edge: "not start with `.`, `_` or `-`, nor may its scope",
            },
            // https://doc.rust-lang.org/cargo/reference/manifest.html#the-name-field
            Ecosystem::Cargo => Self {
                limit: 64,
                pattern: pattern!("^[A-Za-z][A-Za-z0-9_-]*$"),
                other: pattern!("[^A-Za-z0-9_-]"),
                allowed: "ASCII letters, digits, `-` and `_`",
                edge: "start with a letter",
            },
            // https://packaging.python.org/en/latest/specifications/name-normalization/
            Ecosystem::Python => Self {
                limit: 128,
                pattern: pattern!("^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$"),
                other: pattern!("[^A-Za-z0-9._-]"),
                allowed: "ASCII letters, digits, `-`, `_` and `.`",
                edge: "start and end with a letter or a digit",
            },
        }
    }

    /// The first rule that a part of a name outside the pattern breaks.
    fn violation(&self, part: &str, name: &str) -> PackageNameError {
        match self
            .other
            .find(part)
            .and_then(|other| other.as_str().chars().next())
        {
            Some(found) => PackageNameError::Character {
                name: name.escape_debug().collect(),
                found,
                allowed: self.allowed,
            },
            None => PackageNameError::Edge {
                name: name.to_owned(),
                rule: self.edge,
            },
        }
    }
}

impl PackageName {
    pub fn parse(ecosystem: Ecosystem, text: &str) -> Result<Self, PackageNameError> {
        let rules = NameRules::of(ecosystem);
        if text.is_empty() || text.len() > rules.limit {
            return Err(PackageNameError::Length {
                length: text.len(),
                limit: rules.limit,
            });
        }
        if !rules.pattern.is_match(text) {
            return Err(match text.strip_prefix('@') {
                Some(scoped) if ecosystem == Ecosystem::Npm => match scoped.split_once('/') {
                    Some((scope, name)) if !scope.is_empty() && !name.is_empty() => {
                        let part = if rules.pattern.is_match(scope) {
                            name
                        } else {
                            scope
                        };
                        rules.violation(part, text)
                    }
                    Some(_) | None => PackageNameError::Scope {
                        name: text.to_owned(),
                    },
                },
                Some(_) | None => rules.violation(text, text),
            });
        }
        if ecosystem == Ecosystem::Npm
            && pattern!(r"(?:^@?|/)(?:node_modules|favicon\.ico)(?:/|$)").is_match(text)
        {
            return Err(PackageNameError::Reserved {
                name: text.to_owned(),
            });
        }
        Ok(Self {
            ecosystem,
            text: text.to_owned(),
            key: key(ecosystem, text),
        })
    }

    /// The name as written by the author.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The normalised form, by which the registry compares names.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// True if the registry treats `other`, found in a manifest, as this name.
    pub fn is_named_by(&self, other: &str) -> bool {
        self.key == key(self.ecosystem, other)
    }
}

fn key(ecosystem: Ecosystem, text: &str) -> String {
    match ecosystem {
        Ecosystem::Npm => text.to_owned(),
        Ecosystem::Cargo => text.to_ascii_lowercase().replace('_', "-"),
        Ecosystem::Python => pattern!("[-_.]+")
            .replace_all(text, "-")
            .to_ascii_lowercase(),
    }
}

impl PartialEq for PackageName {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for PackageName {}

impl PartialOrd for PackageName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PackageName {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.ecosystem, &self.key).cmp(&(other.ecosystem, &other.key))
    }
}

impl fmt::Display for PackageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(ecosystem: Ecosystem, good: &[&str], bad: &[&str]) {
        for name in good {
            assert_eq!(PackageName::parse(ecosystem, name).unwrap().as_str(), *name);
        }
        for name in bad {
            let parsed = PackageName::parse(ecosystem, name);
            assert!(parsed.is_err(), "{name:?} must be refused");
        }
    }

    #[test]
    fn npm_names_are_lower_case_url_safe_and_at_most_once_scoped() {
        check(
            Ecosystem::Npm,
            &[
                "next",
                "is-odd",
                "lodash.merge",
                "@types/node",
                "@a/b_c",
                "7zip",
                &"a".repeat(214),
            ],
            &[
                "",
                "../x",
                "__proto__",
                "Next",
                "node_modules",
                "favicon.ico",
                "@a/../b",
                "@a/b/c",
                "a/b",
                "@a",
                "@/b",
                "@a/",
                "@@a/b",
                ".a",
                "_a",
                "-g",
                "@a/.b",
                "@.a/b",
                "@a/node_modules",
                "@a/__proto__",
                "a b",
                " a",
                "a\n",
                "a%2f",
                "a~b",
                "a:b",
                "é",
                &"a".repeat(215),
            ],
        );
    }

    #[test]
    fn crate_names_start_with_a_letter_and_have_64_bytes_at_most() {
        check(
            Ecosystem::Cargo,
            &["serde", "serde_json", "Inflector", &"a".repeat(64)],
            &[
                "",
                "7zip",
                "_a",
                "-a",
                "a.b",
                "a/b",
                "é",
                "a b",
                &"a".repeat(65),
            ],
        );
    }

    #[test]
    fn python_names_start_and_end_with_a_letter_or_a_digit() {
        check(
            Ecosystem::Python,
            &["requests", "ruamel.yaml", "A", "3to2", "zope-interface"],
            &["", "-a", "a-", ".a", "a_", "a[b]", "a b", "é", "a;b"],
        );
    }

    #[test]
    fn spellings_of_one_name_are_equal() {
        let same = |ecosystem, a, b| {
            PackageName::parse(ecosystem, a).unwrap() == PackageName::parse(ecosystem, b).unwrap()
        };
        assert!(same(Ecosystem::Python, "Ruamel._.Yaml", "ruamel-yaml"));
        assert!(same(Ecosystem::Cargo, "serde_json", "serde-json"));
        assert!(!same(Ecosystem::Npm, "is_odd", "is-odd"));
    }
}
