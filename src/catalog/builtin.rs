//! The catalogues that are embedded in the program. They are checked by a test instead of at each start.

use super::checked::Catalog;
use super::lazy_recipes::LazyRecipes;
use super::load;
use crate::model::content::{File, Files, Mode};
use crate::model::digest::Digest;
use bytes::Bytes;

/// A catalogue among the embedded files.
#[derive(Clone, Copy, Debug)]
pub struct Embedded {
    pub name: &'static str,
    /// The checksum of its files.
    pub checksum: &'static str,
    /// The version that the check of exactly these files found. None after a change, until the check has run again.
    pub version: Option<&'static str>,
}

/// Path, executable, content.
type EmbeddedFile = (&'static str, bool, &'static [u8]);

const FILES: &[EmbeddedFile] = include!(concat!(env!("OUT_DIR"), "/builtin_files.rs"));

/// The built-in catalogues by name.
pub const CATALOGS: &[Embedded] = include!(concat!(env!("OUT_DIR"), "/builtin_catalogs.rs"));

/// The files of `catalog/` and `recipes/` at build time.
pub fn files() -> Files {
    let file = |(path, executable, bytes): &EmbeddedFile| {
        let mode = if *executable {
            Mode::Executable
        } else {
            Mode::Regular
        };
        (
            (*path).to_owned(),
            File {
                mode,
                bytes: Bytes::from_static(bytes),
            },
        )
    };
    FILES.iter().map(file).collect()
}

/// True for the name of a built-in catalogue.
pub fn contains(name: &str) -> bool {
    CATALOGS.iter().any(|embedded| embedded.name == name)
}

/// A built-in catalogue. Its recipes are read when they are used. None for an unknown name, or if the files have errors.
pub fn catalog(name: &str) -> Option<Catalog> {
    let embedded = CATALOGS.iter().find(|embedded| embedded.name == name)?;
    let files = files();
    let checked = embedded.version.map(Digest::parse);
    let Some(Ok(version)) = checked else {
        return load::load(&files, name).catalog;
    };
    let file = load::checked_file(&files, name)?;
    let recipes = LazyRecipes::of(&file, files);
    Some(Catalog::of_checked_files(file, recipes, version))
}
