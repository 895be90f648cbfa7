//! `groundplan check`

use crate::app::checks::{self, Checked, CheckedSubject};
use crate::cli::error::{Exit, Failure, FindingsInFiles};
use crate::cli::input;
use crate::cli::output::terminal::Terminal;
use crate::cli::output::{findings, sarif};
use crate::model::diagnostic::Diagnostic;
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
        checks::folder(&args.path)?
    } else {
        document(&args.path)?
    };
    let subject = name(checked.subject);
    let FindingsInFiles {
        findings,
        files,
        root,
    } = checked.findings;
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
        "checked {subject}: {}",
        findings::count(&findings)
    )?;
    Ok(if findings.iter().any(Diagnostic::is_error) {
        Exit::Findings
    } else {
        Exit::Success
    })
}

/// The checked documents in words.
fn name(subject: CheckedSubject) -> String {
    match subject {
        CheckedSubject::Catalogs(1) => "1 catalogue".to_owned(),
        CheckedSubject::Catalogs(count) => format!("{count} catalogues"),
        CheckedSubject::CatalogFile => "1 catalogue file".to_owned(),
        CheckedSubject::Recipe => "1 recipe file".to_owned(),
    }
}

fn document(path: &Path) -> Result<Checked, Failure> {
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
    Ok(checks::document(&name, &bytes)?)
}
