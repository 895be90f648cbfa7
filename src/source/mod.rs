//! Text becomes a tree of values that remember their places; what is wrong becomes [`Diagnostic`]s, all at once.
//!
//! [`Diagnostic`]: crate::model::diagnostic::Diagnostic

mod json;
pub mod node;
pub mod schema;

pub mod text;
pub mod value;
mod yaml;

use crate::model::diagnostic::Diagnostic;
use node::Document;
use text::Text;

/// Reads a document: JSON when its name ends in `.json`, otherwise strict YAML, of which JSON is a part.
///
/// # Errors
/// Every finding that keeps the text from having one meaning.
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
