//! Embeds the built-in catalogues: every file of `catalog/` and `recipes/`, with its executable bit, and the version of each
//! catalogue whose files a test has checked.

#![expect(
    clippy::disallowed_methods,
    reason = "a build script speaks with cargo by its environment"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// The folders of catalogues and of recipes.
const FOLDERS: [&str; 2] = ["catalog", "recipes"];

/// The checked versions: a name, the checksum of its files and its version on each line.
const VERSIONS: &str = "src/catalog/builtin.versions";

fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let mut embedded = Embedded::default();
    for folder in FOLDERS {
        println!("cargo::rerun-if-changed={folder}");
        embedded.add_folder(&root, &root.join(folder));
    }
    println!("cargo::rerun-if-changed={VERSIONS}");
    let versions = fs::read_to_string(root.join(VERSIONS)).expect("a text file");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let write = |name: &str, table: String| {
        fs::write(out.join(name), table).expect("the build folder can be written");
    };
    write("builtin_files.rs", format!("&[\n{}]", embedded.files));
    write("builtin_catalogs.rs", embedded.catalogs(&versions));
}

/// The embedded files as a table in Rust, and a checksum over those of each catalogue.
#[derive(Default)]
struct Embedded {
    files: String,
    checksums: BTreeMap<String, crc32fast::Hasher>,
}

impl Embedded {
    fn add_folder(&mut self, root: &Path, folder: &Path) {
        let mut entries: Vec<PathBuf> = fs::read_dir(folder)
            .expect("a readable folder")
            .map(|entry| entry.expect("a readable entry").path())
            .collect();
        entries.sort();
        for path in entries {
            let metadata = fs::symlink_metadata(&path).expect("a readable entry");
            let name = path.file_name().unwrap_or_default();
            assert!(
                name != "node_modules" && name != ".next" && !metadata.is_symlink(),
                "{} must not be embedded: remove it, catalogues hold sources only",
                path.display()
            );
            if metadata.is_dir() {
                self.add_folder(root, &path);
            } else {
                let is_executable = metadata.permissions().mode() & 0o100 != 0;
                self.add_file(root, &path, is_executable);
            }
        }
    }

    fn add_file(&mut self, root: &Path, path: &Path, is_executable: bool) {
        let relative = path
            .strip_prefix(root)
            .expect("below the root")
            .to_str()
            .expect("a UTF-8 path");
        let absolute = path.to_str().expect("a UTF-8 path");
        writeln!(
            self.files,
            "    ({relative:?}, {is_executable}, include_bytes!({absolute:?})),"
        )
        .expect("a string grows");
        let Some(catalog) = relative.split('/').nth(1) else {
            return;
        };
        let content = fs::read(path).expect("a readable file");
        let checksum = self.checksums.entry(catalog.to_owned()).or_default();
        let head = format!("{relative}\0{is_executable}\0{}\0", content.len());
        checksum.update(head.as_bytes());
        checksum.update(&content);
    }

    /// A table of the catalogues: name, checksum, and the version if it was found for exactly these files.
    fn catalogs(self, versions: &str) -> String {
        let mut table = String::from("&[\n");
        for (name, checksum) in self.checksums {
            let key = format!("{name} {:08x} ", checksum.finalize());
            let version = versions.lines().find_map(|line| line.strip_prefix(&key));
            let checksum = key.split(' ').nth(1);
            writeln!(
                table,
                "    Embedded {{ name: {name:?}, checksum: {:?}, version: {version:?} }},",
                checksum.unwrap_or_default()
            )
            .expect("a string grows");
        }
        table.push(']');
        table
    }
}
