//! Classes, codes and hints of errors: the part of an error that a shell acts on.

use schemars::JsonSchema;
use serde::Serialize;
use std::borrow::Cow;
use std::error::Error;
use std::iter;

/// The reaction that an error calls for. Each shell maps it once: to an exit code, an HTTP status or a retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// The request is well-formed and cannot be carried out as asked.
    Refused,
    /// The request is malformed or incomplete.
    Usage,
    /// The current state of a run, a repository or a document does not allow it.
    Conflict,
    /// A forge rejects the credential, or the credential lacks a permission.
    Credential,
    /// A file, a program, the disk or the configuration of this machine prevents it.
    Environment,
    /// A service did not answer as expected; the same request may succeed later.
    Retryable,
    /// A signal or a person stopped it.
    Interrupted,
}

/// An error that states its class, a stable code for programs, and the next step for people.
pub trait Explain: Error + Send + Sync + 'static {
    fn class(&self) -> Class;

    /// A stable name in snake case, unique among all errors.
    fn code(&self) -> &'static str;

    /// The next step for the person who made the request.
    fn hint(&self) -> Option<Hint> {
        None
    }

    /// The wrapped error whose hints also apply.
    fn inner(&self) -> Option<&dyn Explain> {
        None
    }
}

/// A setting of a request. A terminal names it as a flag, a form or an API as a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    GitTimeout,
    CacheDir,
    AllowFile,
    AllowHost,
    AllowSource,
    Accept,
    As,
    Catalog,
    Catalogs,
    Date,
    Each,
    Expect,
    Forge,
    ForgeUrl,
    Into,
    Ledger,
    Offline,
    Owner,
    Pairwise,
    Policy,
    Product,
    Ref,
    Repo,
    Sample,
    Slug,
    Template,
}

/// One sentence on what to do next, in lower case and without a full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint(Vec<Part>);

/// A piece of a hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Text(Cow<'static, str>),
    Setting(Setting),
}

impl Setting {
    /// The name in kebab case, as in the flag.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::AllowFile => "allow-file",
            Self::AllowHost => "allow-host",
            Self::AllowSource => "allow-source",
            Self::CacheDir => "cache-dir",
            Self::GitTimeout => "git-timeout",
            Self::As => "as",
            Self::Catalog => "catalog",
            Self::Catalogs => "catalogs",
            Self::Date => "date",
            Self::Each => "each",
            Self::Expect => "expect",
            Self::Forge => "forge",
            Self::ForgeUrl => "forge-url",
            Self::Into => "into",
            Self::Ledger => "ledger",
            Self::Offline => "offline",
            Self::Owner => "owner",
            Self::Pairwise => "pairwise",
            Self::Policy => "policy",
            Self::Product => "product",
            Self::Ref => "ref",
            Self::Repo => "repo",
            Self::Sample => "sample",
            Self::Slug => "slug",
            Self::Template => "template",
        }
    }
}

impl Hint {
    /// The hint as text, each setting named by `name`.
    pub fn render(&self, name: impl Fn(Setting) -> String) -> String {
        self.0
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.clone(),
                Part::Setting(setting) => name(*setting).into(),
            })
            .collect()
    }
}

impl<const N: usize> From<[Part; N]> for Hint {
    fn from(parts: [Part; N]) -> Self {
        Self(parts.into())
    }
}

impl From<&'static str> for Hint {
    fn from(text: &'static str) -> Self {
        [text.into()].into()
    }
}

impl From<String> for Hint {
    fn from(text: String) -> Self {
        [text.into()].into()
    }
}

impl From<&'static str> for Part {
    fn from(text: &'static str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Part {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<Setting> for Part {
    fn from(setting: Setting) -> Self {
        Self::Setting(setting)
    }
}

/// Builds a [`Hint`] from texts and settings: `hint!("choose another name with ", Setting::Repo)`.
#[macro_export]
macro_rules! hint {
    ($($part:expr),+ $(,)?) => {
        $crate::error::Hint::from([$($crate::error::Part::from($part)),+])
    };
}

/// The JSON document of an error. A result that the error ended may add fields beside it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ErrorDocument {
    pub error: ErrorBody,
}

/// An error for programs.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ErrorBody {
    /// A stable name in snake case.
    pub code: String,
    pub class: Class,
    /// The message of the error and of its causes, in one text.
    pub message: String,
    /// The next steps, outermost first.
    pub hints: Vec<String>,
}

/// The hints of an error and of the errors it wraps, outermost first, without repetitions.
pub fn hints(error: &dyn Explain) -> Vec<Hint> {
    let chain = iter::successors(Some(error), |error| error.inner());
    let mut hints = Vec::new();
    for hint in chain.filter_map(Explain::hint) {
        if !hints.contains(&hint) {
            hints.push(hint);
        }
    }
    hints
}

/// The messages of an error and of its sources in one line, joined by `: `.
pub fn chain(error: &dyn Error) -> String {
    let mut chain = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        chain.push_str(": ");
        chain.push_str(&source.to_string());
        next = source.source();
    }
    chain
}
