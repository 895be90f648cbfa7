//! Placeholders: names between double underscores, such as `__PRODUCT_NAME__`, and the case forms of their values.

use super::input::{Identity, Inputs};
use super::slug::transliterated;
use crate::base::pattern::pattern;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::ops::Range;
use thiserror::Error;
use unicode_normalization::char::is_combining_mark;

/// The name of a placeholder without its underscores: words of capital letters and digits, joined by single
/// underscores.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlaceholderName(String);

/// The reasons to refuse the name of a placeholder.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PlaceholderNameError {
    #[error("name is empty")]
    Empty,
    #[error("name has {length} characters, the maximum is {max}", max = PlaceholderName::MAX)]
    TooLong { length: usize },
    #[error(
        "invalid name `{}`: write capital letters and digits, joined by single underscores, as in `PACKAGE_NAME`",
        text.escape_debug()
    )]
    Malformed { text: String },
}

/// A fact that every plan has. A catalogue lists the facts that its files contain.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BuiltInFact {
    /// The display name of the product.
    ProductName,
    /// The machine-readable name of the product.
    ProductSlug,
    /// The user or organisation that owns the repository.
    GithubOwner,
    /// The name of the repository.
    RepoName,
    /// The web address of the repository.
    RepoUrl,
    /// The branch of the first commit: `main`.
    DefaultBranch,
    /// The date of the plan, `YYYY-MM-DD`.
    Date,
    /// The year of that date.
    Year,
    /// The name of the commit's author.
    AuthorName,
    /// The mail address of the commit's author.
    AuthorEmail,
}

/// A way to write the words of a text.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum CaseForm {
    /// `acme-web`
    Kebab,
    /// `acme_web`
    Snake,
    /// `acmeWeb`
    Camel,
    /// `AcmeWeb`
    Pascal,
    /// `ACME_WEB`
    Constant,
    /// `acme.web`
    Dot,
    /// `Acme Web`
    Title,
}

macro_rules! name_pattern {
    () => {
        "[A-Z][A-Z0-9]*(_[A-Z0-9]+)*"
    };
}

impl PlaceholderName {
    /// The longest name, in characters.
    pub const MAX: usize = 64;

    const PATTERN: &'static str = concat!("^", name_pattern!(), "$");

    /// The pattern of a placeholder in a text.
    pub const TOKEN: &'static str = concat!("__", name_pattern!(), "__");

    /// Parses a name without its underscores.
    pub fn parse(text: &str) -> Result<Self, PlaceholderNameError> {
        if text.is_empty() {
            return Err(PlaceholderNameError::Empty);
        }
        if text.len() > Self::MAX {
            return Err(PlaceholderNameError::TooLong { length: text.len() });
        }
        if !pattern!(PlaceholderName::PATTERN).is_match(text) {
            return Err(PlaceholderNameError::Malformed {
                text: text.to_owned(),
            });
        }
        Ok(Self(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The placeholder in a text: `__NAME__`.
    pub fn token(&self) -> String {
        format!("__{}__", self.0)
    }

    /// The name of a case form of this placeholder.
    #[must_use]
    pub fn in_case(&self, case: CaseForm) -> Self {
        Self(format!("{}_{}", self.0, case.suffix()))
    }

    /// This name and those of its case forms.
    pub fn with_cases(&self) -> Vec<Self> {
        let cases = CaseForm::ALL.into_iter().map(|case| self.in_case(case));
        std::iter::once(self.clone()).chain(cases).collect()
    }
}

text_value!(PlaceholderName, error: PlaceholderNameError, format: "groundplan-placeholder", max: PlaceholderName::MAX, pattern: PlaceholderName::PATTERN,
    doc: "Capital letters and digits in words joined by single underscores.");

/// The texts that look like placeholders, with their positions.
pub fn tokens_in(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    pattern!(PlaceholderName::TOKEN)
        .find_iter(text)
        .map(|found| (found.range(), found.as_str()))
}

impl BuiltInFact {
    /// All facts.
    pub const ALL: [Self; 10] = [
        Self::ProductName,
        Self::ProductSlug,
        Self::GithubOwner,
        Self::RepoName,
        Self::RepoUrl,
        Self::DefaultBranch,
        Self::Date,
        Self::Year,
        Self::AuthorName,
        Self::AuthorEmail,
    ];

    /// The name of the branch that a new repository has.
    pub const BRANCH: &'static str = "main";

    /// The name of the placeholder.
    pub fn name(self) -> PlaceholderName {
        let name = match self {
            Self::ProductName => "PRODUCT_NAME",
            Self::ProductSlug => "PRODUCT_SLUG",
            Self::GithubOwner => "GITHUB_OWNER",
            Self::RepoName => "REPO_NAME",
            Self::RepoUrl => "REPO_URL",
            Self::DefaultBranch => "DEFAULT_BRANCH",
            Self::Date => "DATE",
            Self::Year => "YEAR",
            Self::AuthorName => "AUTHOR_NAME",
            Self::AuthorEmail => "AUTHOR_EMAIL",
        };
        PlaceholderName(name.to_owned())
    }

    /// True for a text, which has case forms.
    pub fn is_text(self) -> bool {
        !matches!(self, Self::Date | Self::Year)
    }

    /// The value of the fact.
    pub fn value(self, inputs: &Inputs, author: &Identity) -> String {
        match self {
            Self::ProductName => inputs.product_name.to_string(),
            Self::ProductSlug => inputs.product_slug.to_string(),
            Self::GithubOwner => inputs.owner.to_string(),
            Self::RepoName => inputs.repo.to_string(),
            Self::RepoUrl => inputs.repo_address(),
            Self::DefaultBranch => Self::BRANCH.to_owned(),
            Self::Date => inputs.date.to_string(),
            Self::Year => inputs.date.year().to_owned(),
            Self::AuthorName => author.name().to_owned(),
            Self::AuthorEmail => author.address().to_owned(),
        }
    }
}

impl CaseForm {
    /// All case forms.
    pub const ALL: [Self; 7] = [
        Self::Kebab,
        Self::Snake,
        Self::Camel,
        Self::Pascal,
        Self::Constant,
        Self::Dot,
        Self::Title,
    ];

    /// The last word of the placeholder's name.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Kebab => "KEBAB",
            Self::Snake => "SNAKE",
            Self::Camel => "CAMEL",
            Self::Pascal => "PASCAL",
            Self::Constant => "CONSTANT",
            Self::Dot => "DOT",
            Self::Title => "TITLE",
        }
    }

    /// The words of a text in this form. All forms but the title are for identifiers: their letters are ASCII.
    pub fn apply(self, text: &str) -> String {
        let text = match self {
            Self::Title => Cow::Borrowed(text),
            _ => Cow::Owned(transliterated(text)),
        };
        let words = words_of(&text);
        match self {
            Self::Kebab => joined(&words, "-", lower),
            Self::Snake => joined(&words, "_", lower),
            Self::Camel => match words.split_first() {
                Some((first, rest)) => lower(first) + &joined(rest, "", capitalized),
                None => String::new(),
            },
            Self::Pascal => joined(&words, "", capitalized),
            Self::Constant => joined(&words, "_", str::to_uppercase),
            Self::Dot => joined(&words, ".", lower),
            Self::Title => joined(&words, " ", capitalized),
        }
    }
}

/// The words of a text: runs of letters and digits, separated again where a capital letter begins a word.
fn words_of(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for run in text.split(|c: char| !c.is_alphanumeric() && !is_combining_mark(c)) {
        let chars: Vec<(usize, char)> = run.char_indices().collect();
        let mut start = 0;
        for (number, (at, c)) in chars.iter().enumerate().skip(1) {
            let before = chars[number - 1].1;
            let next_is_small = chars
                .get(number + 1)
                .is_some_and(|(_, next)| next.is_lowercase());
            // `acmeWeb` has a new word at `W`, `HTTPServer` at the last capital.
            if c.is_uppercase() && (!before.is_uppercase() || next_is_small) {
                words.push(&run[start..*at]);
                start = *at;
            }
        }
        words.push(&run[start..]);
    }
    words.retain(|word| !word.is_empty());
    words
}

fn joined(words: &[&str], separator: &str, write: impl Fn(&str) -> String) -> String {
    let words: Vec<String> = words.iter().map(|word| write(word)).collect();
    words.join(separator)
}

fn lower(word: &str) -> String {
    word.to_lowercase()
}

fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    let first = chars.next().map(char::to_uppercase).into_iter().flatten();
    first.chain(chars.flat_map(char::to_lowercase)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_words_of_capitals_joined_by_single_underscores() {
        for good in ["A", "PACKAGE", "PYTHON_3", "A1_B2"] {
            assert!(PlaceholderName::parse(good).is_ok(), "{good}");
        }
        let long = "A".repeat(65);
        for bad in ["", "a", "A_", "_A", "A__B", "1A", "A-B", "Ä", &long] {
            assert!(PlaceholderName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_words_of_a_text_are_written_in_every_case() {
        for (text, forms) in [
            (
                "acme-web",
                [
                    "acme-web", "acme_web", "acmeWeb", "AcmeWeb", "ACME_WEB", "acme.web",
                    "Acme Web",
                ],
            ),
            (
                "Ünïcödé näme 2",
                [
                    "unicode-name-2",
                    "unicode_name_2",
                    "unicodeName2",
                    "UnicodeName2",
                    "UNICODE_NAME_2",
                    "unicode.name.2",
                    "Ünïcödé Näme 2",
                ],
            ),
            (
                "HTTPServer",
                [
                    "http-server",
                    "http_server",
                    "httpServer",
                    "HttpServer",
                    "HTTP_SERVER",
                    "http.server",
                    "Http Server",
                ],
            ),
        ] {
            assert_eq!(CaseForm::ALL.map(|case| case.apply(text)), forms, "{text}");
        }
    }
}
