//! Names of the product, the repository and their owner, validated for every place that uses them.

use crate::base::pattern::pattern;
use crate::base::sanitize::is_unsafe;

use super::condition::InputValues;
use super::date::Day;
use super::slug::Slug;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The name of a product: one line of 1 to 100 printable characters without spaces at its ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductName(String);

/// The login of a user or an organisation: 1 to 39 letters, digits, `_` and single `-`. GitHub logins contain no `_`
/// except the suffix of managed users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner(String);

/// The name of a repository that neither GitHub nor Forgejo rewrites: 1 to 100 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepoName(String);

/// The author of a commit, `Name <address>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    text: String,
    name_length: usize,
}

/// The web address of a repository: `http` or `https`, without a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepoUrl(String);

/// The inputs of a plan besides the selection. The values of the catalogue's inputs stand beside the fields, by their
/// names in capital letters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Inputs {
    pub product_name: ProductName,
    pub product_slug: Slug,
    pub owner: Owner,
    pub repo: RepoName,
    /// The date of decision records and of the commit.
    pub date: Day,
    /// The web address of the repository, if a file contains it; by default the one on github.com.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repo_url: Option<RepoUrl>,
    /// The values of the catalogue's inputs: in a request those that were given, in a plan those of all inputs that
    /// apply.
    #[serde(flatten)]
    pub values: InputValues,
}

/// The reasons to refuse a name.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum InputError {
    #[error("{what} is empty")]
    Empty { what: &'static str },
    #[error("{what} has {length} characters, the maximum is {limit}")]
    TooLong {
        what: &'static str,
        length: usize,
        limit: usize,
    },
    #[error("{what} contains an invalid character `{}`: {expected}", found.escape_debug())]
    Character {
        what: &'static str,
        found: char,
        expected: &'static str,
    },
    #[error("invalid {what} `{}`: {expected}", text.escape_debug())]
    Shape {
        what: &'static str,
        text: String,
        expected: &'static str,
    },
}

impl ProductName {
    const WHAT: &'static str = "product name";
    /// No space at either end.
    const PATTERN: &'static str = r"^\S(.*\S)?$";
    /// The longest product name, in characters.
    pub const MAX: usize = 100;

    /// Parses a product name.
    pub fn parse(text: &str) -> Result<Self, InputError> {
        check_length(Self::WHAT, text, Self::MAX)?;
        check_printable(Self::WHAT, text, "write one line of printable text")?;
        if pattern!(ProductName::PATTERN).is_match(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(shape(Self::WHAT, text, "remove the spaces at its ends"))
        }
    }

    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Owner {
    const WHAT: &'static str = "owner";
    const EXPECTED: &'static str =
        "use letters, digits and single dashes between them, as in `acme-inc`";
    /// The longest login, in characters.
    pub const MAX: usize = 39;
    /// Letters, digits, `_` and `-`; no dash beside another; a letter or digit at both ends.
    const PATTERN: &'static str = "^[A-Za-z0-9]((-?[A-Za-z0-9_])*-?[A-Za-z0-9])?$";

    /// Parses a login.
    pub fn parse(text: &str) -> Result<Self, InputError> {
        check_length(Self::WHAT, text, Self::MAX)?;
        if pattern!(Owner::PATTERN).is_match(text) {
            return Ok(Self(text.to_owned()));
        }
        let other = pattern!("[^A-Za-z0-9_-]").find(text);
        Err(refused(Self::WHAT, text, other, Self::EXPECTED))
    }

    /// The login.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl RepoName {
    const WHAT: &'static str = "repository name";
    const EXPECTED: &'static str =
        "use letters, digits, `-`, `_` and `.`, and begin and end with a letter or digit";
    /// The longest name, in characters.
    pub const MAX: usize = 100;
    /// Letters, digits, `-`, `_` and `.`; no dot beside another; a letter or digit at both ends.
    const PATTERN: &'static str = r"^[A-Za-z0-9]((\.?[A-Za-z0-9_-])*\.?[A-Za-z0-9])?$";

    /// Parses the name of a repository.
    pub fn parse(text: &str) -> Result<Self, InputError> {
        check_length(Self::WHAT, text, Self::MAX)?;
        if !pattern!(RepoName::PATTERN).is_match(text) {
            let expected = if pattern!(r"^[A-Za-z0-9][A-Za-z0-9_.-]*[A-Za-z0-9]$").is_match(text) {
                "forges reserve two dots in a row"
            } else {
                Self::EXPECTED
            };
            let other = pattern!("[^A-Za-z0-9_.-]").find(text);
            return Err(refused(Self::WHAT, text, other, expected));
        }
        if pattern!(r"(?i)\.(git|wiki|rss|atom)$").is_match(text) {
            let expected = "forges reserve the endings .git, .wiki, .rss and .atom";
            return Err(shape(Self::WHAT, text, expected));
        }
        Ok(Self(text.to_owned()))
    }

    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl RepoUrl {
    const WHAT: &'static str = "repository address";
    const EXPECTED: &'static str = "write it as `https://git.example.org/acme/acme-web`";
    /// The longest address, in characters.
    pub const MAX: usize = 300;
    const PATTERN: &'static str = r"^https?://[A-Za-z0-9.\[\]:_-]+(/[A-Za-z0-9._~%/-]*)?$";

    /// Parses an address.
    pub fn parse(text: &str) -> Result<Self, InputError> {
        check_length(Self::WHAT, text, Self::MAX)?;
        if pattern!(RepoUrl::PATTERN).is_match(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(shape(Self::WHAT, text, Self::EXPECTED))
        }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Inputs {
    /// The web address of the repository.
    pub fn repo_address(&self) -> String {
        self.repo_url.as_ref().map_or_else(
            || format!("https://github.com/{}/{}", self.owner, self.repo),
            ToString::to_string,
        )
    }
}

impl Identity {
    const WHAT: &'static str = "author";
    const EXPECTED: &'static str = "write it as `Jane Doe <jane@example.org>`";
    /// The longest author, in characters.
    pub const MAX: usize = 200;
    /// Neither part has spaces at its ends or contains `<` or `>`.
    const PATTERN: &'static str =
        r"^([^<>\s]|[^<>\s][^<>]*[^<>\s]) <([^<>\s]|[^<>\s][^<>]*[^<>\s])>$";

    /// Parses `Name <address>`.
    pub fn parse(text: &str) -> Result<Self, InputError> {
        check_length(Self::WHAT, text, Self::MAX)?;
        check_printable(Self::WHAT, text, Self::EXPECTED)?;
        match pattern!(Identity::PATTERN).captures(text) {
            Some(parts) => Ok(Self {
                text: text.to_owned(),
                name_length: parts[1].len(),
            }),
            None => Err(shape(Self::WHAT, text, Self::EXPECTED)),
        }
    }

    /// `Name <address>`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.text[..self.name_length]
    }

    /// The mail address.
    pub fn address(&self) -> &str {
        &self.text[self.name_length + 2..self.text.len() - 1]
    }
}

impl Default for Identity {
    fn default() -> Self {
        let text = "groundplan <groundplan@example.invalid>".to_owned();
        Self {
            name_length: "groundplan".len(),
            text,
        }
    }
}

fn check_length(what: &'static str, text: &str, limit: usize) -> Result<(), InputError> {
    let length = text.chars().count();
    if length == 0 {
        Err(InputError::Empty { what })
    } else if length > limit {
        Err(InputError::TooLong {
            what,
            length,
            limit,
        })
    } else {
        Ok(())
    }
}

fn check_printable(
    what: &'static str,
    text: &str,
    expected: &'static str,
) -> Result<(), InputError> {
    match text.chars().find(|c| is_unsafe(*c)) {
        Some(found) => Err(InputError::Character {
            what,
            found,
            expected,
        }),
        None => Ok(()),
    }
}

fn shape(what: &'static str, text: &str, expected: &'static str) -> InputError {
    InputError::Shape {
        what,
        text: text.to_owned(),
        expected,
    }
}

/// The error about the first character outside the set, or else about the shape.
fn refused(
    what: &'static str,
    text: &str,
    other: Option<regex::Match<'_>>,
    expected: &'static str,
) -> InputError {
    match other.and_then(|other| other.as_str().chars().next()) {
        Some(found) => InputError::Character {
            what,
            found,
            expected,
        },
        None => shape(what, text, expected),
    }
}

text_value!(ProductName, error: InputError, format: "groundplan-product-name", max: ProductName::MAX, pattern: ProductName::PATTERN,
    doc: "The name of a product: one line of printable text.");
text_value!(Owner, error: InputError, format: "groundplan-owner", max: Owner::MAX, pattern: Owner::PATTERN,
    doc: "The login of the user or organisation that owns the repository.");
text_value!(RepoName, error: InputError, format: "groundplan-repo", max: RepoName::MAX, pattern: RepoName::PATTERN,
    doc: "The name of a repository.");
text_value!(RepoUrl, error: InputError, format: "groundplan-repo-url", max: RepoUrl::MAX, pattern: RepoUrl::PATTERN,
    doc: "The web address of the repository.");
text_value!(Identity, error: InputError, format: "groundplan-identity", max: Identity::MAX, pattern: Identity::PATTERN,
    doc: "The author of a commit: `Name <address>`.");

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check<T>(parse: fn(&str) -> Result<T, InputError>, accepted: &[&str], refused: &[&str]) {
        for text in accepted {
            assert_eq!(parse(text).err(), None, "{text:?}");
        }
        for text in refused {
            assert_ne!(parse(text).err(), None, "{text:?}");
        }
    }

    #[test]
    fn an_owner_follows_the_rule_of_github() {
        let long = "a".repeat(40);
        check(
            Owner::parse,
            &["acme", "Acme-Inc", "a", "0x", "jane_acme"],
            &[
                "", "-a", "a-", "a--b", "a.b", "a/b", "..", "ä", "a b", &long,
            ],
        );
    }

    #[test]
    fn a_repository_name_is_valid_on_every_forge() {
        let long = "a".repeat(101);
        check(
            RepoName::parse,
            &["acme-web", "a", "Acme.Web_2"],
            &[
                "", ".", "..", "-x", "x-", "-", ".x", "x.", "_", "a..b", "x.git", "x.GIT",
                "x.wiki", "x.rss", "x.Atom", "a b", "a/b", "a\n", "ä", "a%2fb", &long,
            ],
        );
    }

    #[test]
    fn an_error_shows_the_expected_form() {
        let repo = |text: &str| RepoName::parse(text).expect_err("refused").to_string();
        assert_eq!(
            repo("acme web"),
            "repository name contains an invalid character ` `: use letters, digits, `-`, `_` and `.`, and begin and end with a letter or digit"
        );
        assert_eq!(
            repo("acme.WIKI"),
            "invalid repository name `acme.WIKI`: forges reserve the endings .git, .wiki, .rss and .atom"
        );
        assert_eq!(
            repo(&"a".repeat(101)),
            "repository name has 101 characters, the maximum is 100"
        );
        assert_eq!(
            Owner::parse("acme--inc").expect_err("refused").to_string(),
            "invalid owner `acme--inc`: use letters, digits and single dashes between them, as in `acme-inc`"
        );
    }

    #[test]
    fn a_product_name_is_one_printable_line() {
        check(
            ProductName::parse,
            &[
                "Acme",
                "Ünïcode \"quoted\" <b> \\ 🚀",
                "__PRODUCT_NAME__",
                "${x} {{y}}",
            ],
            &[
                "",
                " a",
                "a ",
                "a\nb",
                "a\u{1b}[2J",
                "a\u{202e}b",
                "a\0",
                &"x".repeat(101),
            ],
        );
    }

    #[test]
    fn an_identity_has_a_name_and_an_address() {
        let jane = Identity::parse("Jane Doe <jane@example.org>").expect("a plain identity");
        assert_eq!(
            (jane.name(), jane.address()),
            ("Jane Doe", "jane@example.org")
        );
        check(
            Identity::parse,
            &["a <b>"],
            &[
                "",
                "Jane",
                "<a@b>",
                "Jane <>",
                "Jane <a> <b>",
                "Jane <a\nb>",
                "Jane <a",
            ],
        );
        assert_eq!(
            Identity::parse(Identity::default().as_str()),
            Ok(Identity::default())
        );
    }
}
