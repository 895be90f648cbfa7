//! A repository that groundplan created: its first commit, and its plan, built again from the provenance.

use crate::cli::args::git::{Cache, address};
use crate::cli::args::selection;
use crate::cli::args::template::TemplateArgs;
use crate::cli::error::Failure;
use crate::cli::input;
use crate::cli::output::terminal::Terminal;
use crate::engine::{self, PreviewError};
use crate::git::{self, mirror::MirrorError};
use crate::model::action::ACTION_SCHEMA_VERSION;
use crate::model::input::Identity;
use crate::model::plan::Plan;
use crate::model::provenance::Provenance;
use crate::template::Template;
use crate::tree::commits::{CommitInfo, Commits, FileIndex, History};
use crate::tree::git::GitTreeError;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The catalogue, provenance and template of an existing repository.
#[derive(clap::Args)]
pub(crate) struct GeneratedRepoArgs {
    /// The catalogue it was created from: a built-in one, or a folder [default: the built-in one that it names].
    #[arg(long, value_name = "NAME|DIR", env = "GROUNDPLAN_CATALOG")]
    catalog: Option<String>,
    /// Path of the provenance file in the repository.
    #[arg(long, value_name = "PATH", default_value = Provenance::DEFAULT_PATH)]
    provenance: String,
    #[command(flatten)]
    template: TemplateArgs,
}

/// A repository and its first commit.
pub(crate) struct GeneratedRepo {
    pub(crate) commits: Commits,
    pub(crate) line: History,
    pub(crate) first: CommitInfo,
    /// The files of the first commit.
    pub(crate) holding: FileIndex,
    pub(crate) provenance: Provenance,
    /// The folder of a fetched repository, deleted when dropped.
    _fetched: Option<TempDir>,
}

/// The plan of an existing repository, and its template.
pub(crate) struct RebuiltPlan {
    pub(crate) plan: Plan,
    pub(crate) template: Template,
}

impl GeneratedRepoArgs {
    /// Reads the first commit of a repository, by path or address.
    pub(crate) fn read(&self, repository: &str) -> Result<GeneratedRepo, Failure> {
        let (path, fetched) = self.locate(repository)?;
        let commits = Commits::open(&path).map_err(|error| match error {
            GitTreeError::NotARepository { .. } => Failure::refused("not_a_git_repository", format!("`{repository}` is not a git repository")).hinted("run it in a repository that groundplan created, or name its folder or URL: `verify REPO`, `explain PATH --in REPO`"),
            other => other.into(),
        })?;
        let refused = |message: String, hint: &str| {
            Failure::refused("not_made_by_groundplan", message).hinted(hint.to_owned())
        };
        let line = commits.line()?.ok_or_else(|| {
            let message = format!("`{repository}` has no commits");
            refused(message, "groundplan creates the first commit itself")
        })?;
        let first = commits.words(&line.first)?;
        let holding = commits.holding(&line.first)?;
        let Some((_, blob)) = holding.get(&self.provenance) else {
            let message = format!(
                "the first commit of `{repository}` has no `{}`: groundplan did not create it",
                self.provenance
            );
            let hint = "name the file with `--provenance` if its catalogue uses another path";
            return Err(refused(message, hint));
        };
        let text = commits.read(*blob)?;
        let provenance = serde_json::from_slice(&text).map_err(|error| {
            let message = format!(
                "cannot read `{}` of the first commit: {error}",
                self.provenance
            );
            refused(message, "it may come from a newer groundplan")
        })?;
        Ok(GeneratedRepo {
            commits,
            line,
            first,
            holding,
            provenance,
            _fetched: fetched,
        })
    }

    fn locate(&self, repository: &str) -> Result<(PathBuf, Option<TempDir>), Failure> {
        let path = Path::new(repository);
        if path.exists() || !repository.contains(':') {
            return Ok((repository_above(path), None));
        }
        let url = address(repository).map_err(|error| {
            Failure::usage(
                "repository_address_invalid",
                format!("`{}` is not a repository", repository.escape_debug()),
            )
            .caused_by(error)
            .hinted("name a folder or a URL")
        })?;
        let cache: Cache = self.template.cache()?;
        let folder = tempfile::Builder::new().prefix("groundplan-").tempdir();
        let folder = folder.map_err(|error| {
            Failure::environment(
                "temporary_folder_failed",
                "cannot create a temporary folder",
            )
            .caused_by(error)
            .hinted("check permissions and free space")
        })?;
        let inside = folder.path().join("repository.git");
        let fetched = Terminal::busy("fetching the repository", || {
            git::history(&cache.access(), &url, &inside)
        });
        fetched.map_err(|error| {
            let older = None;
            cache.explain(&url, MirrorError::Git { error, older })
        })?;
        Ok((inside, Some(folder)))
    }

    /// Builds the plan again from its provenance.
    pub(crate) fn remake(&self, made: &GeneratedRepo) -> Result<RebuiltPlan, Failure> {
        let provenance = &made.provenance;
        let refused = |message: String, hint: &str| {
            Failure::refused("plan_not_reproducible", message).hinted(hint.to_owned())
        };
        if provenance.action_schema_version != ACTION_SCHEMA_VERSION {
            let message = format!(
                "created by {} with action schema version {}, but this program supports version {ACTION_SCHEMA_VERSION}",
                provenance.generator, provenance.action_schema_version
            );
            return Err(refused(message, "use that version of groundplan"));
        }
        // A repository that names a folder, its own for example, would confirm itself.
        let chosen = match &self.catalog {
            Some(named) => input::catalog(named),
            None => input::builtin(&provenance.catalog),
        };
        let chosen = chosen?;
        if chosen.catalog.slug().as_str() != provenance.catalog {
            let message = format!(
                "created from catalogue `{}`, but this is `{}`",
                provenance.catalog.escape_debug(),
                chosen.catalog.slug()
            );
            return Err(refused(message, "name that catalogue with `--catalog`"));
        }
        if *chosen.catalog.version() != provenance.catalog_version {
            let message = format!(
                "created from version {} of catalogue `{}`, but this is version {}",
                provenance.catalog_version.short(),
                provenance.catalog,
                chosen.catalog.version().short()
            );
            let hint = "name a folder with that version by `--catalog`";
            return Err(refused(message, hint));
        }
        let author = Identity::parse(&made.first.author).unwrap_or_default();
        let plan = engine::remake(&chosen.catalog, provenance, author);
        let plan = plan.map_err(|error| match error {
            PreviewError::Selection(findings) => selection::located(findings, None).into(),
            error => Failure::from(error),
        })?;
        let template = self.template.reopen(chosen, &provenance.template)?;
        Ok(RebuiltPlan { plan, template })
    }
}

/// The repository that contains a folder, as git finds it; the folder itself when there is none.
fn repository_above(folder: &Path) -> PathBuf {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let mut above = absolute.ancestors();
    let is_bare = folder.join("HEAD").is_file() && folder.join("objects").is_dir();
    match above.find(|folder| folder.join(".git").exists()) {
        Some(found) if !is_bare => found.to_owned(),
        _ => folder.to_owned(),
    }
}
