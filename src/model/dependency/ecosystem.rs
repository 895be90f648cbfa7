//! Package ecosystems.

/// An ecosystem, which defines the rules for names and versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ecosystem {
    Npm,
    Cargo,
    Python,
}

impl Ecosystem {
    /// The ecosystem of a manifest, by the file name at the end of a `/`-separated path.
    pub fn of(manifest: &str) -> Option<Self> {
        [Self::Npm, Self::Cargo, Self::Python]
            .into_iter()
            .find(|ecosystem| manifest.rsplit('/').next() == Some(ecosystem.manifest()))
    }

    /// The file name of the manifest.
    pub fn manifest(self) -> &'static str {
        match self {
            Self::Npm => "package.json",
            Self::Cargo => "Cargo.toml",
            Self::Python => "pyproject.toml",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(manifest: &str, expected: Option<Ecosystem>) {
        assert_eq!(Ecosystem::of(manifest), expected, "{manifest}");
    }

    #[test]
    fn the_file_name_decides_on_the_ecosystem_in_any_folder() {
        check("package.json", Some(Ecosystem::Npm));
        check("apps/web/package.json", Some(Ecosystem::Npm));
        check("crates/a/Cargo.toml", Some(Ecosystem::Cargo));
        check("pyproject.toml", Some(Ecosystem::Python));
        check("cargo.toml", None);
        check("package.json/x", None);
        check("my-package.json", None);
        check("", None);
    }
}
