//! Preview: the exact result of a choice, with the button that creates it.

use super::changes::ChangedPath;
use super::choice::Choice;
use super::fields::{Fields, QueryFields};
use super::file_tree::{self, TreeItem};
use super::frame::{Frame, Html};
use super::products;
use super::result::Summary;
use crate::app::choices;
use crate::app::command_line;
use crate::app::facts::{FactLine, Tone};
use crate::app::kept_previews;
use crate::app::report_difference::ReportDifference;
use crate::model::digest::GitId;
use crate::model::preflight::ForgeKind;
use crate::model::report::{Change, ChangeOrigin, LogEntry, Report};
use crate::model::slug::OptionRef;
use crate::server::api::runs::submit_request;
use crate::server::api::selection::RunRequest;
use crate::server::guard::Signed;
use crate::server::page::invalid;
use crate::server::problem::{Problem, ProblemError};
use crate::server::rates::Rated;
use crate::server::state::ServerState;
use crate::store::product::Product;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "preview.html")]
struct PreviewPage {
    frame: Frame,
    product: Product,
    summary: Summary,
    items: Vec<TreeItem>,
    options: Vec<OptionLink>,
    facts: Vec<FactLine>,
    /// The reason why the forge was not asked.
    facts_note: Option<String>,
    /// The command that makes exactly this.
    command: String,
    /// The fields of the choice, with the date that the result depends on.
    fields: Fields,
    /// The query of the choice.
    query: String,
}

/// An option of the choice, which the list of files can be limited to.
struct OptionLink {
    reference: OptionRef,
    title: String,
    is_current: bool,
}

#[derive(Template)]
#[template(path = "preview-refused.html")]
struct RefusedPage {
    frame: Frame,
    product: Product,
    detail: String,
    errors: Vec<ProblemError>,
    query: String,
}

#[derive(Template)]
#[template(path = "tree-differs.html")]
struct TreeDiffersPage {
    frame: Frame,
    product: Product,
    expected: String,
    found: Option<GitId>,
    /// The difference in one line and by path; none if the preview is no longer kept.
    difference: Option<(String, Vec<ChangedPath>)>,
    query: String,
}

/// `GET /products/{id}/bootstrap/preview`
pub(super) async fn show(
    State(state): State<Arc<ServerState>>,
    Path(id): Path<String>,
    QueryFields(fields): QueryFields,
    signed: Signed,
    frame: Frame,
) -> Result<Response, Problem> {
    state.count(Rated::Preview, &signed.caller)?;
    let product = products::find(&state, &signed, &id).await?;
    let choice = Choice::of(&state, &signed, &product, &fields).await?;
    let Some(request) = choice.request() else {
        let to = format!(
            "{}/products/{id}/bootstrap?{}",
            frame.base,
            choice.to_fields().query()
        );
        return Ok(Redirect::to(&to).into_response());
    };
    let (forge, facts_note) = match state.forge_of(signed.caller.user()).await {
        Ok(forge) => (Some(forge), None),
        Err(problem) => (None, Some(problem.detail().to_owned())),
    };
    let computed = match state.keep_preview(request, &signed, forge).await {
        Ok(computed) => computed,
        Err(problem) if problem.status() == StatusCode::UNPROCESSABLE_ENTITY => {
            return Ok(refused(frame, product, &choice, &problem));
        }
        Err(problem) => return Err(problem),
    };
    let only = fields
        .get("only")
        .and_then(|text| OptionRef::parse(text).ok());
    let plan = &computed.plan;
    let catalog = &choice.opened.catalog;
    let command = command_line::command(
        "new",
        plan,
        Some(catalog.slug().as_str()),
        place(&state, plan.inputs.repo.as_str()),
        &computed.report,
    );
    let option = |reference: OptionRef| OptionLink {
        title: choices::title(catalog, &reference),
        is_current: only.as_ref() == Some(&reference),
        reference,
    };
    let items = file_tree::items(&computed.report, |_, change| match &only {
        None => true,
        Some(option) => change.is_some_and(|change| is_of(change, option)),
    });
    let fields = choice.to_fields();
    Ok(Html(PreviewPage {
        items,
        options: choice.selection.options().map(option).collect(),
        facts: computed
            .report
            .forge
            .iter()
            .flat_map(|forge| forge.facts.iter().map(FactLine::of))
            .collect(),
        facts_note,
        command,
        query: fields.query(),
        fields: fields.with("date", plan.inputs.date.as_str()),
        summary: Summary::new(computed.report),
        frame,
        product,
    })
    .into_response())
}

/// The flags for the place of the repository.
fn place(state: &ServerState, repo: &str) -> Vec<(&'static str, String)> {
    let kind = state.forge.kind;
    match kind {
        ForgeKind::Local => vec![("--into", repo.to_owned())],
        ForgeKind::Github | ForgeKind::Forgejo => {
            let is_default = kind
                .default_url()
                .is_some_and(|url| url.contains(&state.forge.host));
            let mut flags = vec![("--forge", kind.as_str().to_owned())];
            if !is_default {
                flags.push(("--forge-url", format!("https://{}", state.forge.host)));
            }
            flags
        }
    }
}

/// True if an action of the option causes the change.
pub(super) fn is_of(change: &Change, option: &OptionRef) -> bool {
    change.origin.iter().any(|origin| match origin {
        ChangeOrigin::Action(action) => action.origin.option == *option,
        ChangeOrigin::Placeholders { .. }
        | ChangeOrigin::Condition {}
        | ChangeOrigin::Provenance {}
        | ChangeOrigin::Template {} => false,
    })
}

fn refused(frame: Frame, product: Product, choice: &Choice, problem: &Problem) -> Response {
    let page = RefusedPage {
        frame,
        product,
        detail: problem.detail().to_owned(),
        errors: problem.document().errors.clone(),
        query: choice.to_fields().query(),
    };
    (StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response()
}

/// `POST /products/{id}/runs`
pub(super) async fn run(
    State(state): State<Arc<ServerState>>,
    Path(id): Path<String>,
    signed: Signed,
    frame: Frame,
    fields: Fields,
) -> Result<Response, Problem> {
    let product = products::find(&state, &signed, &id).await?;
    let choice = Choice::of(&state, &signed, &product, &fields).await?;
    let expect = GitId::parse(fields.text("expect"))
        .map_err(|_| invalid("the form has no tree id of a preview"))?;
    let Some(preview) = choice.request() else {
        let wrong = choice
            .fields()
            .find_map(|(name, field)| Some((name, field.error.as_ref()?)));
        return Err(match wrong {
            Some((name, error)) => invalid(format!("`{name}`: {error}")),
            None => invalid("the form does not describe a repository: go back and choose again"),
        });
    };
    let request = RunRequest {
        preview,
        product: product.id.clone(),
        expect: expect.clone(),
    };
    match submit_request(&state, signed.clone(), None, request).await {
        Ok(run) => {
            let to = format!("{}/runs/{}", frame.base, run.id);
            Ok(Redirect::to(&to).into_response())
        }
        Err(problem) if problem.status() == StatusCode::PRECONDITION_FAILED => {
            tree_differs(&state, &signed, frame, product, &choice, &expect).await
        }
        Err(problem) if problem.status() == StatusCode::UNPROCESSABLE_ENTITY => {
            Ok(refused(frame, product, &choice, &problem))
        }
        Err(problem) => Err(problem),
    }
}

/// The page for a result that has changed since its preview: the difference, and the way to the new preview.
async fn tree_differs(
    state: &Arc<ServerState>,
    signed: &Signed,
    frame: Frame,
    product: Product,
    choice: &Choice,
    expected: &GitId,
) -> Result<Response, Problem> {
    let request = choice.request().ok_or_else(Problem::internal)?;
    let now = state.preview(request).await?;
    let (database, plans) = (&state.database, &state.context.plans);
    let kept = kept_previews::find(database, plans, &signed.caller, expected).await;
    let difference = match kept {
        Ok(kept) => {
            let difference = ReportDifference::between(&kept.report, &now);
            Some((difference.summary(), ChangedPath::all(&difference)))
        }
        Err(error) => {
            tracing::debug!(?error, "the preview is no longer kept");
            None
        }
    };
    let page = TreeDiffersPage {
        frame,
        product,
        expected: expected.to_string(),
        found: now.tree_id,
        difference,
        query: choice.to_fields().query(),
    };
    Ok((StatusCode::PRECONDITION_FAILED, Html(page)).into_response())
}

impl PreviewPage {
    /// True if the button may be pressed: the result can be created, and the forge was asked or needs no token.
    fn can_run(&self) -> bool {
        self.summary.report.can_proceed && self.facts_note.is_none() && self.frame.may_write()
    }

    fn log(&self) -> &[LogEntry] {
        &self.summary.report.action_log
    }

    fn report(&self) -> &Report {
        &self.summary.report
    }

    /// The address of the page of a file.
    fn file(&self, path: &str) -> String {
        let (base, tree) = (&self.frame.base, self.tree());
        let back = Fields::default()
            .with("product", self.product.id.as_str())
            .with("back", &self.query);
        format!(
            "{base}/previews/{tree}/files/{}?{}",
            encoded(path),
            back.query()
        )
    }

    /// The class of a fact's text.
    fn tone(tone: Tone) -> &'static str {
        match tone {
            Tone::Neutral => "muted",
            Tone::Good => "badge good",
            Tone::Doubtful => "badge medium",
            Tone::Bad => "badge bad",
        }
    }

    /// The tree id; empty for a plan without a result.
    fn tree(&self) -> String {
        let tree = self.report().tree_id.as_ref();
        tree.map(ToString::to_string).unwrap_or_default()
    }
}

/// A path inside an address.
pub(super) fn encoded(path: &str) -> String {
    const PATH: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'/')
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~');
    utf8_percent_encode(path, PATH).to_string()
}
