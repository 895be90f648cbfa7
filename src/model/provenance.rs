//! `.scrum4me/bootstrap.json`: the record in a repository of the plan that created it. No secrets, no time of day.

use super::digest::{Digest, GitId};
use super::input::{Identity, Inputs};
use super::path::SafeRelPath;
use super::plan::TemplatePin;
use super::ref_name::RefName;
use super::remote::RemoteUrl;
use super::report::ObjectFormat;
use super::selection::Selection;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The provenance file. With the catalogue and template of the recorded versions it reproduces the repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ProvenanceFile", into = "ProvenanceFile")]
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
    /// The part that files of version 1 lack.
    pub generated: Option<Generated>,
}

/// The author, the source of the catalogue and the generated tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    /// The author of the first commit, an input of the plan.
    pub author: Identity,
    pub catalog_source: CatalogSource,
    pub object_format: ObjectFormat,
    /// The tree without the provenance file, which cannot contain its own id.
    pub tree: GitId,
}

/// The source of a catalogue. It contains no path of a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum CatalogSource {
    /// Built into a version of groundplan.
    BuiltIn { version: String },
    /// A folder or a database of an installation, found there by name and version of the catalogue. Both are recorded
    /// alike: publishing a folder to a database changes no tree.
    #[default]
    Local,
    /// A commit of a git repository.
    Git {
        /// None for a repository on a disk.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<RemoteUrl>,
        /// The requested tag, branch or commit.
        r#ref: RefName,
        /// The commit that `ref` pointed to.
        commit: GitId,
        /// The folder of the repository that contains `catalog/` and `recipes/`, if it is not the root.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<SafeRelPath>,
    },
}

/// The fields of the file. Version 2 has all of them, version 1 has no `version` and none that only version 2 has.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("dependentRequired" = {
    "version": ["author", "catalog_source", "object_format", "tree"],
    "author": ["version"], "catalog_source": ["version"], "object_format": ["version"], "tree": ["version"],
}))]
struct ProvenanceFile {
    /// The version of this format; version 1 has no such field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("const" = 2))]
    version: Option<u32>,
    /// Name and version of the program that created the repository.
    generator: String,
    action_schema_version: u32,
    catalog: String,
    catalog_version: Digest,
    /// The source of the catalogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    catalog_source: Option<CatalogSource>,
    recipe_hash: Digest,
    template: TemplatePin,
    selected_options: Selection,
    inputs: Inputs,
    /// The author of the first commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    author: Option<Identity>,
    /// The hash function of `tree`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    object_format: Option<ObjectFormat>,
    /// The git tree id of the generated files without this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tree: Option<GitId>,
}

/// Fields of a provenance file that are not those of its version.
#[derive(Debug, Error)]
enum VersionError {
    #[error("version {0} of the format is not supported")]
    Unsupported(u32),
    #[error(
        "version 2 of the format requires `author`, `catalog_source`, `object_format` and `tree`"
    )]
    Missing,
    #[error("`author`, `catalog_source`, `object_format` and `tree` require `\"version\": 2`")]
    Unversioned,
}

impl Provenance {
    /// The default path; a catalogue can set another one.
    pub const DEFAULT_PATH: &'static str = ".scrum4me/bootstrap.json";

    /// [`Self::DEFAULT_PATH`] as a path.
    pub fn default_path() -> SafeRelPath {
        SafeRelPath::parse(Self::DEFAULT_PATH).expect("the default path is a safe path")
    }

    /// The version of the format that this program writes.
    const VERSION: u32 = 2;

    /// The file's text: indented JSON with a final newline.
    pub fn to_text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("provenance has text keys only");
        text.push('\n');
        text
    }

    /// The recorded id of the tree without the provenance file; none in version 1.
    pub fn tree(&self) -> Option<&GitId> {
        self.generated.as_ref().map(|generated| &generated.tree)
    }
}

impl CatalogSource {
    /// Built into this program.
    pub fn built_in() -> Self {
        Self::BuiltIn {
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

impl TryFrom<ProvenanceFile> for Provenance {
    type Error = VersionError;

    fn try_from(file: ProvenanceFile) -> Result<Self, VersionError> {
        let generated = match (
            file.version,
            (
                file.author,
                file.catalog_source,
                file.object_format,
                file.tree,
            ),
        ) {
            (None, (None, None, None, None)) => None,
            (None, _) => return Err(VersionError::Unversioned),
            (
                Some(Self::VERSION),
                (Some(author), Some(catalog_source), Some(object_format), Some(tree)),
            ) => Some(Generated {
                author,
                catalog_source,
                object_format,
                tree,
            }),
            (Some(Self::VERSION), _) => return Err(VersionError::Missing),
            (Some(other), _) => return Err(VersionError::Unsupported(other)),
        };
        Ok(Self {
            generator: file.generator,
            action_schema_version: file.action_schema_version,
            catalog: file.catalog,
            catalog_version: file.catalog_version,
            recipe_hash: file.recipe_hash,
            template: file.template,
            selected_options: file.selected_options,
            inputs: file.inputs,
            generated,
        })
    }
}

impl From<Provenance> for ProvenanceFile {
    fn from(provenance: Provenance) -> Self {
        let version = provenance.generated.as_ref().map(|_| Provenance::VERSION);
        let (author, catalog_source, object_format, tree) = match provenance.generated {
            Some(Generated {
                author,
                catalog_source,
                object_format,
                tree,
            }) => (
                Some(author),
                Some(catalog_source),
                Some(object_format),
                Some(tree),
            ),
            None => (None, None, None, None),
        };
        Self {
            version,
            generator: provenance.generator,
            action_schema_version: provenance.action_schema_version,
            catalog: provenance.catalog,
            catalog_version: provenance.catalog_version,
            catalog_source,
            recipe_hash: provenance.recipe_hash,
            template: provenance.template,
            selected_options: provenance.selected_options,
            inputs: provenance.inputs,
            author,
            object_format,
            tree,
        }
    }
}

impl JsonSchema for Provenance {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Provenance".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        ProvenanceFile::json_schema(generator)
    }
}
