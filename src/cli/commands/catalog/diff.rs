//! `groundplan catalog diff`

use super::render;
use super::version::{Matched, Version};
use crate::cli::args::database::DatabaseArgs;
use crate::cli::args::template::TemplateArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::input::Chosen;
use crate::cli::output::terminal::Terminal;
use crate::impact::{self, Impact, ImpactLevel};
use crate::model::slug::Slug;
use crate::sweep::trial::TrialInput;
use crate::template::Template;
use serde::Serialize;

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

/// The impacts of all catalogues.
pub(super) struct Impacts {
    pub(super) both: Vec<Impact>,
    /// Catalogues of the old version only.
    pub(super) gone: Vec<Slug>,
    /// Catalogues of the new version only.
    pub(super) new: Vec<Slug>,
}

/// The impacts as a JSON document.
#[derive(Serialize)]
struct ImpactsJson<'a> {
    level: ImpactLevel,
    catalogs: &'a [Impact],
    gone: &'a [Slug],
    new: &'a [Slug],
}

impl Impacts {
    /// The highest of all levels. A removed catalogue breaks its stored runs.
    pub(super) fn level(&self) -> ImpactLevel {
        let levels = self.both.iter().map(|impact| impact.level);
        let gone = self.gone.iter().map(|_| ImpactLevel::Breaking);
        let new = self.new.iter().map(|_| ImpactLevel::Compatible);
        levels
            .chain(gone)
            .chain(new)
            .max()
            .unwrap_or(ImpactLevel::Unchanged)
    }
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let impacts = args.impacts()?;
    match args.format {
        Format::Json => terminal.json(&ImpactsJson {
            level: impacts.level(),
            catalogs: &impacts.both,
            gone: &impacts.gone,
            new: &impacts.new,
        })?,
        Format::Text => render::text(&impacts, args.full, terminal.out())?,
        Format::Markdown => render::markdown(&impacts, args.full, terminal.out())?,
    }
    Ok(
        if args.fail_on_breaking && impacts.level() == ImpactLevel::Breaking {
            Exit::Findings
        } else {
            Exit::Success
        },
    )
}

impl Args {
    fn impacts(&self) -> Result<Impacts, Failure> {
        let old = Version::parse(&self.old)?.catalogs(&self.database)?;
        let new = Version::parse(&self.new)?.catalogs(&self.database)?;
        let Matched { both, gone, new } =
            Matched::of(old, new, self.only.as_ref().map(Slug::as_str))?;
        let slugs = |chosen: Vec<Chosen>| {
            chosen
                .into_iter()
                .map(|one| one.catalog.slug().clone())
                .collect()
        };
        let impacts = Terminal::busy("building every selection of both versions", || {
            let compare = |(old, new)| {
                let (old, new) = (self.template.open(old)?, self.template.open(new)?);
                Ok(impact::compare(ground(&old), ground(&new))?)
            };
            both.into_iter()
                .map(compare)
                .collect::<Result<Vec<_>, Failure>>()
        })?;
        Ok(Impacts {
            both: impacts,
            gone: slugs(gone),
            new: slugs(new),
        })
    }
}

fn ground((chosen, template): &(Chosen, Template)) -> TrialInput<'_> {
    TrialInput {
        catalog: &chosen.catalog,
        template: template.tree(),
        pin: &template.pin,
    }
}
