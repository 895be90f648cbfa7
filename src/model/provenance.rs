//! `.scrum4me/bootstrap.json`: what a repository remembers of how it was made. Never a secret, never a time of day.

use super::digest::Digest;
use super::input::Inputs;
use super::plan::TemplatePin;
use super::selection::Selection;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The provenance file (R108). Together with the catalogue of that version it makes the same repository again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Name and version of the program that made the repository.
    pub generator: String,
    pub action_schema_version: u32,
    pub catalog: String,
    pub catalog_version: Digest,
    pub recipe_hash: Digest,
    pub template: TemplatePin,
    pub selected_options: Selection,
    pub inputs: Inputs,
}

impl Provenance {
    /// Where it stands unless the catalogue says otherwise.
    pub const DEFAULT_PATH: &'static str = ".scrum4me/bootstrap.json";

    /// The file's text: indented JSON with a final newline.
    pub fn to_text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("provenance has text keys only");
        text.push('\n');
        text
    }
}
