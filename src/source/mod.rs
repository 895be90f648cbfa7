//! Documents: parsing of YAML and JSON into a tree with locations, and validation by JSON Schema. All faults of a
//! document are reported together, as [`Diagnostic`]s.
//!
//! [`Diagnostic`]: crate::model::diagnostic::Diagnostic

mod deserialize;
pub mod document_schema;
mod formats;
mod json;
pub mod node;
pub mod schema;
mod schema_help;
pub mod text;
pub mod value;
mod yaml;

use crate::model::diagnostic::Diagnostic;
use node::Document;
use text::Text;

/// Parses a YAML document, whatever its name.
///
/// # Errors
/// All syntax errors and ambiguities.
pub fn read_yaml(name: &str, bytes: &[u8]) -> Result<Document, Vec<Diagnostic>> {
    let text = Text::read(name, bytes).map_err(|finding| vec![*finding])?;
    yaml::read(text)
}

/// The part of a YAML document before its first syntax error, as an editor needs it while someone types.
#[derive(Debug)]
pub struct PartialDocument {
    /// Entries that the strict reader refuses, such as a second equal key, are in it.
    pub document: Document,
    /// True for a document without a syntax error.
    pub is_whole: bool,
}

/// Reads a YAML document as far as possible. None for a text without any value.
pub fn read_partial(name: &str, text: &str) -> Option<PartialDocument> {
    let text = Text::read(name, text.as_bytes()).ok()?;
    yaml::read_partial(text)
}

/// Parses a document: JSON if its name ends in `.json`, otherwise strict YAML, of which JSON is a subset.
///
/// # Errors
/// All syntax errors and ambiguities.
pub fn read(name: &str, bytes: &[u8]) -> Result<Document, Vec<Diagnostic>> {
    let text = Text::read(name, bytes).map_err(|finding| vec![*finding])?;
    let is_json = name
        .rsplit('.')
        .next()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    if is_json {
        json::read(text)
    } else {
        yaml::read(text)
    }
}
