//! `groundplan catalog diff`

use super::render;
use crate::app::catalog_versions::{CatalogDiff, CatalogPairs, VersionName};
use crate::app::catalogs::OpenedCatalog;
use crate::app::fleet::{self, FleetStatus};
use crate::app::generated_repos::GeneratedRepoRequest;
use crate::app::templates;
use crate::app::updates::UpdateRequest;
use crate::cli::args::database::DatabaseArgs;
use crate::cli::args::template::TemplateArgs;
use crate::cli::commands::fleet::status;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::terminal::Terminal;
use crate::cli::recorded_database::RecordedDatabase;
use crate::cli::runtime::wait_for;
use crate::cli::signals;
use crate::engine::SelectionChanges;
use crate::impact::ImpactLevel;
use crate::model::condition::InputValues;
use crate::model::provenance::Provenance;
use crate::model::slug::Slug;
use serde::Serialize;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;

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
    /// Also show what an update to the new version would do to this existing repository, a folder or a URL; repeatable.
    #[arg(long, value_name = "REPO")]
    against: Vec<String>,
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
    let fleet = args.fleet()?;
    match args.format {
        Format::Json => terminal.json(&DiffJson {
            diff: &diff,
            fleet: fleet.as_ref(),
        })?,
        Format::Text => {
            render::text(&diff, args.full, terminal.out())?;
            if let Some(fleet) = &fleet {
                status::print(fleet, terminal)?;
            }
        }
        Format::Markdown => {
            render::markdown(&diff, args.full, terminal.out())?;
            if let Some(fleet) = &fleet {
                render::repositories(fleet, terminal.out())?;
            }
        }
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

/// A comparison, with the state of existing repositories against the new version.
#[derive(Serialize)]
struct DiffJson<'d> {
    #[serde(flatten)]
    diff: &'d CatalogDiff,
    #[serde(flatten)]
    fleet: Option<&'d FleetStatus>,
}

impl Args {
    /// The state of the named repositories against the new version.
    fn fleet(&self) -> Result<Option<FleetStatus>, Failure> {
        if self.against.is_empty() {
            return Ok(None);
        }
        let mut new = self.open(&self.new)?;
        new.retain(|opened| {
            self.only
                .as_ref()
                .is_none_or(|only| opened.catalog.slug() == only)
        });
        let (Some(opened), true) = (new.pop(), new.is_empty()) else {
            return Err(
                Failure::usage("against_several", "`--against` needs one new catalogue")
                    .hinted("name one with `--only NAME`"),
            );
        };
        let catalog = Arc::new(opened);
        let provenance = Provenance::default_path().as_tree().clone();
        let request = |repository: &String| UpdateRequest {
            repository: GeneratedRepoRequest {
                repository: repository.clone(),
                provenance: provenance.clone(),
                catalog: None,
                template: self.template.request(),
                allowed_sources: Vec::new(),
            },
            catalog: Some(Arc::clone(&catalog)),
            to: None,
            template: self.template.request(),
            choices: SelectionChanges::default(),
            inputs: InputValues::new(),
            decisions: BTreeMap::new(),
            is_full: false,
        };
        let requests: Vec<UpdateRequest> = self.against.iter().map(request).collect();
        let parallel = available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let cache = || self.template.git.cache();
        let stop = signals::stop();
        let recorded = RecordedDatabase::default();
        let database = |provenance: &_, wanted| recorded.find(provenance, wanted);
        Ok(Some(Terminal::busy("comparing the repositories", || {
            fleet::status(&requests, &cache, &database, parallel, stop)
        })))
    }

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
