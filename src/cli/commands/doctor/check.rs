//! The result of one check.

use crate::base::sanitize;
use crate::cli::error::Failure;
use crate::cli::output::terminal::{DIM, GREEN, RED, YELLOW};
use crate::scrub::scrub;
use anstyle::Style;
use serde::Serialize;

/// One line of the result. Its texts contain no secret and no control character.
#[derive(Debug, Serialize)]
pub(super) struct Check {
    pub(super) name: &'static str,
    pub(super) verdict: Verdict,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    Ok,
    /// Works, but needs attention.
    Warn,
    Fail,
    /// Not configured, so not checked.
    Skip,
}

impl Verdict {
    pub(super) fn word(self) -> (&'static str, Style) {
        match self {
            Self::Ok => ("ok", GREEN),
            Self::Warn => ("warn", YELLOW),
            Self::Fail => ("fail", RED),
            Self::Skip => ("skip", DIM),
        }
    }
}

impl Check {
    pub(super) fn ok(name: &'static str, message: impl AsRef<str>) -> Self {
        Self::new(name, Verdict::Ok, message.as_ref(), None)
    }

    pub(super) fn warn(name: &'static str, message: impl AsRef<str>, hint: &str) -> Self {
        Self::new(name, Verdict::Warn, message.as_ref(), Some(hint))
    }

    pub(super) fn fail(name: &'static str, message: impl AsRef<str>, hint: &str) -> Self {
        Self::new(name, Verdict::Fail, message.as_ref(), Some(hint))
    }

    pub(super) fn skip(name: &'static str, message: impl AsRef<str>) -> Self {
        Self::new(name, Verdict::Skip, message.as_ref(), None)
    }

    /// A failed check, with the message and hints of a failure.
    pub(super) fn of(name: &'static str, failure: Failure) -> Self {
        let (message, hints) = failure.into_parts();
        let hint = (!hints.is_empty()).then(|| hints.join("; "));
        Self::new(name, Verdict::Fail, &message, hint.as_deref())
    }

    fn new(name: &'static str, verdict: Verdict, message: &str, hint: Option<&str>) -> Self {
        let clean = |text: &str| sanitize::line(&scrub(text, &[]));
        Self {
            name,
            verdict,
            message: clean(message),
            hint: hint.map(clean).filter(|hint| !hint.is_empty()),
        }
    }
}
