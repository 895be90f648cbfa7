//! The body of a preview or a submission, and the preview that it asks for.

use crate::app::catalogs::OpenedCatalog;
use crate::app::error::AppError;
use crate::app::previews::{self, Prepared, ProductRequest};
use crate::app::selection::SelectionRequest;
use crate::app::templates::TemplateRequest;
use crate::model::condition::InputValues;
use crate::model::date::Day;
use crate::model::digest::GitId;
use crate::model::input::{Identity, Owner, ProductName, RepoName};
use crate::model::path::SafeRelPath;
use crate::model::ref_name::RefName;
use crate::model::slug::Slug;
use crate::resolve::SelectedOptions;
use crate::server::body::request_bodies;
use crate::server::problem::Problem;
use crate::server::state::ServerState;
use crate::store::id::ProductId;
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

/// A selection of options, the product and its repository.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::server) struct PreviewRequest {
    /// The slug of the catalogue.
    pub(in crate::server) catalog: Slug,
    /// True to select the catalogue's defaults in all categories without a selected option.
    #[serde(default)]
    pub(in crate::server) defaults: bool,
    /// Each category with an option or a list of options.
    #[serde(default)]
    pub(in crate::server) selection: SelectedOptions,
    /// The values of the catalogue's inputs, by name.
    #[serde(default)]
    pub(in crate::server) inputs: InputValues,
    /// The display name of the product.
    pub(in crate::server) name: ProductName,
    /// The machine-readable name. By default it is derived from the display name.
    #[serde(default)]
    pub(in crate::server) slug: Option<Slug>,
    /// The user or organisation that owns the repository.
    pub(in crate::server) owner: Owner,
    pub(in crate::server) repo: RepoName,
    /// The date in decision records and the commit. By default today (UTC).
    #[serde(default)]
    pub(in crate::server) date: Option<Day>,
    /// The author of the commit.
    #[serde(default)]
    pub(in crate::server) author: Option<Identity>,
    /// Another template than the catalogue's own.
    #[serde(default)]
    pub(in crate::server) template: Option<TemplateChoice>,
}

/// A template in a git repository.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::server) struct TemplateChoice {
    /// A URL, or `owner/name` on GitHub.
    pub(in crate::server) repo: String,
    /// The tag, branch or commit.
    #[serde(default)]
    pub(in crate::server) r#ref: Option<RefName>,
    /// The commit that the reference must resolve to.
    #[serde(default)]
    pub(in crate::server) sha: Option<GitId>,
    /// A folder of the repository.
    #[serde(default)]
    pub(in crate::server) path: Option<SafeRelPath>,
}

/// A preview to be turned into a repository.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::server) struct RunRequest {
    #[serde(flatten)]
    pub(in crate::server) preview: PreviewRequest,
    /// The product that the repository is for.
    pub(in crate::server) product: ProductId,
    /// The tree id of the accepted preview; another result is refused.
    pub(in crate::server) expect: GitId,
}

request_bodies!(PreviewRequest, RunRequest);

impl PreviewRequest {
    /// Opens the template and collects all that the preview is computed from.
    pub(in crate::server) fn prepare(
        &self,
        opened: &Arc<OpenedCatalog>,
        state: &ServerState,
    ) -> Result<Prepared, Problem> {
        let mut selection = SelectionRequest {
            selection: self.selection.clone().into(),
            inputs: self.inputs.clone(),
            document: None,
        };
        if self.defaults {
            selection.fill_with_defaults(&opened.catalog);
        }
        Ok(self.prepare_with(Arc::clone(opened), selection, state)?)
    }

    fn prepare_with(
        &self,
        opened: Arc<OpenedCatalog>,
        selection: SelectionRequest,
        state: &ServerState,
    ) -> Result<Prepared, AppError> {
        let product = ProductRequest {
            name: self.name.clone(),
            slug: self.slug.clone(),
            owner: self.owner.clone(),
            repo: self.repo.clone(),
            date: self.date.clone(),
            author: self.author.clone(),
            repo_url: None,
        };
        let cache = || (state.cache)();
        previews::prepare(
            opened,
            selection,
            &product,
            &self.template_request(),
            &cache,
            state.clock(),
        )
    }

    fn template_request(&self) -> TemplateRequest {
        let Some(template) = &self.template else {
            return TemplateRequest::default();
        };
        TemplateRequest {
            template: Some(template.repo.clone()),
            reference: template.r#ref.clone(),
            sha: template.sha.clone(),
            folder: template.path.clone(),
            replacement: None,
            is_remote: true,
        }
    }
}
