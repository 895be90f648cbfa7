//! The closed set of actions of a recipe. They contain literal text only; no action runs code.

use super::condition::Condition;
use super::content::{File, Mode};
use super::limits;
use super::path::{ActionPath, PathError};
use super::slug::Slug;
use super::value_pointer::ValuePointer;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;

pub use super::count::Count;
pub use super::dependency::Section;
pub use super::single_line::{SingleLine, SingleLineError};

/// The version of the actions' meaning, part of every plan and recipe hash. A change of meaning increases it.
pub const ACTION_SCHEMA_VERSION: u32 = 1;

/// One action of a recipe, tagged by `kind`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", remote = "Self")]
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
    #[serde(rename = "SET_VALUE")]
    SetValue(SetValue),
    #[serde(rename = "REMOVE_FILE")]
    RemoveFile(RemoveFile),
    #[serde(rename = "MOVE_FILE")]
    MoveFile(MoveFile),
}

/// An action as a recipe contains it: its paths are not compared with the rules yet, which have places there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenAction(pub Action);

/// Copies bytes and mode of a file; a folder copies everything below it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CopyFile {
    /// A file or folder below the recipe's own folder. Give this or `template`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<ActionPath>,
    /// A file or folder of the template. Give this or `from`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<ActionPath>,
    /// The path of the copy.
    pub to: ActionPath,
    /// The reaction to an existing file with other content.
    #[serde(default)]
    pub if_exists: IfExists,
    #[serde(flatten)]
    pub common: Common,
}

/// Writes literal text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteFile {
    /// The path of the file.
    pub path: ActionPath,
    /// The whole text of the file.
    pub content: String,
    /// Sets the executable bit.
    #[serde(default)]
    pub executable: bool,
    /// The reaction to an existing file with other content.
    #[serde(default)]
    pub if_exists: IfExists,
    #[serde(flatten)]
    pub common: Common,
}

/// Adds a block of whole lines unless the file contains it already: at the end, or beside a line. Keeps the file's line
/// endings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppendToFile {
    /// A text file.
    pub path: ActionPath,
    /// The lines of the block.
    pub content: String,
    /// Creates the file if it is missing.
    #[serde(default)]
    pub create: bool,
    /// The line after which the block is added; it occurs once. Spaces around it do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<SingleLine>,
    /// The line before which the block is added; it occurs once. Spaces around it do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<SingleLine>,
    #[serde(flatten)]
    pub common: Common,
}

/// Replaces literal text, left to right, not overlapping, in one pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplaceString {
    /// A text file.
    pub path: ActionPath,
    /// The text to replace, compared literally.
    #[schemars(length(min = 1))]
    #[serde(deserialize_with = "limits::length::<1, {usize::MAX}, _, _>")]
    pub find: String,
    /// The replacement; must not contain `find`.
    pub replace: String,
    /// The number of occurrences that are replaced; `find` must occur as often.
    #[serde(default)]
    pub count: Count,
    #[serde(flatten)]
    pub common: Common,
}

/// Writes the decision record `docs/adr/NNNN-title.md` and its line in `docs/adr/README.md`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateAdrStub {
    /// The number of the record, with four digits in its file name; no two records share one.
    #[schemars(range(min = 0, max = 9999))]
    #[serde(deserialize_with = "limits::range::<0, 9999, _, _>")]
    pub number: u16,
    /// The title of the record; the file name has it in lower case, with dashes.
    pub title: SingleLine,
    /// The status of the decision.
    #[serde(default)]
    pub status: AdrStatus,
    /// The situation that asks for a decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// The decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<String>,
    /// The effects of the decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consequences: Option<String>,
    #[serde(flatten)]
    pub common: Common,
}

/// Adds a dependency to package.json, Cargo.toml or pyproject.toml and keeps the file's formatting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddDependency {
    /// The manifest: a path that ends in package.json, Cargo.toml or pyproject.toml.
    pub manifest: ActionPath,
    /// The name of the package.
    #[schemars(length(min = 1, max = 214))]
    #[serde(deserialize_with = "limits::length::<1, 214, _, _>")]
    pub name: String,
    /// An exact version or a range in the manifest's syntax; never a tag, URL or alias. May be omitted with `workspace`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(min = 1, max = 256))]
    #[serde(deserialize_with = "limits::length::<1, 256, _, _>")]
    pub version: String,
    /// The section of the manifest.
    #[serde(default)]
    pub section: Section,
    /// Features of a crate, in Cargo.toml; added to those that are there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    #[serde(deserialize_with = "limits::length::<0, 50, _, _>")]
    pub features: Vec<SingleLine>,
    /// False for a crate without its default features, in Cargo.toml.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_features: Option<bool>,
    /// An optional dependency: `optional = true` in Cargo.toml, a group of `project.optional-dependencies` in
    /// pyproject.toml, `optionalDependencies` or `peerDependenciesMeta` in package.json.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// Extras of a package, in pyproject.toml; added to those that are there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    #[serde(deserialize_with = "limits::length::<0, 50, _, _>")]
    pub extras: Vec<SingleLine>,
    /// The group of the dependency in pyproject.toml; `dev` for devDependencies by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<SingleLine>,
    /// True if the workspace sets the version: `workspace = true` in Cargo.toml, `workspace:*` in package.json, a source of
    /// uv in pyproject.toml.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub workspace: bool,
    #[serde(flatten)]
    pub common: Common,
}

/// Sets one value of a JSON or TOML file and keeps everything else: comments, order and formatting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetValue {
    /// A JSON file, with or without comments, or a TOML file.
    pub path: ActionPath,
    /// The place of the value (RFC 6901), as in `/scripts/test`. Missing objects and tables on the way are created. `-`
    /// as the last token adds an entry to a list, unless the list contains it.
    pub pointer: ValuePointer,
    /// The value. Placeholders in its texts are replaced.
    pub value: Value,
    #[serde(flatten)]
    pub common: Common,
}

/// Removes a file of the template, or all files below a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveFile {
    /// A file or folder that no other action writes.
    pub path: ActionPath,
    #[serde(flatten)]
    pub common: Common,
}

/// Moves a file of the template, or all files below a folder, with bytes and mode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveFile {
    /// A file or folder that no earlier action writes.
    pub from: ActionPath,
    /// The new path.
    pub to: ActionPath,
    #[serde(flatten)]
    pub common: Common,
}

/// Fields that every action may have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Common {
    #[schemars(range(min = -1_000_000, max = 1_000_000))]
    #[serde(deserialize_with = "limits::range::<-1_000_000, 1_000_000, _, _>")]
    /// Actions run in ascending order of this number (default 0), then in category, option and list order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_order: Option<i32>,
    /// The action runs if this condition holds.
    #[serde(default, skip_serializing_if = "Condition::is_empty")]
    pub when: Condition,
    /// The action does not run if this condition holds.
    #[serde(default, skip_serializing_if = "Condition::is_empty")]
    pub unless: Condition,
    /// Allows paths that only templates have, such as `app/[slug]/page.tsx`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub any_path: bool,
    /// The lowest risk level of this action; the computed level may be higher.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk_level: Option<RiskLevel>,
    /// The role of the users who may submit a plan with this action (default MEMBER).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_required: Option<RoleRequired>,
    /// The effect of the action, for readers of the catalogue (default FILES). No action has another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side_effect: Option<SideEffect>,
    /// False for an action whose preview does not show everything, for readers of the catalogue (default true).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_dry_run: Option<bool>,
}

/// The role that an action requires of the user who submits it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum RoleRequired {
    /// Every user who may write.
    #[default]
    Member,
    /// An administrator.
    Admin,
}

/// The effect of an action.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum SideEffect {
    None,
    #[default]
    Files,
    Network,
}

impl RoleRequired {
    /// The word in documents and rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Member => "MEMBER",
            Self::Admin => "ADMIN",
        }
    }
}

impl SideEffect {
    /// The word in documents and rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Files => "FILES",
            Self::Network => "NETWORK",
        }
    }
}

/// The reaction to an existing file with other content at the path that an action writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum IfExists {
    /// Report an error that names both sources.
    #[default]
    Fail,
    /// Replace the file.
    Overwrite,
    /// Keep the existing file.
    Keep,
}

/// The risk of accepting a change without a review.
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
    /// The word in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
        }
    }

    /// The word in texts for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// The status of a decision record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AdrStatus {
    Proposed,
    #[default]
    Accepted,
    Deprecated,
    Superseded,
}

impl Serialize for Action {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Action {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let WrittenAction(action) = WrittenAction::deserialize(deserializer)?;
        match action.unsafe_path() {
            None => Ok(action),
            Some((field, error)) => Err(serde::de::Error::custom(format!("{field}: {error}"))),
        }
    }
}

impl Serialize for WrittenAction {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Action::serialize(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for WrittenAction {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The derived reading, not the one of the trait above.
        Action::deserialize(deserializer).map(Self)
    }
}

impl JsonSchema for WrittenAction {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Action::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        generator.subschema_for::<Action>()
    }
}

impl Action {
    /// Every `kind`.
    pub const KINDS: [&'static str; 9] = [
        "COPY_FILE",
        "WRITE_FILE",
        "APPEND_TO_FILE",
        "REPLACE_STRING",
        "CREATE_ADR_STUB",
        "ADD_DEPENDENCY",
        "SET_VALUE",
        "REMOVE_FILE",
        "MOVE_FILE",
    ];

    /// The fields that every action may have.
    pub fn common(&self) -> &Common {
        match self {
            Self::CopyFile(action) => &action.common,
            Self::WriteFile(action) => &action.common,
            Self::AppendToFile(action) => &action.common,
            Self::ReplaceString(action) => &action.common,
            Self::CreateAdrStub(action) => &action.common,
            Self::AddDependency(action) => &action.common,
            Self::SetValue(action) => &action.common,
            Self::RemoveFile(action) => &action.common,
            Self::MoveFile(action) => &action.common,
        }
    }

    /// The paths of the action in the repository, each with its field.
    pub fn paths(&self) -> Vec<(&'static str, &ActionPath)> {
        match self {
            Self::CopyFile(action) => {
                let template = action.template.as_ref().map(|path| ("template", path));
                template.into_iter().chain([("to", &action.to)]).collect()
            }
            Self::WriteFile(action) => vec![("path", &action.path)],
            Self::AppendToFile(action) => vec![("path", &action.path)],
            Self::ReplaceString(action) => vec![("path", &action.path)],
            Self::CreateAdrStub(_) => Vec::new(),
            Self::AddDependency(action) => vec![("manifest", &action.manifest)],
            Self::SetValue(action) => vec![("path", &action.path)],
            Self::RemoveFile(action) => vec![("path", &action.path)],
            Self::MoveFile(action) => vec![("from", &action.from), ("to", &action.to)],
        }
    }

    /// The first path that only an action with `any_path` may name, with its field.
    pub fn unsafe_path(&self) -> Option<(&'static str, PathError)> {
        let source = match self {
            Self::CopyFile(action) => action.from.as_ref().map(|path| ("from", path)),
            _ => None,
        };
        let mut paths = self.paths().into_iter().chain(source);
        paths
            .find_map(|(field, path)| Some((field, path.check().err()?)))
            .filter(|_| !self.common().any_path)
    }

    /// The same paths, to be replaced.
    pub fn paths_mut(&mut self) -> Vec<&mut ActionPath> {
        match self {
            Self::CopyFile(action) => {
                let template = action.template.as_mut();
                template.into_iter().chain([&mut action.to]).collect()
            }
            Self::WriteFile(action) => vec![&mut action.path],
            Self::AppendToFile(action) => vec![&mut action.path],
            Self::ReplaceString(action) => vec![&mut action.path],
            Self::CreateAdrStub(_) => Vec::new(),
            Self::AddDependency(action) => vec![&mut action.manifest],
            Self::SetValue(action) => vec![&mut action.path],
            Self::RemoveFile(action) => vec![&mut action.path],
            Self::MoveFile(action) => vec![&mut action.from, &mut action.to],
        }
    }

    /// The `kind` in recipes.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::CopyFile(_) => "COPY_FILE",
            Self::WriteFile(_) => "WRITE_FILE",
            Self::AppendToFile(_) => "APPEND_TO_FILE",
            Self::ReplaceString(_) => "REPLACE_STRING",
            Self::CreateAdrStub(_) => "CREATE_ADR_STUB",
            Self::AddDependency(_) => "ADD_DEPENDENCY",
            Self::SetValue(_) => "SET_VALUE",
            Self::RemoveFile(_) => "REMOVE_FILE",
            Self::MoveFile(_) => "MOVE_FILE",
        }
    }
}

impl Common {
    /// The position in the order of execution, ascending.
    pub fn order(&self) -> i32 {
        self.execution_order.unwrap_or(0)
    }

    /// The role of the users who may submit a plan with the action.
    pub fn role(&self) -> RoleRequired {
        self.role_required.unwrap_or_default()
    }

    /// The effect of the action.
    pub fn effect(&self) -> SideEffect {
        self.side_effect.unwrap_or_default()
    }

    /// True unless the catalogue says that a preview does not show everything.
    pub fn is_previewed(&self) -> bool {
        self.supports_dry_run.unwrap_or(true)
    }
}

impl WriteFile {
    /// The file it writes, before placeholders are replaced.
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
    /// The index of all decision records.
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
    /// The word in a decision record.
    pub fn word(self) -> &'static str {
        match self {
            Self::Proposed => "Proposed",
            Self::Accepted => "Accepted",
            Self::Deprecated => "Deprecated",
            Self::Superseded => "Superseded",
        }
    }
}
