//! `groundplan check`

use crate::catalog;
use crate::cli::error::{Exit, Failure};
use crate::cli::input;
use crate::cli::input::Source;
use crate::cli::output::terminal::Terminal;
use crate::cli::output::{findings, sarif};
use crate::model::content::{File, Files};
use crate::model::diagnostic::{self, Diagnostic};
use crate::recipe::literal_folder;
use crate::source;
use crate::tree::disk;
use crate::tree::validate::{Links, admit};
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// A recipe, a catalogue, or a folder with catalog/ and recipes/; `-` reads standard input.
    #[arg(default_value = ".")]
    path: PathBuf,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Format {
    /// With the lines of the findings.
    Text,
    Json,
    /// For code scanning services.
    Sarif,
    /// Annotations in a forge's action log.
    Github,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let checked = if args.path.is_dir() {
        folder(&args.path)?
    } else {
        file(&args.path)?
    };
    let Checked {
        files,
        findings,
        root,
        what,
    } = checked;
    let relabel = |file: &str| findings::relabel(root.as_deref(), file);
    match args.format {
        Format::Text => findings::text(terminal.out(), &findings, &files, &relabel)?,
        Format::Json => findings::json(terminal, &findings, &relabel)?,
        Format::Sarif => sarif::print(terminal, &findings, &relabel)?,
        Format::Github => findings::github(terminal, &findings, &relabel)?,
    }
    terminal.finish()?;
    writeln!(
        terminal.stderr(),
        "checked {what}: {}",
        findings::count(&findings)
    )?;
    Ok(if findings.iter().any(Diagnostic::is_error) {
        Exit::Findings
    } else {
        Exit::Success
    })
}

struct Checked {
    files: Files,
    findings: Vec<Diagnostic>,
    /// The folder that paths in findings are relative to; none where they are as typed.
    root: Option<PathBuf>,
    what: String,
}

fn folder(root: &Path) -> Result<Checked, Failure> {
    let Source {
        files,
        mut findings,
        ..
    } = Source::of_folder(root)?;
    let names = catalog::names(&files);
    for name in &names {
        let loaded = catalog::load(&files, name);
        findings.extend(loaded.findings);
        if let Some(written) = &loaded.file
            && let Some(path) = &written.template.path
        {
            let folder = format!("catalog/{name}/{path}");
            findings.extend(check_template(&files, &folder, written.symlinks));
        }
    }
    findings.extend(catalog::orphans(&files));
    diagnostic::sort(&mut findings);
    let what = format!(
        "{} {}",
        names.len(),
        if names.len() == 1 {
            "catalogue"
        } else {
            "catalogues"
        }
    );
    Ok(Checked {
        files,
        findings,
        root: Some(root.to_owned()),
        what,
    })
}

fn check_template(files: &Files, folder: &str, symlinks: catalog::Symlinks) -> Vec<Diagnostic> {
    let prefix = format!("{folder}/");
    let below = files
        .range(prefix.clone()..)
        .take_while(|(path, _)| path.starts_with(&prefix));
    let template = below
        .map(|(path, file)| (path[prefix.len()..].to_owned(), file.clone()))
        .collect();
    let links = match symlinks {
        catalog::Symlinks::Refuse => Links::Refused,
        catalog::Symlinks::Allow => Links::Kept,
    };
    let findings = admit(template, links).err().unwrap_or_default();
    findings
        .into_iter()
        .map(|finding| finding.below(folder))
        .collect()
}

fn file(path: &Path) -> Result<Checked, Failure> {
    let name = if path == Path::new("-") {
        "stdin.yaml".to_owned()
    } else {
        path.display().to_string()
    };
    if path.is_symlink() {
        // Findings quote the file, and a link could show any file.
        return Err(Failure::environment(
            "file_is_a_link",
            format!(
                "`{}` is a symbolic link, which is not followed",
                path.display()
            ),
        )
        .hinted("name the file itself"));
    }
    let bytes = input::document(path)?;
    let mut files = Files::from([(name.clone(), File::regular(bytes.clone()))]);
    let (what, findings) = if is_catalog(&name, &bytes) {
        (
            "1 catalogue file",
            catalog::check_catalog_file(&name, &bytes),
        )
    } else {
        let beside = literal_folder(&name).to_owned();
        let mut unread = Vec::new();
        if Path::new(&beside).is_dir() && !Path::new(&beside).is_symlink() {
            let scan = disk::scan(Path::new(&beside))?;
            files.extend(
                scan.files
                    .into_iter()
                    .map(|(path, file)| (format!("{beside}/{path}"), file)),
            );
            let findings = scan.findings.into_iter();
            unread.extend(findings.map(|finding| finding.below(&beside)));
        }
        unread.extend(catalog::check_recipe_file(&name, &bytes, &files));
        ("1 recipe file", unread)
    };
    Ok(Checked {
        files,
        findings,
        root: None,
        what: what.to_owned(),
    })
}

/// True for a catalogue, by its keys; by its name if it cannot be parsed.
fn is_catalog(name: &str, bytes: &[u8]) -> bool {
    let by_name = Path::new(name)
        .file_stem()
        .is_some_and(|stem| stem == "catalog");
    source::read(name, bytes).map_or(by_name, |document| {
        let has = |key: &str| document.root.get(key).is_some();
        !has("actions") && (by_name || ["catalog", "categories", "template"].into_iter().any(has))
    })
}
