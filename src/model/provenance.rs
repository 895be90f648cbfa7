//! `.scrum4me/bootstrap.json`: the record in a repository of the plan that created it. No secrets, no time of day.

use super::digest::Digest;
use super::input::Inputs;
use super::plan::TemplatePin;
use super::selection::Selection;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The provenance file. With the catalogue and template of the recorded versions it reproduces the repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Name and version of the program that created the repository.
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
    /// The default path; a catalogue can set another one.
    pub const DEFAULT_PATH: &'static str = ".scrum4me/bootstrap.json";

    /// The file's text: indented JSON with a final newline.
    pub fn to_text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("provenance has text keys only");
        text.push('\n');
        text
    }
}
