//! Flags of the template: the catalogue's own, a folder, or a commit of a git repository.

use crate::app::catalogs::OpenedCatalog;
use crate::app::templates::{self, TemplateRequest};
use crate::cli::args::git::GitArgs;
use crate::cli::error::Failure;
use crate::cli::output::terminal::Terminal;
use crate::model::digest::GitId;
use crate::model::path::SafeRelPath;
use crate::model::plan::Plan;
use crate::model::provenance::CatalogSource;
use crate::model::ref_name::RefName;
use crate::template::Template;

/// The template, if it is not the catalogue's own.
#[derive(clap::Args)]
#[command(next_help_heading = "Template")]
pub(crate) struct TemplateArgs {
    /// Use this template instead of the catalogue's own: a folder, or a git repository by URL, `owner/name` or, with
    /// `--ref`, path. `exclude` and `symlinks` of the catalogue apply to it, its `path` does not.
    #[arg(long, value_name = "DIR|URL")]
    template: Option<String>,
    /// Tag, branch or commit of the template's repository [default: the catalogue's, or HEAD].
    #[arg(long = "ref", value_name = "REF", value_parser = RefName::parse)]
    reference: Option<RefName>,
    /// Commit that the reference must resolve to; a moved tag is refused.
    #[arg(long, value_name = "COMMIT", value_parser = GitId::parse)]
    sha: Option<GitId>,
    /// Use only this folder of the template's repository.
    #[arg(long, value_name = "PATH", value_parser = SafeRelPath::parse, requires = "template")]
    template_path: Option<SafeRelPath>,
    /// Take every catalogue's template from this repository, at the version that the catalogue names.
    #[arg(long, value_name = "URL", env = "BOOTSTRAP_TEMPLATE_REPO")]
    template_repo: Option<String>,
    #[command(flatten)]
    pub(crate) git: GitArgs,
}

impl TemplateArgs {
    /// The flags that name the same template, and the same commit of it.
    pub(crate) fn flags(&self, plan: &Plan) -> Vec<(&'static str, String)> {
        let text = |value: Option<&dyn ToString>| value.map(ToString::to_string);
        let flags = [
            ("--template", self.template.clone()),
            (
                "--template-path",
                text(self.template_path.as_ref().map(|path| path as _)),
            ),
            (
                "--template-repo",
                self.request().replacement().map(str::to_owned),
            ),
            ("--ref", text(self.reference.as_ref().map(|name| name as _))),
            (
                "--sha",
                text(plan.template.sha.as_ref().map(|sha| sha as _)),
            ),
        ];
        let is_catalog_from_git = matches!(plan.catalog_source, Some(CatalogSource::Git { .. }));
        let is_from_git = plan.template.sha.is_some() || is_catalog_from_git;
        let cache = self.git.flags().into_iter().filter(|_| is_from_git);
        let given = flags.into_iter().chain(cache);
        given
            .filter_map(|(name, value)| Some((name, value?)))
            .collect()
    }

    /// Opens the template of a catalogue, or the one that the flags name.
    pub(crate) fn open(&self, opened: OpenedCatalog) -> Result<(OpenedCatalog, Template), Failure> {
        let template = self.open_for(&opened)?;
        Ok((opened, template))
    }

    /// Opens the template of a catalogue, or the one that the flags name.
    pub(crate) fn open_for(&self, opened: &OpenedCatalog) -> Result<Template, Failure> {
        let request = self.request();
        Ok(Terminal::busy("opening the template", || {
            templates::open(&request, opened, &|| self.git.cache())
        })?)
    }

    /// The flags as a request.
    pub(crate) fn request(&self) -> TemplateRequest {
        TemplateRequest {
            template: self.template.clone(),
            reference: self.reference.clone(),
            sha: self.sha.clone(),
            folder: self.template_path.clone(),
            replacement: self.template_repo.clone(),
            is_remote: false,
        }
    }
}
