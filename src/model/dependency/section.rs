//! The sections of a manifest.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Ecosystem;

/// The part of a manifest that a dependency belongs to, in npm's words.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Section {
    /// Needed to run.
    #[default]
    Dependencies,
    /// Needed to develop and test.
    DevDependencies,
    /// Brought by whoever installs the package; package.json only.
    PeerDependencies,
    /// May fail to install; package.json only.
    OptionalDependencies,
}

impl Section {
    pub const ALL: [Self; 4] = [
        Self::Dependencies,
        Self::DevDependencies,
        Self::PeerDependencies,
        Self::OptionalDependencies,
    ];

    /// Gives the section's name in the manifest of `ecosystem`; `None` when that manifest has no such section.
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
    fn sections_are_spelled_as_npm_spells_them() {
        for section in Section::ALL {
            assert_eq!(serde_json::to_value(section).unwrap(), section.to_string());
            assert_eq!(
                section.name_in(Ecosystem::Npm),
                Some(section.to_string().as_str())
            );
        }
    }
}
