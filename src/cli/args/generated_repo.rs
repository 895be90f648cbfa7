//! A repository that groundplan created: its first commit, and its plan, built again from the provenance.

use crate::app::catalogs::OpenedCatalog;
use crate::app::error::AppError;
use crate::app::generated_repos::{GeneratedRepo, GeneratedRepoRequest, RecordedPlan};
use crate::app::recorded_sources::{DatabaseVersion, RecordedSources};
use crate::app::templates::{self, TemplateCache, TemplateRequest};
use crate::app::updates::UpdateRequest;
use crate::cli::args::catalog;
use crate::cli::args::template::TemplateArgs;
use crate::cli::error::Failure;
use crate::cli::output::terminal::Terminal;
use crate::cli::recorded_database::RecordedDatabase;
use crate::engine::SelectionChanges;
use crate::model::condition::InputValues;
use crate::model::path::TreePath;
use crate::model::provenance::Provenance;
use crate::model::ref_name::RefName;
use crate::model::remote::RemoteUrl;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The catalogue, provenance and template of an existing repository.
#[derive(clap::Args)]
pub(crate) struct GeneratedRepoArgs {
    /// The catalogue it was created from: a built-in one, a folder, a commit as `REPO@REF`, or `db:NAME@NUMBER` [default:
    /// found by the recorded source].
    #[arg(long, value_name = "NAME|DIR|REPO@REF", env = "GROUNDPLAN_CATALOG")]
    catalog: Option<String>,
    #[command(flatten)]
    source: RecordedSourceArgs,
    #[command(flatten)]
    template: TemplateArgs,
}

/// The record in a repository, and the addresses in it that may be contacted.
#[derive(clap::Args)]
pub(crate) struct RecordedSourceArgs {
    /// Path of the provenance file in the repository.
    #[arg(long, value_name = "PATH", value_parser = TreePath::parse, default_value = Provenance::DEFAULT_PATH)]
    pub(crate) provenance: TreePath,
    /// Allow to fetch the catalogue or the template from this address if the repository names it; repeatable.
    #[arg(
        long,
        value_name = "URL",
        env = "GROUNDPLAN_ALLOW_SOURCE",
        value_delimiter = ','
    )]
    allow_source: Vec<String>,
}

/// The catalogue of the old plan, and the version of the new one.
#[derive(clap::Args)]
pub(crate) struct OldCatalogArgs {
    /// The catalogue of the recorded plan, if neither the repository nor its recorded source has it any more.
    #[arg(long, value_name = "NAME|DIR|REPO@REF")]
    from_catalog: Option<String>,
    /// Another commit of the recorded catalogue, or of the template if the catalogue is in no repository.
    #[arg(long, value_name = "REF", value_parser = RefName::parse)]
    to: Option<RefName>,
}

/// The catalogues of an update, opened once for all its repositories.
pub(crate) struct UpdateCatalogs<'a> {
    old: Option<Arc<OpenedCatalog>>,
    new: Option<Arc<OpenedCatalog>>,
    to: Option<&'a RefName>,
}

impl GeneratedRepoArgs {
    pub(crate) fn catalogs<'a>(
        &self,
        old: &'a OldCatalogArgs,
    ) -> Result<UpdateCatalogs<'a>, Failure> {
        Ok(UpdateCatalogs {
            old: self.open(old.from_catalog.as_deref())?,
            new: self.open(self.catalog.as_deref())?,
            to: old.to.as_ref(),
        })
    }

    /// The request for an update of a repository.
    pub(crate) fn update(
        &self,
        repository: &str,
        catalogs: &UpdateCatalogs<'_>,
    ) -> Result<UpdateRequest, Failure> {
        Ok(UpdateRequest {
            repository: self.request(repository, catalogs.old.clone())?,
            catalog: catalogs.new.clone(),
            to: catalogs.to.cloned(),
            template: self.template.request(),
            choices: SelectionChanges::default(),
            inputs: InputValues::new(),
            decisions: BTreeMap::new(),
            is_full: false,
        })
    }

    fn open(&self, named: Option<&str>) -> Result<Option<Arc<OpenedCatalog>>, Failure> {
        let opened = named.map(|named| catalog::open(named, &self.template.git));
        Ok(opened.transpose()?.map(Arc::new))
    }

    /// The flags that name the same catalogue and record.
    pub(crate) fn flags(&self) -> Vec<(&'static str, String)> {
        let catalog = self.catalog.clone().map(|named| ("--catalog", named));
        let path = self.source.provenance.to_string();
        let provenance = (path != Provenance::DEFAULT_PATH).then_some(("--provenance", path));
        catalog.into_iter().chain(provenance).collect()
    }

    pub(crate) fn cache(&self) -> Result<TemplateCache<'_>, AppError> {
        self.template.git.cache()
    }

    /// Reads a repository, by path or URL, and resolves the plan that its first commit records.
    pub(crate) fn read(&self, repository: &str) -> Result<(GeneratedRepo, RecordedPlan), Failure> {
        self.read_plan(repository, |repository| &repository.provenance)
    }

    /// Reads a repository, by path or URL, and resolves the plan that its current commit records.
    pub(crate) fn read_current(
        &self,
        repository: &str,
    ) -> Result<(GeneratedRepo, RecordedPlan), Failure> {
        self.read_plan(repository, |repository| &repository.current)
    }

    fn read_plan(
        &self,
        repository: &str,
        provenance: impl Fn(&GeneratedRepo) -> &Provenance,
    ) -> Result<(GeneratedRepo, RecordedPlan), Failure> {
        let request = self.request(repository, self.open(self.catalog.as_deref())?)?;
        let cache = || self.template.git.cache();
        let repository = Terminal::busy("reading the repository", || request.read(&cache))?;
        let sources = RecordedSources {
            cache: &cache,
            database: &in_database,
        };
        let plan = Terminal::busy("resolving the recorded plan", || {
            request.plan_of(provenance(&repository), &repository, sources)
        })?;
        Ok((repository, plan))
    }

    fn request(
        &self,
        repository: &str,
        catalog: Option<Arc<OpenedCatalog>>,
    ) -> Result<GeneratedRepoRequest, Failure> {
        self.source
            .request(repository, catalog, self.template.request())
    }
}

impl RecordedSourceArgs {
    /// The request for a repository. `catalog` replaces the recorded one.
    pub(crate) fn request(
        &self,
        repository: &str,
        catalog: Option<Arc<OpenedCatalog>>,
        template: TemplateRequest,
    ) -> Result<GeneratedRepoRequest, Failure> {
        Ok(GeneratedRepoRequest {
            allowed_sources: allowed_sources(&self.allow_source)?,
            repository: repository.to_owned(),
            provenance: self.provenance.clone(),
            catalog,
            template,
        })
    }
}

/// The addresses of `--allow-source`.
pub(crate) fn allowed_sources(named: &[String]) -> Result<Vec<RemoteUrl>, Failure> {
    let addresses = named.iter().filter(|text| !text.is_empty());
    let parsed = addresses.map(|text| templates::parse_address(text));
    parsed.collect::<Result<_, _>>().map_err(|error| {
        Failure::usage("source_invalid", "invalid address in `--allow-source`").caused_by(error)
    })
}

/// The catalogue of a recorded plan in the database of the environment, for a command that asks once.
pub(crate) fn in_database(
    provenance: &Provenance,
    wanted: DatabaseVersion,
) -> Result<Option<OpenedCatalog>, AppError> {
    RecordedDatabase::default().find(provenance, wanted)
}
