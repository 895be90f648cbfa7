//! `groundplan list`

use crate::app::catalogs;
use crate::base::sanitize;
use crate::cli::args::git::GitArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::terminal::{BOLD, Terminal};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// A folder with catalog/ and recipes/ or a commit as `REPO@REF`, instead of the built-in catalogues.
    #[arg(long, value_name = "DIR|REPO@REF")]
    catalog: Option<String>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    git: GitArgs,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let list = match &args.catalog {
        Some(named) => catalogs::files(named, &|| args.git.cache())?.list(),
        None => catalogs::list_builtin(),
    };
    if args.format == Format::Json {
        terminal.json(&list)?;
        return Ok(Exit::Success);
    }
    for line in list.catalogs {
        let title = line
            .title
            .as_deref()
            .unwrap_or("unusable: run `groundplan check`");
        let name = sanitize::line(&line.catalog);
        writeln!(terminal.out(), "{BOLD}{name}{BOLD:#}  {title}")?;
        if let Some(description) = &line.description {
            writeln!(terminal.out(), "  {description}")?;
        }
    }
    Ok(Exit::Success)
}
