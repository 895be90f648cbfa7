//! The closed set of things a recipe can do. Literal text only: no action runs code (design §1, decision 2).

use super::content::{File, Mode};
use super::path::SafeRelPath;
use super::slug::Slug;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use thiserror::Error;

pub use super::dependency::Section;

/// Raised whenever the meaning of an action changes; part of every plan and of every recipe hash.
pub const ACTION_SCHEMA_VERSION: u32 = 1;

/// One action of a recipe, told apart by `kind`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind")]
pub enum Action {
    #[serde(rename = "COPY_FILE")]
    CopyFile(CopyFile),
    #[serde(rename = "WRITE_FILE")]
    WriteFile(WriteFile),
    #[serde(rename = "APPEND_TO_FILE")]
    AppendToFile(AppendToFile),
    #[serde(rename = "REPLACE_STRING")]
    ReplaceString(ReplaceString),
    #[serde(rename = "CREATE_ADR_STUB")]
    CreateAdrStub(CreateAdrStub),
    #[serde(rename = "ADD_DEPENDENCY")]
    AddDependency(AddDependency),
}

/// Copies bytes and mode of a file; a folder copies everything below it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CopyFile {
    /// A file or folder below the recipe's own folder. Give this or `template`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<SafeRelPath>,
    /// A file or folder of the template. Give this or `from`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<SafeRelPath>,
    /// Where it goes.
    pub to: SafeRelPath,
    #[serde(default)]
    pub if_exists: IfExists,
    #[serde(flatten)]
    pub common: Common,
}

/// Writes literal text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteFile {
    pub path: SafeRelPath,
    pub content: String,
    /// Whether the file gets the executable bit.
    #[serde(default)]
    pub executable: bool,
    #[serde(default)]
    pub if_exists: IfExists,
    #[serde(flatten)]
    pub common: Common,
}

/// Appends a block once: nothing happens when the block is already there. The file's line ends are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppendToFile {
    pub path: SafeRelPath,
    pub content: String,
    /// Whether a missing file is made.
    #[serde(default)]
    pub create: bool,
    #[serde(flatten)]
    pub common: Common,
}

/// Replaces literal text, left to right, not overlapping, in one pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplaceString {
    pub path: SafeRelPath,
    /// The text looked for; never a pattern.
    #[schemars(length(min = 1))]
    pub find: String,
    /// What stands there afterwards; must not contain `find`.
    pub replace: String,
    #[serde(default)]
    pub count: Count,
    #[serde(flatten)]
    pub common: Common,
}

/// Writes `docs/adr/NNNN-title.md` in Nygard's form and its line in `docs/adr/README.md`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateAdrStub {
    #[schemars(range(min = 0, max = 9999))]
    pub number: u16,
    pub title: SingleLine,
    #[serde(default)]
    pub status: AdrStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consequences: Option<String>,
    #[serde(flatten)]
    pub common: Common,
}

/// Adds a dependency to package.json, Cargo.toml or pyproject.toml, keeping the author's formatting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddDependency {
    /// A path whose file name is package.json, Cargo.toml or pyproject.toml.
    pub manifest: SafeRelPath,
    #[schemars(length(min = 1, max = 214))]
    pub name: String,
    /// An exact version or a range, in the manifest's own language; never a tag, URL or alias (R43).
    #[schemars(length(min = 1, max = 256))]
    pub version: String,
    #[serde(default)]
    pub section: Section,
    #[serde(flatten)]
    pub common: Common,
}

/// What every action may carry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Common {
    #[schemars(range(min = -1_000_000, max = 1_000_000))]
    /// Lower runs earlier, 0 when left out; equal ones follow category, option and list order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_order: Option<i32>,
    /// Category → option; the action runs when all of them are selected.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub when: BTreeMap<Slug, Slug>,
    /// Raises the computed risk, never lowers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk_level: Option<RiskLevel>,
}

/// What to do when a file already stands where an action writes. Equal content is never a conflict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum IfExists {
    /// Stop with an error that names both sides.
    #[default]
    Fail,
    /// Replace the file.
    Overwrite,
    /// Leave the file as it is.
    Keep,
}

/// How many places a replacement must find.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Count {
    /// Exactly one.
    #[default]
    One,
    /// One or more.
    All,
    /// Exactly this many.
    Exactly(u32),
}

/// How dangerous a change is to take unseen.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum RiskLevel {
    #[default]
    Low,
    Medium,
    High,
}

impl RiskLevel {
    /// As it stands in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
        }
    }
}

/// A decision record's status, in Nygard's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AdrStatus {
    Proposed,
    #[default]
    Accepted,
    Deprecated,
    Superseded,
}

/// One line of printable text, 1 to 200 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SingleLine(String);

/// Why a text is not one line.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SingleLineError {
    #[error("this text must not be empty")]
    Empty,
    #[error("this text has at most {max} characters, it has {length}", max = SingleLine::MAX)]
    TooLong { length: usize },
    #[error("this text must be one line without the control character `{}`", found.escape_debug())]
    Control { found: char },
}

impl Action {
    /// Every `kind`.
    pub const KINDS: [&'static str; 6] = [
        "COPY_FILE",
        "WRITE_FILE",
        "APPEND_TO_FILE",
        "REPLACE_STRING",
        "CREATE_ADR_STUB",
        "ADD_DEPENDENCY",
    ];

    /// What every action may carry.
    pub fn common(&self) -> &Common {
        match self {
            Self::CopyFile(action) => &action.common,
            Self::WriteFile(action) => &action.common,
            Self::AppendToFile(action) => &action.common,
            Self::ReplaceString(action) => &action.common,
            Self::CreateAdrStub(action) => &action.common,
            Self::AddDependency(action) => &action.common,
        }
    }

    /// The `kind` as recipes spell it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::CopyFile(_) => "COPY_FILE",
            Self::WriteFile(_) => "WRITE_FILE",
            Self::AppendToFile(_) => "APPEND_TO_FILE",
            Self::ReplaceString(_) => "REPLACE_STRING",
            Self::CreateAdrStub(_) => "CREATE_ADR_STUB",
            Self::AddDependency(_) => "ADD_DEPENDENCY",
        }
    }

    /// The path the action is about: what it writes or edits.
    pub fn target(&self) -> Cow<'_, str> {
        match self {
            Self::CopyFile(action) => action.to.as_str().into(),
            Self::WriteFile(action) => action.path.as_str().into(),
            Self::AppendToFile(action) => action.path.as_str().into(),
            Self::ReplaceString(action) => action.path.as_str().into(),
            Self::CreateAdrStub(action) => action.path().into(),
            Self::AddDependency(action) => action.manifest.as_str().into(),
        }
    }
}

impl Common {
    /// Lower runs earlier; equal ones keep their order in the catalogue.
    pub fn order(&self) -> i32 {
        self.execution_order.unwrap_or(0)
    }
}

impl WriteFile {
    /// The file it writes, placeholders not yet replaced.
    pub fn file(&self) -> File {
        let mode = if self.executable {
            Mode::Executable
        } else {
            Mode::Regular
        };
        File {
            mode,
            bytes: self.content.clone().into(),
        }
    }
}

impl CreateAdrStub {
    /// The folder of decision records.
    pub const FOLDER: &'static str = "docs/adr";
    /// The list of all decision records.
    pub const INDEX: &'static str = "docs/adr/README.md";

    /// `NNNN-title.md`.
    pub fn file_name(&self) -> String {
        let slug = Slug::from_title(self.title.as_str());
        format!(
            "{:04}-{}.md",
            self.number,
            slug.as_ref().map_or("decision", Slug::as_str)
        )
    }

    /// `docs/adr/NNNN-title.md`.
    pub fn path(&self) -> String {
        format!("{}/{}", Self::FOLDER, self.file_name())
    }
}

impl AdrStatus {
    /// The word as a decision record shows it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Proposed => "Proposed",
            Self::Accepted => "Accepted",
            Self::Deprecated => "Deprecated",
            Self::Superseded => "Superseded",
        }
    }
}

impl SingleLine {
    /// The longest line, in characters.
    pub const MAX: usize = 200;

    /// Parses one line of text.
    pub fn parse(text: &str) -> Result<Self, SingleLineError> {
        let length = text.chars().count();
        if text.trim().is_empty() {
            return Err(SingleLineError::Empty);
        }
        if length > Self::MAX {
            return Err(SingleLineError::TooLong { length });
        }
        match text.chars().find(|c| c.is_control()) {
            Some(found) => Err(SingleLineError::Control { found }),
            None => Ok(Self(text.to_owned())),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_value!(SingleLine, error: SingleLineError, format: "groundplan-line", max: SingleLine::MAX, pattern: "\\S", doc: "One line of text.");

impl Serialize for Count {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::One => serializer.serialize_str("one"),
            Self::All => serializer.serialize_str("all"),
            Self::Exactly(count) => serializer.serialize_u32(*count),
        }
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum ActionDocument {
            Word(String),
            Number(u32),
        }
        match ActionDocument::deserialize(deserializer)? {
            ActionDocument::Word(word) if word == "one" => Ok(Self::One),
            ActionDocument::Word(word) if word == "all" => Ok(Self::All),
            ActionDocument::Number(count) if count > 0 => Ok(Self::Exactly(count)),
            ActionDocument::Word(_) | ActionDocument::Number(_) => Err(serde::de::Error::custom(
                "expected `one`, `all` or a number from 1",
            )),
        }
    }
}

impl JsonSchema for Count {
    fn schema_name() -> Cow<'static, str> {
        "Count".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "`one`, `all` or a number from 1",
            "anyOf": [{ "enum": ["one", "all"] }, { "type": "integer", "minimum": 1, "maximum": u32::MAX }],
        })
    }
}
