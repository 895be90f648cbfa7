//! The name of a package, by the rules of the registry it comes from.

use std::cmp::Ordering;
use std::fmt;

use thiserror::Error;

use super::Ecosystem;

/// A package name that its registry could hold; compared as the registry compares, kept as the author wrote it.
#[derive(Clone, Debug)]
pub struct PackageName {
    ecosystem: Ecosystem,
    text: String,
    key: String,
}

/// What is wrong with a package name.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PackageNameError {
    /// `length` and `limit` are in bytes.
    #[error("a package name has 1 to {limit} bytes, this one has {length}")]
    Length { length: usize, limit: usize },
    #[error("`{name}` holds {found:?}; a package name here is made of {allowed}")]
    Character {
        name: String,
        found: char,
        allowed: &'static str,
    },
    #[error("`{name}` must {rule}")]
    Edge { name: String, rule: &'static str },
    #[error("`{name}` is not a scoped name; write it as @scope/name")]
    Scope { name: String },
    #[error("`{name}` is reserved; no package can have this name")]
    Reserved { name: String },
}

impl PackageName {
    pub fn parse(ecosystem: Ecosystem, text: &str) -> Result<Self, PackageNameError> {
        let limit = match ecosystem {
            Ecosystem::Npm => 214,
            Ecosystem::Cargo => 64,
            Ecosystem::Python => 128,
        };
        if text.is_empty() || text.len() > limit {
            let length = text.len();
            return Err(PackageNameError::Length { length, limit });
        }
        match ecosystem {
            Ecosystem::Npm => check_npm(text)?,
            Ecosystem::Cargo => check_cargo(text)?,
            Ecosystem::Python => check_python(text)?,
        }
        Ok(Self {
            ecosystem,
            text: text.to_owned(),
            key: key(ecosystem, text),
        })
    }

    /// Gives the name as the author wrote it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Gives the form by which the registry tells names apart.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Tells whether the registry takes `other`, found in a manifest, for this name.
    pub fn is_named_by(&self, other: &str) -> bool {
        self.key == key(self.ecosystem, other)
    }
}

fn key(ecosystem: Ecosystem, text: &str) -> String {
    match ecosystem {
        Ecosystem::Npm => text.to_owned(),
        Ecosystem::Cargo => text.to_ascii_lowercase().replace('_', "-"),
        Ecosystem::Python => {
            let mut key = String::with_capacity(text.len());
            for c in text.chars() {
                match c {
                    '-' | '_' | '.' if key.ends_with('-') => {}
                    '-' | '_' | '.' => key.push('-'),
                    _ => key.push(c.to_ascii_lowercase()),
                }
            }
            key
        }
    }
}

fn check_npm(name: &str) -> Result<(), PackageNameError> {
    let parts = match name.strip_prefix('@') {
        Some(scoped) => match scoped.split_once('/') {
            Some((scope, rest)) if !scope.is_empty() && !rest.is_empty() => vec![scope, rest],
            Some(_) | None => {
                return Err(PackageNameError::Scope {
                    name: name.to_owned(),
                });
            }
        },
        None => vec![name],
    };
    for part in &parts {
        if part.starts_with(['.', '_', '-']) {
            return Err(PackageNameError::Edge {
                name: name.to_owned(),
                rule: "not start with `.`, `_` or `-`, nor may its scope",
            });
        }
        only(name, part, "a-z, 0-9, `-`, `.` and `_`", |c| {
            c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.' | '_')
        })?;
        if matches!(*part, "node_modules" | "favicon.ico") {
            return Err(PackageNameError::Reserved {
                name: name.to_owned(),
            });
        }
    }
    Ok(())
}

fn check_cargo(name: &str) -> Result<(), PackageNameError> {
    only(name, name, "ASCII letters, digits, `-` and `_`", |c| {
        c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
    })?;
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Err(PackageNameError::Edge {
            name: name.to_owned(),
            rule: "start with a letter",
        });
    }
    Ok(())
}

fn check_python(name: &str) -> Result<(), PackageNameError> {
    only(name, name, "ASCII letters, digits, `-`, `_` and `.`", |c| {
        c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
    })?;
    let outer = |c: char| c.is_ascii_alphanumeric();
    if !(name.starts_with(outer) && name.ends_with(outer)) {
        return Err(PackageNameError::Edge {
            name: name.to_owned(),
            rule: "start and end with a letter or a digit",
        });
    }
    Ok(())
}

fn only(
    name: &str,
    part: &str,
    allowed: &'static str,
    legal: impl Fn(char) -> bool,
) -> Result<(), PackageNameError> {
    match part.chars().find(|c| !legal(*c)) {
        Some(found) => Err(PackageNameError::Character {
            name: name.escape_debug().collect(),
            found,
            allowed,
        }),
        None => Ok(()),
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
    fn spellings_that_a_registry_takes_for_one_name_are_equal() {
        let same = |ecosystem, a, b| {
            PackageName::parse(ecosystem, a).unwrap() == PackageName::parse(ecosystem, b).unwrap()
        };
        assert!(same(Ecosystem::Python, "Ruamel._.Yaml", "ruamel-yaml"));
        assert!(same(Ecosystem::Cargo, "serde_json", "serde-json"));
        assert!(!same(Ecosystem::Npm, "is_odd", "is-odd"));
    }
}
