//! A repository that groundplan created: its first commit, and its plan, built again from the provenance.

use crate::app::error::AppError;
use crate::app::generated_repos::{GeneratedRepo, GeneratedRepoRequest, RecordedPlan};
use crate::app::templates::{self, TemplateCache, TemplateRequest};
use crate::cli::args::template::TemplateArgs;
use crate::cli::error::Failure;
use crate::cli::output::terminal::Terminal;
use crate::model::provenance::Provenance;

/// The catalogue, provenance and template of an existing repository.
#[derive(clap::Args)]
pub(crate) struct GeneratedRepoArgs {
    /// The catalogue it was created from: a built-in one, or a folder [default: the built-in one that it names].
    #[arg(long, value_name = "NAME|DIR", env = "GROUNDPLAN_CATALOG")]
    catalog: Option<String>,
    /// Path of the provenance file in the repository.
    #[arg(long, value_name = "PATH", default_value = Provenance::DEFAULT_PATH)]
    provenance: String,
    /// Allow to fetch the template from this address if the repository names it; repeatable.
    #[arg(
        long,
        value_name = "URL",
        env = "GROUNDPLAN_ALLOW_SOURCE",
        value_delimiter = ','
    )]
    allow_source: Vec<String>,
    #[command(flatten)]
    template: TemplateArgs,
}

impl GeneratedRepoArgs {
    /// The request for a repository, the catalogue of its new plan and that plan's template.
    pub(crate) fn update(
        &self,
        repository: &str,
    ) -> Result<(GeneratedRepoRequest, Option<String>, TemplateRequest), Failure> {
        let request = GeneratedRepoRequest {
            catalog: None,
            ..self.request(repository)?
        };
        Ok((request, self.catalog.clone(), self.template.request()))
    }

    pub(crate) fn cache(&self) -> Result<TemplateCache<'_>, AppError> {
        self.template.git.cache()
    }

    /// Reads a repository, by path or URL, and resolves the plan that it records.
    pub(crate) fn read(&self, repository: &str) -> Result<(GeneratedRepo, RecordedPlan), Failure> {
        let request = self.request(repository)?;
        let cache = || self.template.git.cache();
        Ok(Terminal::busy("reading the repository", || {
            let repository = request.read(&cache)?;
            let plan = request.recorded_plan(&repository, &cache)?;
            Ok::<_, AppError>((repository, plan))
        })?)
    }

    fn request(&self, repository: &str) -> Result<GeneratedRepoRequest, Failure> {
        let named = self.allow_source.iter().filter(|named| !named.is_empty());
        let allowed_sources = named
            .map(|named| templates::parse_address(named))
            .collect::<Result<_, _>>()
            .map_err(|error| {
                Failure::usage("source_invalid", "invalid address in `--allow-source`")
                    .caused_by(error)
            })?;
        Ok(GeneratedRepoRequest {
            allowed_sources,
            repository: repository.to_owned(),
            provenance: self.provenance.clone(),
            catalog: self.catalog.clone(),
            template: self.template.request(),
        })
    }
}
