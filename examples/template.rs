//! Writes a template of any size, and a catalogue with thirty actions for it: `template FOLDER COUNT`, `template FOLDER
//! catalogue`. The same numbers give the same bytes. Used by the benchmarks.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    match args.as_slice() {
        [folder, what] if what == "catalogue" => write(Path::new(folder), catalogue()),
        [folder, count] => {
            let count = count.parse().map_err(io::Error::other)?;
            write(Path::new(folder), files(count))
        }
        _ => Err(io::Error::other(
            "usage: template FOLDER COUNT | template FOLDER catalogue",
        )),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a folder that only the benchmark knows of"
)]
fn write(folder: &Path, files: Vec<(String, String)>) -> io::Result<()> {
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        fs::write(path, text)?;
    }
    Ok(())
}

/// Words of source code, so that the files compress like source code.
const WORDS: [&str; 24] = [
    "value",
    "config",
    "handler",
    "request",
    "response",
    "module",
    "export",
    "import",
    "const",
    "function",
    "return",
    "await",
    "async",
    "interface",
    "string",
    "number",
    "boolean",
    "render",
    "state",
    "effect",
    "router",
    "layout",
    "theme",
    "session",
];

/// Writes files of 0.5 to 5.5 kB in up to four folders; every hundredth contains placeholders.
pub(crate) fn files(count: usize) -> Vec<(String, String)> {
    let mut numbers = Numbers(7);
    let mut files = Vec::with_capacity(count);
    for number in 1..count {
        let mut path = "src/".to_owned();
        for _ in 0..numbers.below(5) {
            write!(path, "part{}/", numbers.below(12)).expect("a string grows");
        }
        write!(path, "file{number}.ts").expect("a string grows");
        let mut text = String::new();
        if number % 100 == 1 {
            text.push_str("// __PRODUCT_NAME__ of __GITHUB_OWNER__\n");
        }
        let size = 500 + numbers.below(5000);
        while text.len() < size {
            for _ in 0..3 + numbers.below(6) {
                text.push_str(WORDS[numbers.below(WORDS.len())]);
                text.push(' ');
            }
            text.push_str(";\n");
        }
        files.push((path, text));
    }
    let manifest = "{\n  \"name\": \"__PRODUCT_SLUG__\",\n  \"dependencies\": {\n    \"next\": \"^16.0.0\"\n  }\n}\n";
    files.push(("package.json".to_owned(), manifest.to_owned()));
    files
}

/// A catalogue whose one option has thirty actions.
pub(crate) fn catalogue() -> Vec<(String, String)> {
    let mut recipe = "actions:\n".to_owned();
    let mut add = |action: String| {
        writeln!(recipe, "  - {{ {action} }}").expect("a string grows");
    };
    for number in 0..12 {
        add(format!(
            "kind: WRITE_FILE, path: docs/new{number}.md, content: '# New {number} of __PRODUCT_NAME__'"
        ));
    }
    for number in 0..8 {
        add(format!(
            "kind: ADD_DEPENDENCY, manifest: package.json, name: dep{number}, version: ^1.{number}.0"
        ));
    }
    for number in 0..5 {
        add(format!(
            "kind: CREATE_ADR_STUB, number: {}, title: Decision {number}",
            number + 1
        ));
    }
    for number in 0..5 {
        add(format!(
            "kind: APPEND_TO_FILE, path: docs/new{number}.md, content: more {number}"
        ));
    }
    let catalog = "catalog: bench
title: Benchmark
template: { path: template, version: v1 }
placeholders: [PRODUCT_NAME, PRODUCT_SLUG, GITHUB_OWNER]
categories:
  - slug: base
    title: Base
    selection: SINGLE
    required: true
    options:
      - slug: all
        title: All thirty
        default: true
";
    let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    vec![
        file("catalog/bench/catalog.yaml", catalog),
        file("catalog/bench/template/README.md", "# __PRODUCT_NAME__\n"),
        file("recipes/bench/base/all.yaml", &recipe),
    ]
}

/// A deterministic generator of pseudo-random numbers.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % limit
    }
}
