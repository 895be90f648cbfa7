//! The fuzz targets on a stable compiler: every seed, every input that was found, and a fixed number of changed ones.

#[path = "../fuzz/src/lib.rs"]
#[expect(
    unreachable_pub,
    reason = "the fuzz targets are a crate of their own, too"
)]
mod targets;

use std::collections::BTreeSet;
use std::fs;
use std::panic;
use std::path::Path;

/// The number of changed inputs for each target.
const CHANGED: usize = 300;

/// A target and its name.
type Target = (&'static str, fn(&[u8]));

const TARGETS: [Target; 11] = [
    ("http_body", targets::http_body),
    ("json", targets::json),
    ("merge", targets::merge),
    ("path", targets::path),
    ("placeholder", targets::placeholder),
    ("provenance", targets::provenance),
    ("range", targets::range),
    ("recipe", targets::recipe),
    ("sealed_token", targets::sealed_token),
    ("template_tree", targets::template_tree),
    ("yaml", targets::yaml),
];

/// The files of a folder by name; none if there is no folder.
fn inputs(folder: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
        .into_iter()
        .map(|path| fs::read(path).unwrap())
        .collect()
}

/// A generator of numbers (xorshift64): the same ones in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit.max(1)).unwrap()).unwrap()
    }

    /// An input with one to four changes: a bit, a removed or repeated part, a word, a part of another input.
    fn changed(&mut self, input: &[u8], other: &[u8]) -> Vec<u8> {
        const WORDS: [&str; 12] = [
            "__",
            "\n",
            "\0",
            "\r\n",
            "\u{feff}",
            "../",
            "\"",
            "{",
            "]",
            "99999999999999999999",
            "\n=====\n",
            ": ",
        ];
        let mut bytes = input.to_vec();
        for _ in 0..=self.below(4) {
            let start = self.below(bytes.len() + 1);
            let end = (start + self.below(16)).min(bytes.len());
            match self.below(5) {
                0 if !bytes.is_empty() => {
                    let at = self.below(bytes.len());
                    bytes[at] ^= 1 << self.below(8);
                }
                1 => drop(bytes.drain(start..end)),
                2 => {
                    let part = bytes[start..end].to_vec();
                    bytes.splice(start..start, part);
                }
                3 => {
                    let part = &other[self.below(other.len() + 1)..];
                    bytes.splice(start..end, part.iter().copied().take(64));
                }
                _ => {
                    let word = WORDS[self.below(WORDS.len())];
                    bytes.splice(start..start, word.bytes());
                }
            }
        }
        bytes
    }
}

#[test]
fn no_input_violates_the_properties_of_its_reader() {
    for (name, target) in TARGETS {
        let mut all = inputs(&format!("fuzz/seeds/{name}"));
        assert!(!all.is_empty(), "{name} has no seeds");
        all.extend(inputs(&format!("fuzz/found/{name}")));
        let checked = |input: &[u8]| {
            let text = input.escape_ascii();
            let ended = panic::catch_unwind(|| target(input));
            assert!(ended.is_ok(), "{name} fails for b\"{text}\"");
        };
        for input in &all {
            checked(input);
        }
        let mut numbers = Numbers(0x5eed_0000_0000_0001);
        for _ in 0..CHANGED {
            let (one, other) = (numbers.below(all.len()), numbers.below(all.len()));
            checked(&numbers.changed(&all[one], &all[other]));
        }
    }
}

#[test]
fn every_target_is_built_by_the_fuzzer_and_run_by_the_tests() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let manifest: toml::Table = fs::read_to_string(folder.join("Cargo.toml"))
        .unwrap()
        .parse()
        .unwrap();
    let built: BTreeSet<&str> = manifest["bin"]
        .as_array()
        .unwrap()
        .iter()
        .map(|target| target["name"].as_str().unwrap())
        .collect();
    let run: BTreeSet<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(built, run);
    for name in built {
        let text = fs::read_to_string(folder.join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(
            text.contains(&format!("groundplan_fuzz::{name}(data)")),
            "{name}"
        );
    }
}
