//! The sections of a manifest.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Ecosystem;

/// The section of a dependency in a manifest, by its name in package.json.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Section {
    /// Required at run time.
    #[default]
    Dependencies,
    /// Required for development and tests.
    DevDependencies,
    /// Provided by the installing project; package.json only.
    PeerDependencies,
    /// Optional: an installation may fail; package.json only.
    OptionalDependencies,
}

impl Section {
    pub const ALL: [Self; 4] = [
        Self::Dependencies,
        Self::DevDependencies,
        Self::PeerDependencies,
        Self::OptionalDependencies,
    ];

    /// The section's name in the manifest of `ecosystem`; none if that manifest has no such section.
    pub fn name_in(self, ecosystem: Ecosystem) -> Option<&'static str> {
        match (ecosystem, self) {
            (Ecosystem::Npm | Ecosystem::Cargo, Self::Dependencies) => Some("dependencies"),
            (Ecosystem::Npm, Self::DevDependencies) => Some("devDependencies"),
            (Ecosystem::Npm, Self::PeerDependencies) => Some("peerDependencies"),
            (Ecosystem::Npm, Self::OptionalDependencies) => Some("optionalDependencies"),
            (Ecosystem::Cargo, Self::DevDependencies) => Some("dev-dependencies"),
            (Ecosystem::Python, Self::Dependencies) => Some("project.dependencies"),
            (Ecosystem::Python, Self::DevDependencies) => Some("dependency-groups.dev"),
            (
                Ecosystem::Cargo | Ecosystem::Python,
                Self::PeerDependencies | Self::OptionalDependencies,
            ) => None,
        }
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dependencies => "dependencies",
            Self::DevDependencies => "devDependencies",
            Self::PeerDependencies => "peerDependencies",
            Self::OptionalDependencies => "optionalDependencies",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_named_as_in_package_json() {
        for section in Section::ALL {
            assert_eq!(serde_json::to_value(section).unwrap(), section.to_string());
            assert_eq!(
                section.name_in(Ecosystem::Npm),
                Some(section.to_string().as_str())
            );
        }
    }
}
