//! `groundplan catalog diff`

use super::render;
use crate::app::catalog_versions::{CatalogDiff, CatalogPairs, VersionName};
use crate::app::catalogs::OpenedCatalog;
use crate::app::templates;
use crate::cli::args::database::DatabaseArgs;
use crate::cli::args::template::TemplateArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::terminal::Terminal;
use crate::cli::runtime::wait_for;
use crate::impact::ImpactLevel;
use crate::model::slug::Slug;

#[derive(clap::Args)]
pub(super) struct Args {
    /// Old version: a folder, a built-in catalogue, a commit as `REF`, `REPO@REF` or `REF:FOLDER`, or a published
    /// version as `published:NAME` or `published:NAME@NUMBER`.
    old: String,
    /// New version, in the same forms.
    new: String,
    /// Compare only this catalogue.
    #[arg(long, value_name = "NAME", value_parser = Slug::parse)]
    only: Option<Slug>,
    /// Exit with 1 if stored runs can no longer be carried out.
    #[arg(long)]
    fail_on_breaking: bool,
    /// Also show a diff of every changed text file.
    #[arg(long)]
    full: bool,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    template: TemplateArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
    /// For a comment on a pull request.
    Markdown,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let diff = args.diff()?;
    match args.format {
        Format::Json => terminal.json(&diff)?,
        Format::Text => render::text(&diff, args.full, terminal.out())?,
        Format::Markdown => render::markdown(&diff, args.full, terminal.out())?,
    }
    for catalog in &diff.unraised {
        let message = format!("the template of `{catalog}` changed under the same version");
        let hint = "raise `template.version` in catalog.yaml: repositories record it";
        terminal.warning(&message, &[hint.to_owned()]);
    }
    let is_refused = diff.level == ImpactLevel::Breaking || !diff.unraised.is_empty();
    Ok(if args.fail_on_breaking && is_refused {
        Exit::Findings
    } else {
        Exit::Success
    })
}

impl Args {
    fn diff(&self) -> Result<CatalogDiff, Failure> {
        let old = self.open(&self.old)?;
        let new = self.open(&self.new)?;
        let pairs = CatalogPairs::of(old, new, self.only.as_ref())?;
        let (request, git) = (self.template.request(), &self.template.git);
        let template = |opened: &OpenedCatalog| templates::open(&request, opened, &|| git.cache());
        Ok(Terminal::busy(
            "building every selection of both versions",
            || pairs.compare(template),
        )?)
    }

    fn open(&self, version: &str) -> Result<Vec<OpenedCatalog>, Failure> {
        let version = VersionName::parse(version)?;
        let cache = || self.template.git.cache();
        if version.is_published() {
            return self
                .database
                .look(async |database| Ok(version.open(Some(database), &cache).await?));
        }
        Ok(wait_for(version.open(None, &cache))??)
    }
}
