//! The list of all operations of the API.

use super::api::{
    api_tokens, catalogs, drafts, fleet, forge, ideas, jobs, previews, products, realtime,
    recovery, run_settings, runs, selection, version, workers,
};
use super::operation::{Credential, Operation};
use super::page::{Page, PageQuery};
use crate::app::caller::Access;
use crate::app::catalog_drafts::DraftView;
use crate::app::catalog_versions::CatalogDiff;
use crate::app::catalogs::{CatalogDetails, CatalogSummary};
use crate::app::ideas::{IdeaDetails, IdeaRequest, PlanDocumentAnswer, PlanDocumentRequest};
use crate::app::jobs::JobCounts;
use crate::app::kept_previews::PreviewFile;
use crate::app::owners::OwnerList;
use crate::app::products::NewProduct;
use crate::app::queued_updates::{FleetEntry, QueuedUpdate};
use crate::app::run_settings::RunSettings;
use crate::app::run_view::RunView;
use crate::app::tokens::{StoredToken, TokenReport};
use crate::app::workers::WorkerActivity;
use crate::model::report::Report;
use crate::store::access::TokenInfo;
use crate::store::catalog::CatalogVersion;
use crate::store::event::Event;
use crate::store::idea::Idea;
use crate::store::job_list::JobEntry;
use crate::store::listed::Listed;
use crate::store::product::Product;
use crate::store::sql::insights::DayCount;
use axum::http::{Method, StatusCode};

const OK: StatusCode = StatusCode::OK;
const CREATED: StatusCode = StatusCode::CREATED;

/// The operations below `/api/v1`.
pub fn all() -> Vec<Operation> {
    [
        general(),
        catalog_operations(),
        preview_operations(),
        product_operations(),
        run_operations(),
        run_changes(),
        fleet_operations(),
        job_operations(),
        idea_operations(),
        forge_operations(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The operations at addresses that the surrounding application and its scheduler know.
pub fn outside_v1() -> Vec<Operation> {
    vec![
        Operation::new(
            Method::GET,
            "/api/realtime/jobs",
            "streamJobs",
            "Stream the changes of jobs",
            realtime::of_jobs,
        )
        .answers_bytes("text/event-stream"),
        Operation::new(
            Method::POST,
            "/api/cron/bootstrap-stale-recovery",
            "recoverRuns",
            "Fail or requeue the runs whose worker has died; needs the secret of the scheduler",
            recovery::recover,
        )
        .without_user(Credential::Scheduler)
        .answers::<recovery::Recovered>(OK),
    ]
}

fn general() -> Vec<Operation> {
    let get = Method::GET;
    vec![
        Operation::new(
            get.clone(),
            "/version",
            "getVersion",
            "Read the versions of the server and its catalogues",
            version::versions,
        )
        .without_user(Credential::Nothing)
        .answers::<version::Versions>(OK),
        Operation::new(
            get.clone(),
            "/me",
            "getMe",
            "Read the signed-in user",
            api_tokens::me,
        )
        .answers::<api_tokens::Me>(OK),
        Operation::new(
            get.clone(),
            "/api-tokens",
            "listApiTokens",
            "List API tokens",
            api_tokens::list,
        )
        .has_secrets()
        .answers::<Page<TokenInfo>>(OK),
        Operation::new(
            Method::DELETE,
            "/api-tokens/{id}",
            "revokeApiToken",
            "Revoke an API token",
            api_tokens::revoke,
        )
        .answers_nothing(StatusCode::NO_CONTENT),
        Operation::new(
            get.clone(),
            "/workers",
            "listWorkers",
            "List the workers that run",
            workers::list,
        )
        .answers::<Page<WorkerActivity>>(OK),
        Operation::new(
            get,
            "/insights/throughput",
            "getThroughput",
            "Count the jobs of each kind that ended on each day",
            workers::throughput,
        )
        .query::<workers::ThroughputQuery>()
        .answers::<Page<DayCount>>(OK),
    ]
}

fn catalog_operations() -> Vec<Operation> {
    vec![
        Operation::new(
            Method::GET,
            "/catalogs",
            "listCatalogs",
            "List the catalogues",
            catalogs::list,
        )
        .answers::<Page<CatalogSummary>>(OK),
        Operation::new(
            Method::GET,
            "/catalogs/{slug}",
            "getCatalog",
            "Read a catalogue with its categories and options",
            catalogs::find,
        )
        .query::<catalogs::VersionQuery>()
        .answers::<CatalogDetails>(OK)
        .answers_nothing(StatusCode::NOT_MODIFIED),
        Operation::new(
            Method::POST,
            "/catalogs/{slug}/check",
            "checkCatalog",
            "Check changed files of a catalogue; changes nothing",
            catalogs::check,
        )
        .reads()
        .body::<catalogs::CheckRequest>()
        .answers::<catalogs::CheckAnswer>(OK),
        Operation::new(
            Method::POST,
            "/catalogs/{slug}/publish",
            "publishCatalog",
            "Publish the expected draft, or the version that the server offers",
            catalogs::publish,
        )
        .access(Access::Administrate)
        .optional_body::<catalogs::PublishRequest>()
        .answers::<CatalogVersion>(CREATED),
        Operation::new(
            Method::GET,
            "/catalogs/{slug}/versions",
            "listCatalogVersions",
            "List the published versions of a catalogue, newest first",
            catalogs::versions,
        )
        .answers::<Page<Listed<CatalogVersion>>>(OK),
        Operation::new(
            Method::GET,
            "/catalogs/{slug}/draft",
            "getCatalogDraft",
            "Read the draft of a catalogue",
            drafts::find,
        )
        .access(Access::Administrate)
        .answers::<DraftView>(OK),
        Operation::new(
            Method::POST,
            "/catalogs/{slug}/draft",
            "saveCatalogDraft",
            "Save and check changed files of a catalogue as its draft",
            drafts::save,
        )
        .access(Access::Administrate)
        .body::<catalogs::CheckRequest>()
        .answers::<DraftView>(OK),
        Operation::new(
            Method::DELETE,
            "/catalogs/{slug}/draft",
            "deleteCatalogDraft",
            "Remove the draft of a catalogue",
            drafts::delete,
        )
        .access(Access::Administrate)
        .answers_nothing(StatusCode::NO_CONTENT),
        Operation::new(
            Method::GET,
            "/catalogs/{slug}/diff",
            "diffCatalog",
            "Compare a published version with the version that the server offers",
            catalogs::diff,
        )
        .query::<catalogs::DiffQuery>()
        .answers::<CatalogDiff>(OK),
    ]
}

fn preview_operations() -> Vec<Operation> {
    vec![
        Operation::new(
            Method::POST,
            "/previews",
            "createPreview",
            "Compute the exact result of a selection; creates no repository",
            previews::create,
        )
        .reads()
        .query::<previews::PreviewQuery>()
        .may_miss()
        .body::<selection::PreviewRequest>()
        .answers::<Report>(OK),
        Operation::new(
            Method::GET,
            "/previews/{treeId}/files/{*path}",
            "getPreviewFile",
            "Read a file of a preview, with its difference from the template and the origin of each line",
            previews::file,
        )
        .answers::<PreviewFile>(OK)
        .answers_nothing(StatusCode::NOT_MODIFIED),
        Operation::new(
            Method::GET,
            "/previews/{treeId}/archive.zip",
            "downloadPreviewZip",
            "Download all files of a preview as a zip archive",
            previews::zip,
        )
        .answers_bytes("application/zip"),
        Operation::new(
            Method::GET,
            "/previews/{treeId}/archive.patch",
            "downloadPreviewPatch",
            "Download all files of a preview as a patch for an empty repository",
            previews::patch,
        )
        .answers_bytes("text/x-patch"),
    ]
}

fn product_operations() -> Vec<Operation> {
    vec![
        Operation::new(
            Method::GET,
            "/products",
            "listProducts",
            "List products",
            products::list,
        )
        .query::<PageQuery>()
        .answers::<Page<Product>>(OK),
        Operation::new(
            Method::POST,
            "/products",
            "createProduct",
            "Add a product",
            products::create,
        )
        .body::<NewProduct>()
        .answers::<Product>(CREATED),
        Operation::new(
            Method::GET,
            "/products/{id}",
            "getProduct",
            "Read a product",
            products::find,
        )
        .answers::<Product>(OK),
    ]
}

fn run_operations() -> Vec<Operation> {
    vec![
        Operation::new(
            Method::GET,
            "/runs",
            "listRuns",
            "List runs, newest first",
            runs::list,
        )
        .may_miss()
        .query::<runs::RunQuery>()
        .answers::<Page<Listed<RunView>>>(OK),
        Operation::new(
            Method::POST,
            "/runs",
            "submitRun",
            "Create the repository of an accepted preview",
            runs::submit,
        )
        .may_miss()
        .body::<selection::RunRequest>()
        .answers::<RunView>(CREATED),
        Operation::new(
            Method::GET,
            "/runs/{id}",
            "getRun",
            "Read a run with its steps",
            runs::find,
        )
        .answers::<RunView>(OK),
        Operation::new(
            Method::GET,
            "/runs/{id}/events",
            "followRun",
            "Read or, with `Accept: text/event-stream`, stream the events of a run",
            realtime::of_run,
        )
        .query::<realtime::EventQuery>()
        .answers::<Page<Event>>(OK)
        .answers_bytes("text/event-stream")
        .answers_nothing(StatusCode::NO_CONTENT),
        Operation::new(
            Method::GET,
            "/runs/{id}/statement",
            "getStatement",
            "Read the signed statement about the repository of a run, a DSSE envelope",
            runs::statement,
        )
        .answers::<serde_json::Value>(OK),
        Operation::new(
            Method::GET,
            "/runs/{id}/settings",
            "compareRunSettings",
            "Compare the settings of a run's repository on the forge with its plan, with the caller's token",
            run_settings::compare,
        )
        .answers::<RunSettings>(OK),
    ]
}

fn run_changes() -> Vec<Operation> {
    vec![
        Operation::new(
            Method::POST,
            "/runs/{id}/settings",
            "applyRunSettings",
            "Set the settings on the forge that differ from the plan, with the caller's token",
            run_settings::apply,
        )
        .answers::<RunSettings>(OK),
        Operation::new(
            Method::POST,
            "/runs/{id}/cancel",
            "cancelRun",
            "Cancel a run",
            runs::cancel,
        )
        .answers::<RunView>(OK),
        Operation::new(
            Method::POST,
            "/runs/{id}/retry",
            "retryRun",
            "Queue a failed run again",
            runs::retry,
        )
        .answers::<RunView>(OK),
        Operation::new(
            Method::POST,
            "/runs/{id}/approve",
            "approveRun",
            "Allow a run to create one tree",
            runs::approve,
        )
        .access(Access::Administrate)
        .body::<runs::ApprovalRequest>()
        .answers::<RunView>(OK),
        Operation::new(
            Method::POST,
            "/runs/{id}/cleanup",
            "cleanUpRun",
            "Remove, or keep, what a failed run left on the forge",
            runs::clean_up,
        )
        .body::<runs::CleanupRequest>()
        .answers::<RunView>(OK),
    ]
}

fn fleet_operations() -> Vec<Operation> {
    vec![
        Operation::new(
            Method::GET,
            "/fleet",
            "listFleet",
            "List the repositories that runs created, with the result of their newest update",
            fleet::list,
        )
        .access(Access::Administrate)
        .query::<PageQuery>()
        .answers::<Page<Listed<FleetEntry>>>(OK),
        Operation::new(
            Method::POST,
            "/fleet/updates",
            "queueUpdates",
            "Queue a run for each repository that compares it with its new plan, or proposes the update",
            fleet::update,
        )
        .access(Access::Administrate)
        .body::<fleet::FleetUpdateRequest>()
        .answers::<Page<QueuedUpdate>>(CREATED),
    ]
}

fn job_operations() -> Vec<Operation> {
    vec![
        Operation::new(
            Method::GET,
            "/jobs",
            "listJobs",
            "List jobs of all kinds, newest first",
            jobs::list,
        )
        .query::<jobs::JobQuery>()
        .may_miss()
        .answers::<Page<Listed<JobEntry>>>(OK),
        Operation::new(
            Method::GET,
            "/jobs/counts",
            "countJobs",
            "Count jobs by kind and status, up to 1,000 each",
            jobs::counts,
        )
        .query::<jobs::JobFilterQuery>()
        .answers::<JobCounts>(OK),
    ]
}

fn idea_operations() -> Vec<Operation> {
    vec![
        Operation::new(
            Method::GET,
            "/ideas",
            "listIdeas",
            "List ideas",
            ideas::list,
        )
        .query::<PageQuery>()
        .answers::<Page<Idea>>(OK),
        Operation::new(
            Method::POST,
            "/ideas",
            "createIdea",
            "Add an idea",
            ideas::create,
        )
        .may_miss()
        .body::<IdeaRequest>()
        .answers::<IdeaDetails>(CREATED),
        Operation::new(
            Method::GET,
            "/ideas/{id}",
            "getIdea",
            "Read an idea with its plan document",
            ideas::find,
        )
        .answers::<IdeaDetails>(OK),
        Operation::new(
            Method::POST,
            "/plan-documents",
            "savePlanDocument",
            "Check a plan document and store it for an idea",
            ideas::save_plan_document,
        )
        .may_miss()
        .body::<PlanDocumentRequest>()
        .answers::<PlanDocumentAnswer>(CREATED),
    ]
}

fn forge_operations() -> Vec<Operation> {
    vec![
        Operation::new(
            Method::GET,
            "/owners",
            "listOwners",
            "List the accounts and organisations that the user can create repositories in",
            forge::owners,
        )
        .answers::<OwnerList>(OK),
        Operation::new(
            Method::GET,
            "/token",
            "getToken",
            "Read the facts about the stored token of the forge",
            forge::find,
        )
        .has_secrets()
        .may_miss()
        .answers::<StoredToken>(OK),
        Operation::new(
            Method::PUT,
            "/token",
            "saveToken",
            "Test a token of the forge, seal it and store it",
            forge::save,
        )
        .has_secrets()
        .body::<forge::TokenRequest>()
        .answers::<StoredToken>(OK),
        Operation::new(
            Method::DELETE,
            "/token",
            "removeToken",
            "Remove the stored token of the forge",
            forge::remove,
        )
        .answers_nothing(StatusCode::NO_CONTENT),
        Operation::new(
            Method::POST,
            "/token/test",
            "testToken",
            "Test a token of the forge; nothing is stored",
            forge::test,
        )
        .has_secrets()
        .body::<forge::TokenRequest>()
        .answers::<TokenReport>(OK),
    ]
}
