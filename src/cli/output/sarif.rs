//! Findings as SARIF 2.1.0, for code scanning services.

use crate::cli::error::Failure;
use crate::cli::output::findings::Relabel;
use crate::cli::output::terminal::Terminal;
use crate::model::diagnostic::{Code, Diagnostic, Location as Place, Severity};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use serde_sarif::sarif::{
    ArtifactLocation, Location, Message, MultiformatMessageString, PhysicalLocation, Region,
    ReportingDescriptor, Result as SarifResult, ResultLevel, Run, Sarif, Tool, ToolComponent,
};
use std::collections::BTreeSet;

/// Characters of a path that a relative URI reference escapes (RFC 3986).
const URI: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// Prints findings as one SARIF log. Lines and columns count from 1, columns in code points.
pub(crate) fn print(
    terminal: &mut Terminal,
    findings: &[Diagnostic],
    relabel: &Relabel<'_>,
) -> Result<(), Failure> {
    let codes: BTreeSet<Code> = findings.iter().map(|finding| finding.code).collect();
    let driver = ToolComponent::builder()
        .name("groundplan".to_owned())
        .version(env!("CARGO_PKG_VERSION").to_owned())
        .rules(codes.into_iter().map(rule).collect::<Vec<_>>())
        .build();
    let results = findings.iter().map(|finding| result(finding, relabel));
    let run = Run::builder()
        .tool(Tool::builder().driver(driver).build())
        .column_kind(json!("unicodeCodePoints"))
        .results(results.collect::<Vec<_>>())
        .build();
    terminal.json(
        &Sarif::builder()
            .schema("https://json.schemastore.org/sarif-2.1.0.json".to_owned())
            .version(json!("2.1.0"))
            .runs(vec![run])
            .build(),
    )
}

fn rule(code: Code) -> ReportingDescriptor {
    let description = MultiformatMessageString::builder().text(code.rule().to_owned());
    ReportingDescriptor::builder()
        .id(code.as_str().to_owned())
        .short_description(description.build())
        .build()
}

fn result(finding: &Diagnostic, relabel: &Relabel<'_>) -> SarifResult {
    let place = |place: &Place| Location::builder().physical_location(physical(place, relabel));
    let related = (0..).zip(&finding.related).map(|(id, related)| {
        place(&related.location)
            .id(id)
            .message(message(related.message.clone()))
            .build()
    });
    let text = match &finding.help {
        Some(help) => format!("{} ({help})", finding.message),
        None => finding.message.clone(),
    };
    let primary = finding
        .location
        .iter()
        .map(|primary| place(primary).build());
    SarifResult::builder()
        .rule_id(finding.code.as_str().to_owned())
        .level(match finding.severity {
            Severity::Error => ResultLevel::Error,
            Severity::Warning => ResultLevel::Warning,
        })
        .message(message(text))
        .locations(primary.collect::<Vec<_>>())
        .related_locations(related.collect::<Vec<_>>())
        .build()
}

fn message(text: String) -> Message {
    Message::builder().text(text).build()
}

fn physical(place: &Place, relabel: &Relabel<'_>) -> PhysicalLocation {
    let uri = utf8_percent_encode(&relabel(&place.file), URI).to_string();
    let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let region = Region::builder()
        .start_line(number(place.line))
        .start_column(number(place.column))
        .end_line(number(place.end_line))
        .end_column(number(place.end_column))
        .build();
    PhysicalLocation::builder()
        .artifact_location(ArtifactLocation::builder().uri(uri).build())
        .region(region)
        .build()
}
