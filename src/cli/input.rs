//! Files and catalogues that the command line names.

use crate::catalog::{self, Catalog, builtin};
use crate::cli::error::{Failure, FindingsInFiles};
use crate::model::content::Files;
use crate::model::diagnostic::{Code, Diagnostic, Location};
use crate::model::suggest;
use crate::source::text::MAX_BYTES;
use crate::tree::disk;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// The files of catalogues, by path from their root.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) files: Files,
    pub(crate) findings: Vec<Diagnostic>,
    /// The folder they were read from; none for built-in ones.
    pub(crate) root: Option<PathBuf>,
}

/// A usable catalogue.
pub(crate) struct Chosen {
    pub(crate) catalog: Catalog,
    pub(crate) source: Source,
}

impl Source {
    pub(crate) fn builtin() -> Self {
        Self {
            files: builtin::files(),
            findings: Vec::new(),
            root: None,
        }
    }

    /// Reads `catalog/` and `recipes/` of a folder.
    pub(crate) fn of_folder(root: &Path) -> Result<Self, Failure> {
        let mut source = Self {
            files: Files::new(),
            findings: Vec::new(),
            root: Some(root.to_owned()),
        };
        let mut found = false;
        for name in ["catalog", "recipes"] {
            let folder = root.join(name);
            if folder.is_symlink() {
                found = true;
                let message = format!("`{name}` is a symbolic link, which is not followed");
                source.findings.push(
                    Diagnostic::error(Code::Misplaced, message)
                        .at("", Location::start_of(name))
                        .help("replace the link by the folder"),
                );
                continue;
            }
            if !folder.is_dir() {
                continue;
            }
            found = true;
            let scan = disk::scan(&folder)?;
            source.files.extend(
                scan.files
                    .into_iter()
                    .map(|(path, file)| (format!("{name}/{path}"), file)),
            );
            let findings = scan.findings.into_iter();
            source
                .findings
                .extend(findings.map(|finding| finding.below(name)));
        }
        if found {
            return Ok(source);
        }
        fs::read_dir(root).map_err(|error| Failure::reading(root, error))?;
        Err(Failure::usage("catalog_folder_missing", format!("`{}` has no folder `catalog`", root.display())).hinted("name the folder that contains `catalog/` and `recipes/`, or create one with `groundplan init catalog DIR`"))
    }
}

/// Opens a built-in catalogue by a name that a repository gives, and never a folder.
pub(crate) fn builtin(name: &str) -> Result<Chosen, Failure> {
    let source = Source::builtin();
    if catalog::names(&source.files).contains(name) {
        return load(source, name);
    }
    Err(Failure::usage(
        "catalog_not_found",
        format!("no built-in catalogue `{}`", name.escape_debug()),
    )
    .hinted("name the folder that contains it by `--catalog`, if you trust it"))
}

/// Opens a built-in catalogue by name, or all catalogues of a folder.
pub(crate) fn catalogs(argument: &str) -> Result<Vec<Chosen>, Failure> {
    let path = Path::new(argument);
    let is_one = path.join("catalog.yaml").is_file();
    if is_one || !path.is_dir() {
        return Ok(vec![catalog(argument)?]);
    }
    let source = Source::of_folder(path)?;
    if catalog::names(&source.files).is_empty() {
        return Err(Failure::usage(
            "catalog_missing",
            format!("`{argument}` contains no catalogue"),
        )
        .hinted("create one with `groundplan init catalog DIR`"));
    }
    all_of(&source)
}

/// Loads every catalogue among some files.
pub(crate) fn all_of(source: &Source) -> Result<Vec<Chosen>, Failure> {
    let names = catalog::names(&source.files);
    names
        .iter()
        .map(|name| load(source.clone(), name))
        .collect()
}

/// True for the name of a built-in catalogue.
pub(crate) fn is_builtin(name: &str) -> bool {
    catalog::names(&builtin::files()).contains(name)
}

/// Opens a built-in catalogue by name, the only one of a folder, or `FOLDER/catalog/NAME`.
pub(crate) fn catalog(argument: &str) -> Result<Chosen, Failure> {
    let source = Source::builtin();
    let builtin = catalog::names(&source.files);
    if builtin.contains(argument) {
        return load(source, argument);
    }
    let path = Path::new(argument);
    if !path.is_dir() {
        let help = suggest::help(argument, builtin.iter().map(String::as_str));
        let or = if help.ends_with('?') { " Or" } else { ", or" };
        let hint = format!("{help}{or} name a folder with catalog/ and recipes/");
        return Err(
            Failure::usage("catalog_not_found", format!("no catalogue `{argument}`")).hinted(hint),
        );
    }
    let inside_root = path.join("catalog.yaml").is_file();
    let (root, name) = match (
        path.parent().and_then(Path::parent),
        path.file_name().and_then(|name| name.to_str()),
    ) {
        (Some(root), Some(name)) if inside_root => (
            if root.as_os_str().is_empty() {
                Path::new(".")
            } else {
                root
            },
            Some(name.to_owned()),
        ),
        (..) => (path, None),
    };
    let source = Source::of_folder(root)?;
    let names = catalog::names(&source.files);
    let name = match name {
        Some(name) => name,
        None if names.len() == 1 => names.into_iter().next().unwrap_or_default(),
        None => {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let message = format!(
                "`{argument}` contains {} catalogues: {}",
                names.len(),
                suggest::list(&names)
            );
            let hint = format!(
                "name one of them, such as `--catalog {}`",
                path.join("catalog")
                    .join(names.first().unwrap_or(&"NAME"))
                    .display()
            );
            return Err(Failure::usage("catalog_ambiguous", message).hinted(hint));
        }
    };
    load(source, &name)
}

fn load(source: Source, name: &str) -> Result<Chosen, Failure> {
    let loaded = catalog::load(&source.files, name);
    match loaded.catalog {
        Some(catalog) if source.findings.is_empty() => Ok(Chosen { catalog, source }),
        _ => {
            let findings = source
                .findings
                .iter()
                .cloned()
                .chain(loaded.findings)
                .filter(Diagnostic::is_error)
                .collect();
            Err(FindingsInFiles {
                findings,
                files: source.files,
                root: source.root,
            }
            .into())
        }
    }
}

/// Reads a document, at most one byte beyond the limit of documents.
pub(crate) fn document(path: &Path) -> Result<Vec<u8>, Failure> {
    read(path, MAX_BYTES as u64 + 1)
}

/// The largest JSON file that is read as data, in bytes. It is in memory three times: as text, as values and as text.
const MAX_DATA: u64 = 16 * 1024 * 1024;

/// Reads a data file of at most 16 MiB.
pub(crate) fn data(path: &Path) -> Result<Vec<u8>, Failure> {
    let bytes = read(path, MAX_DATA + 1)?;
    if bytes.len() as u64 > MAX_DATA {
        return Err(Failure::environment(
            "file_too_large",
            format!("`{}` has more than {MAX_DATA} bytes", path.display()),
        )
        .hinted("split it"));
    }
    Ok(bytes)
}

fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    let fail = |error: io::Error| Failure::reading(path, error);
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        io::stdin()
            .take(limit)
            .read_to_end(&mut bytes)
            .map_err(fail)?;
        return Ok(bytes);
    }
    let metadata = fs::metadata(path).map_err(fail)?;
    if metadata.is_dir() {
        return Err(fail(io::ErrorKind::IsADirectory.into()));
    }
    if !metadata.is_file() {
        return Err(Failure::environment(
            "file_not_plain",
            format!("`{}` is not a regular file", path.display()),
        )
        .hinted("name a regular file, or `-` for standard input"));
    }
    fs::File::open(path)
        .and_then(|file| file.take(limit).read_to_end(&mut bytes))
        .map_err(fail)?;
    Ok(bytes)
}
