//! Findings as diagnostics of the protocol, by file.

use super::positions::{Encoding, LineIndex};
use super::uris::uri_of;
use crate::model::content::{File, Files};
use crate::model::diagnostic::{Diagnostic, Location, Severity};
use lsp_types::{DiagnosticRelatedInformation, DiagnosticSeverity, NumberOrString};
use std::collections::BTreeMap;
use std::path::Path;

/// The maximum number of diagnostics of one file.
const MAX_IN_FILE: usize = 200;

/// The diagnostics of each file, by its path from the root. A finding without a location is about no file and left out.
pub(super) fn by_file(
    findings: &[Diagnostic],
    files: &Files,
    root: &Path,
    encoding: Encoding,
) -> BTreeMap<String, Vec<lsp_types::Diagnostic>> {
    let places = Places {
        files,
        root,
        encoding,
    };
    let mut by_file: BTreeMap<String, Vec<lsp_types::Diagnostic>> = BTreeMap::new();
    for finding in findings {
        let Some(location) = &finding.location else {
            continue;
        };
        let list = by_file.entry(location.file.clone()).or_default();
        if list.len() < MAX_IN_FILE {
            list.push(places.diagnostic(finding, location));
        }
    }
    by_file
}

struct Places<'f> {
    files: &'f Files,
    root: &'f Path,
    encoding: Encoding,
}

impl Places<'_> {
    fn diagnostic(&self, finding: &Diagnostic, location: &Location) -> lsp_types::Diagnostic {
        let message = match &finding.help {
            Some(help) => format!("{}\nhelp: {help}", finding.message),
            None => finding.message.clone(),
        };
        let related: Vec<DiagnosticRelatedInformation> = finding
            .related
            .iter()
            .filter_map(|related| {
                Some(DiagnosticRelatedInformation {
                    location: lsp_types::Location {
                        uri: uri_of(&self.root.join(&related.location.file))?,
                        range: self.range(&related.location),
                    },
                    message: related.message.clone(),
                })
            })
            .collect();
        lsp_types::Diagnostic {
            range: self.range(location),
            severity: Some(match finding.severity {
                Severity::Error => DiagnosticSeverity::ERROR,
                Severity::Warning => DiagnosticSeverity::WARNING,
            }),
            code: Some(NumberOrString::String(finding.code.as_str().to_owned())),
            source: Some("groundplan".to_owned()),
            message,
            related_information: (!related.is_empty()).then_some(related),
            ..lsp_types::Diagnostic::default()
        }
    }

    /// The range of a location; the start of a file that is no text.
    fn range(&self, location: &Location) -> lsp_types::Range {
        let text = self.files.get(&location.file).and_then(File::text);
        LineIndex::of(text.unwrap_or_default(), self.encoding).of_location(location)
    }
}
