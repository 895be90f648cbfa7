//! The documentation of the codes of findings.

use crate::model::diagnostic::Code;
use serde::Serialize;

/// The document that explains every code.
const DOCUMENT: &str = include_str!("../../docs/diagnostics.md");

/// The documentation of a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CodeDocumentation {
    pub code: Code,
    /// The rule in one sentence.
    pub rule: &'static str,
    /// The explanation with a bad and a good example, in Markdown.
    pub text: &'static str,
}

/// The code of a text such as `GP403`, whatever its letter case.
pub fn parse(text: &str) -> Option<Code> {
    let mut codes = Code::ALL.iter().copied();
    codes.find(|code| code.as_str().eq_ignore_ascii_case(text))
}

/// The documentation of a code.
pub fn of(code: Code) -> CodeDocumentation {
    let heading = format!("### {} ", code.as_str());
    let start = DOCUMENT.find(&heading).unwrap_or(DOCUMENT.len());
    let text = &DOCUMENT[start..];
    let end = text[4.min(text.len())..]
        .find("\n##")
        .map_or(text.len(), |at| at + 5);
    CodeDocumentation {
        code,
        rule: code.rule(),
        text: text[..end].trim_start_matches("### "),
    }
}
