//! Embeds the built-in catalogues: every file of `catalog/` and `recipes/`, with its executable bit.

#![expect(
    clippy::disallowed_methods,
    reason = "a build script speaks with cargo by its environment"
)]

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let mut table = String::from("&[\n");
    for folder in ["catalog", "recipes"] {
        println!("cargo::rerun-if-changed={folder}");
        embed(&root, &root.join(folder), &mut table);
    }
    table.push(']');
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("builtin.rs"), table).expect("the build folder can be written");
}

fn embed(root: &Path, folder: &Path, table: &mut String) {
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
            embed(root, &path, table);
        } else {
            let relative = path
                .strip_prefix(root)
                .expect("below the root")
                .to_str()
                .expect("a UTF-8 path");
            let executable = metadata.permissions().mode() & 0o100 != 0;
            let absolute = path.to_str().expect("a UTF-8 path");
            writeln!(
                table,
                "    ({relative:?}, {executable}, include_bytes!({absolute:?})),"
            )
            .expect("a string grows");
        }
    }
}
