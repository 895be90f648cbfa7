//! Findings as text, JSON, SARIF and annotations of a CI log.

use crate::base::sanitize;
use crate::cli::error::{Failure, FindingsInFiles};
use crate::cli::output::Format;
use crate::cli::output::terminal::Terminal;
use crate::model::content::Files;
use crate::model::diagnostic::{Code, Diagnostic, Location, Severity};
use crate::scrub::{masked, scrub};
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Element, Level, Origin, Renderer, Snippet};
use serde::Serialize;
use std::io::Write;
use std::ops::Range;
use std::path::Path;

/// Turns a path from the catalogue's root into one that the reader can open.
pub(crate) type Relabel<'r> = dyn Fn(&str) -> String + 'r;

/// A path from the catalogue's root as the reader can open it.
pub(crate) fn relabel(root: Option<&Path>, file: &str) -> String {
    match root.filter(|root| *root != Path::new(".")) {
        Some(root) => root.join(file).display().to_string(),
        None => file.to_owned(),
    }
}

/// Prints findings that prevent the work: as the result in JSON, on standard error otherwise.
pub(crate) fn print(found: &FindingsInFiles, terminal: &mut Terminal) -> Result<(), Failure> {
    let FindingsInFiles {
        findings,
        files,
        root,
    } = found;
    let relabel = |file: &str| relabel(root.as_deref(), file);
    if terminal.format() == Format::Json {
        return json(terminal, findings, &relabel);
    }
    text(terminal.stderr(), findings, files, &relabel)?;
    Ok(writeln!(
        terminal.stderr(),
        "{}; nothing was created",
        count(findings)
    )?)
}

/// Prints findings with the lines they are about.
pub(crate) fn text(
    out: &mut dyn Write,
    findings: &[Diagnostic],
    files: &Files,
    relabel: &Relabel<'_>,
) -> Result<(), Failure> {
    let renderer = Renderer::styled().decor_style(DecorStyle::Ascii);
    for finding in findings {
        let level = match finding.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level
            .primary_title(sanitize::line(&scrub(&finding.message, &[])))
            .id(finding.code.as_str());
        let group = title.elements(places(finding, files, relabel));
        let group = match &finding.help {
            Some(help) => group.element(Level::HELP.message(sanitize::text(&scrub(help, &[])))),
            None => group,
        };
        writeln!(out, "{}\n", renderer.render(&[group]))?;
    }
    Ok(())
}

/// A place, with a label if it is a related one.
type Labelled<'a> = (&'a Location, Option<&'a str>);

/// One element per file: its lines with all labels, or its name alone without its text.
fn places<'a>(
    finding: &'a Diagnostic,
    files: &'a Files,
    relabel: &Relabel<'_>,
) -> Vec<Element<'a>> {
    let mut by_file: Vec<(&str, Vec<Labelled<'_>>)> = Vec::new();
    let primary = finding.location.iter().map(|place| (place, None));
    let related = finding
        .related
        .iter()
        .map(|related| (&related.location, Some(related.message.as_str())));
    for (place, label) in primary.chain(related) {
        match by_file.iter_mut().find(|(file, _)| *file == place.file) {
            Some((_, places)) => places.push((place, label)),
            None => by_file.push((&place.file, vec![(place, label)])),
        }
    }
    let element = |(file, places): (&'a str, Vec<Labelled<'a>>)| -> Element<'a> {
        let name = sanitize::line(&relabel(file));
        let text = files
            .get(file)
            .and_then(|content| content.text())
            .map(|text| Excerpt::around(text, &places))
            .filter(Excerpt::is_showable);
        let Some(excerpt) = text else {
            return Origin::path(name)
                .line(places[0].0.line)
                .char_column(places[0].0.column)
                .into();
        };
        let annotations: Vec<_> = places
            .into_iter()
            .map(|(place, label)| {
                let kind = if label.is_none() {
                    AnnotationKind::Primary
                } else {
                    AnnotationKind::Context
                };
                kind.span(excerpt.range(place))
                    .label(label.map(|label| scrub(label, &[])))
            })
            .collect();
        Snippet::source(excerpt.text)
            .line_start(excerpt.first_line)
            .path(name)
            .annotations(annotations)
            .into()
    };
    by_file.into_iter().map(element).collect()
}

/// The lines of a text that contain the places of a finding, without secrets.
struct Excerpt {
    text: String,
    first_line: usize,
    starts: Vec<usize>,
}

impl Excerpt {
    /// The longest excerpt in bytes. Drawing takes time for each character.
    const MAX: usize = 32 * 1024;

    fn around(text: &str, places: &[(&Location, Option<&str>)]) -> Self {
        let lines = places
            .iter()
            .flat_map(|(place, _)| [place.line, place.end_line]);
        let first_line = lines.clone().min().unwrap_or(1).max(1);
        let count = lines.max().unwrap_or(1).max(first_line) - first_line + 1;
        let mut ends = text.match_indices('\n').map(|(at, _)| at + 1);
        let start = match first_line {
            1 => 0,
            line => ends.nth(line - 2).unwrap_or(text.len()),
        };
        let end = ends.nth(count - 1).unwrap_or(text.len());
        let text = masked(&text[start..end]);
        let starts = text.match_indices('\n').map(|(at, _)| at + 1);
        let starts = std::iter::once(0).chain(starts).collect();
        Self {
            text,
            first_line,
            starts,
        }
    }

    fn is_showable(&self) -> bool {
        !self.text.is_empty()
            && self.text.len() <= Self::MAX
            && self
                .text
                .split("\r\n")
                .all(|part| part == sanitize::text(part))
    }

    /// The bytes of a place. A point covers the rest of its word, a longer range its first line.
    fn range(&self, place: &Location) -> Range<usize> {
        let start = self.offset(place.line, place.column);
        let end_of_line = start
            + self.text[start..]
                .find(['\n', '\r'])
                .unwrap_or(self.text.len() - start);
        let end = self.offset(place.end_line, place.end_column);
        if end > start {
            return start..end.min(end_of_line.max(start));
        }
        let word = self.text[start..end_of_line]
            .find([' ', ':', ','])
            .unwrap_or(end_of_line - start);
        start..start + word
    }

    fn offset(&self, line: usize, column: usize) -> usize {
        let start = self
            .starts
            .get(line.saturating_sub(self.first_line))
            .copied()
            .unwrap_or(self.text.len());
        let rest = &self.text[start..];
        start
            + rest
                .char_indices()
                .nth(column - 1)
                .map_or(rest.len(), |(at, _)| at)
    }
}

/// Findings as a JSON document, with lines and columns from 1.
#[derive(Serialize)]
struct FindingsJson<'a> {
    diagnostics: Vec<FindingJson<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FindingJson<'a> {
    code: Code,
    severity: Severity,
    message: &'a str,
    file: Option<String>,
    line: Option<usize>,
    column: Option<usize>,
    end_line: Option<usize>,
    end_column: Option<usize>,
    pointer: &'a str,
    help: Option<&'a str>,
    related: Vec<RelatedJson<'a>>,
}

#[derive(Serialize)]
struct RelatedJson<'a> {
    file: String,
    line: usize,
    column: usize,
    message: &'a str,
}

impl<'a> FindingJson<'a> {
    fn of(finding: &'a Diagnostic, relabel: &Relabel<'_>) -> Self {
        let place = finding.location.as_ref();
        let related = finding.related.iter().map(|related| RelatedJson {
            file: relabel(&related.location.file),
            line: related.location.line,
            column: related.location.column,
            message: &related.message,
        });
        Self {
            code: finding.code,
            severity: finding.severity,
            message: &finding.message,
            file: place.map(|place| relabel(&place.file)),
            line: place.map(|place| place.line),
            column: place.map(|place| place.column),
            end_line: place.map(|place| place.end_line),
            end_column: place.map(|place| place.end_column),
            pointer: &finding.pointer,
            help: finding.help.as_deref(),
            related: related.collect(),
        }
    }
}

/// Prints findings as a JSON document.
pub(crate) fn json(
    terminal: &mut Terminal,
    findings: &[Diagnostic],
    relabel: &Relabel<'_>,
) -> Result<(), Failure> {
    let finding = |finding| FindingJson::of(finding, relabel);
    terminal.json(&FindingsJson {
        diagnostics: findings.iter().map(finding).collect(),
    })
}

/// Annotations in the log of GitHub's (and Forgejo's) actions.
pub(crate) fn github(
    terminal: &mut Terminal,
    findings: &[Diagnostic],
    relabel: &Relabel<'_>,
) -> Result<(), Failure> {
    for finding in findings {
        let command = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let place = finding.location.as_ref().map(|place| {
            let file = sanitize::text(&relabel(&place.file));
            format!(
                "file={},line={},col={},endLine={},endColumn={},",
                escape_property(&file),
                place.line,
                place.column,
                place.end_line,
                place.end_column
            )
        });
        let message = match &finding.help {
            Some(help) => format!("{}\n{help}", finding.message),
            None => finding.message.clone(),
        };
        let line = format!(
            "::{command} {}title={}::{}\n",
            place.unwrap_or_default(),
            finding.code.as_str(),
            escape_data(&sanitize::text(&message))
        );
        terminal.bytes(line.as_bytes())?;
    }
    Ok(())
}

/// The data of an annotation. GitHub's runner decodes these escapes and no others, so nothing else is encoded.
fn escape_data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// `2 errors, 1 warning`.
pub(crate) fn count(findings: &[Diagnostic]) -> String {
    let errors = findings.iter().filter(|finding| finding.is_error()).count();
    let warnings = findings.len() - errors;
    let plural =
        |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    match (errors, warnings) {
        (0, 0) => "no findings".to_owned(),
        (errors, 0) => plural(errors, "error"),
        (0, warnings) => plural(warnings, "warning"),
        (errors, warnings) => format!(
            "{}, {}",
            plural(errors, "error"),
            plural(warnings, "warning")
        ),
    }
}
