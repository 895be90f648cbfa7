//! The catalogues that are embedded in the program.

use crate::model::content::{File, Files, Mode};
use bytes::Bytes;

/// Path, executable, content.
type Embedded = (&'static str, bool, &'static [u8]);

const FILES: &[Embedded] = include!(concat!(env!("OUT_DIR"), "/builtin.rs"));

/// The files of `catalog/` and `recipes/` at build time.
pub fn files() -> Files {
    let file = |(path, executable, bytes): &Embedded| {
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
