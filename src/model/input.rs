//! What a person types about the product and its repository: names that cannot do harm where they are put.

use super::date::Day;
use super::slug::Slug;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A product's name: one line of 1 to 100 characters, no control or direction characters, no blanks at the ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductName(String);

/// The user or organisation a repository belongs to, by GitHub's rule: 1 to 39 letters, digits, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner(String);

/// A repository's name as GitHub and Forgejo both take it unchanged (security.md G1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepoName(String);

/// Who signs the first commit, `Name <address>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    text: String,
    split: usize,
}

/// Everything a person says about the repository besides the selection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    pub product_name: ProductName,
    pub product_slug: Slug,
    pub owner: Owner,
    pub repo: RepoName,
    /// The day decision records and the commit carry.
    pub date: Day,
}

/// Why a name was refused.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum InputError {
    #[error("{what} must not be empty")]
    Empty { what: &'static str },
    #[error("{what} has at most {limit} characters, this one has {length}")]
    TooLong {
        what: &'static str,
        length: usize,
        limit: usize,
    },
    #[error("{what} must not hold the character `{}`: {expected}", found.escape_debug())]
    Character {
        what: &'static str,
        found: char,
        expected: &'static str,
    },
    #[error("{what} `{}` is not allowed: {expected}", text.escape_debug())]
    Shape {
        what: &'static str,
        text: String,
        expected: &'static str,
    },
}

impl ProductName {
    const WHAT: &'static str = "a product name";
    /// The longest product name, in characters.
    pub const MAX: usize = 100;

    /// Parses a product name.
    pub fn parse(text: &str) -> Result<Self, InputError> {
        check_length(Self::WHAT, text, Self::MAX)?;
        let unprintable = |c: &char| {
            c.is_control()
                || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        if let Some(found) = text.chars().find(unprintable) {
            return Err(InputError::Character {
                what: Self::WHAT,
                found,
                expected: "write one line of printable text",
            });
        }
        if text.trim() != text {
            let expected = "remove the blanks at its ends";
            return Err(InputError::Shape {
                what: Self::WHAT,
                text: text.to_owned(),
                expected,
            });
        }
        Ok(Self(text.to_owned()))
    }

    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Owner {
    const WHAT: &'static str = "an owner";

    /// Parses an owner's login.
    pub fn parse(text: &str) -> Result<Self, InputError> {
        check_length(Self::WHAT, text, 39)?;
        let expected = "use letters, digits and single dashes between them, as in `acme-inc`";
        check_characters(Self::WHAT, text, "-_", expected)?;
        if !starts_and_ends_alphanumeric(text) || text.contains("--") {
            return Err(InputError::Shape {
                what: Self::WHAT,
                text: text.to_owned(),
                expected,
            });
        }
        Ok(Self(text.to_owned()))
    }

    /// The login.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl RepoName {
    const WHAT: &'static str = "a repository name";

    /// Parses a repository's name.
    pub fn parse(text: &str) -> Result<Self, InputError> {
        check_length(Self::WHAT, text, 100)?;
        let expected =
            "use letters, digits, `-`, `_` and `.`, and begin and end with a letter or digit";
        check_characters(Self::WHAT, text, "-_.", expected)?;
        let shape = |expected| InputError::Shape {
            what: Self::WHAT,
            text: text.to_owned(),
            expected,
        };
        if !starts_and_ends_alphanumeric(text) {
            return Err(shape(expected));
        }
        if text.contains("..") {
            return Err(shape("two dots in a row are reserved by forges"));
        }
        let lower = text.to_ascii_lowercase();
        if [".git", ".wiki", ".rss", ".atom"]
            .iter()
            .any(|reserved| lower.ends_with(reserved))
        {
            return Err(shape(
                "the endings .git, .wiki, .rss and .atom are reserved by forges",
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Identity {
    const WHAT: &'static str = "an author";

    /// Parses `Name <address>`.
    pub fn parse(text: &str) -> Result<Self, InputError> {
        check_length(Self::WHAT, text, 200)?;
        let expected = "write it as `Jane Doe <jane@example.org>`";
        let shape = || InputError::Shape {
            what: Self::WHAT,
            text: text.to_owned(),
            expected,
        };
        if let Some(found) = text.chars().find(|c| c.is_control()) {
            return Err(InputError::Character {
                what: Self::WHAT,
                found,
                expected,
            });
        }
        let split = text.find(" <").ok_or_else(shape)?;
        let (name, rest) = text.split_at(split);
        let address = rest
            .strip_prefix(" <")
            .and_then(|rest| rest.strip_suffix('>'))
            .ok_or_else(shape)?;
        let stray =
            |part: &str| part.is_empty() || part.trim() != part || part.contains(['<', '>']);
        if stray(name) || stray(address) {
            return Err(shape());
        }
        Ok(Self {
            text: text.to_owned(),
            split,
        })
    }

    /// `Name <address>`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.text[..self.split]
    }

    /// The mail address.
    pub fn address(&self) -> &str {
        &self.text[self.split + 2..self.text.len() - 1]
    }
}

impl Default for Identity {
    fn default() -> Self {
        let text = "groundplan <groundplan@example.invalid>".to_owned();
        Self {
            split: "groundplan".len(),
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

fn check_characters(
    what: &'static str,
    text: &str,
    more: &str,
    expected: &'static str,
) -> Result<(), InputError> {
    match text
        .chars()
        .find(|c| !c.is_ascii_alphanumeric() && !more.contains(*c))
    {
        Some(found) => Err(InputError::Character {
            what,
            found,
            expected,
        }),
        None => Ok(()),
    }
}

fn starts_and_ends_alphanumeric(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.ends_with(|c: char| c.is_ascii_alphanumeric())
}

text_value!(ProductName, error: InputError, format: "groundplan-product-name", max: ProductName::MAX, pattern: "^\\S(.*\\S)?$",
    doc: "A product's name: one line of printable text.");
text_value!(Owner, error: InputError, format: "groundplan-owner", max: 39, pattern: "^[A-Za-z0-9][A-Za-z0-9_-]*$",
    doc: "The user or organisation a repository belongs to.");
text_value!(RepoName, error: InputError, format: "groundplan-repo", max: 100, pattern: "^[A-Za-z0-9][A-Za-z0-9._-]*$",
    doc: "A repository's name.");
text_value!(Identity, error: InputError, format: "groundplan-identity", max: 200, pattern: "^[^<>]+ <[^<>]+>$",
    doc: "Who signs a commit: `Name <address>`.");

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
    fn an_owner_follows_githubs_rule() {
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
    fn a_repository_name_is_one_that_no_forge_rewrites() {
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
    fn a_refused_name_says_what_to_write_instead() {
        let repo = |text: &str| RepoName::parse(text).expect_err("refused").to_string();
        assert_eq!(
            repo("acme web"),
            "a repository name must not hold the character ` `: use letters, digits, `-`, `_` and `.`, and begin and end with a letter or digit"
        );
        assert_eq!(
            repo("acme.WIKI"),
            "a repository name `acme.WIKI` is not allowed: the endings .git, .wiki, .rss and .atom are reserved by forges"
        );
        assert_eq!(
            repo(&"a".repeat(101)),
            "a repository name has at most 100 characters, this one has 101"
        );
        assert_eq!(
            Owner::parse("acme--inc").expect_err("refused").to_string(),
            "an owner `acme--inc` is not allowed: use letters, digits and single dashes between them, as in `acme-inc`"
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
