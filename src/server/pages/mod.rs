//! The pages: Configure → Preview → Run, and what surrounds them. Every path works without script; `script.js` keeps the
//! live parts of a page current.

mod access;
mod approvals;
mod assets;
mod catalogs;
mod changes;
mod chart;
mod choice;
mod configure;
mod confirmation;
mod draft_editor;
mod draft_publication;
mod fields;
mod file_page;
mod file_tree;
mod findings;
mod fleet;
mod frame;
mod jobs;
mod playground;
mod preview;
mod problem_page;
mod products;
mod result;
mod run_list;
mod run_page;
mod settings;
mod sign_in;
mod theme;
mod time;
mod workers;

use super::guard;
use super::problem::Problem;
use super::state::ServerState;
use crate::app::caller::Access;
use crate::server::operation::Credential;
use axum::Router;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use std::sync::Arc;

/// A page or the target of a form.
pub struct PageRoute {
    pub method: Method,
    pub path: &'static str,
    pub credential: Credential,
    handler: MethodRouter<Arc<ServerState>>,
}

/// Every page and every target of a form.
pub fn all() -> Vec<PageRoute> {
    vec![
        get("/sign-in", sign_in::show).open(),
        post("/sign-in", sign_in::enter).open(),
        post("/sign-out", sign_in::leave).open(),
        post("/theme", theme::choose).open(),
        get("/", products::list),
        post("/products", products::create),
        get("/products/{id}", products::show),
        get("/approvals", approvals::list),
        get("/runs/{id}/approve", approvals::confirm),
        post("/runs/{id}/approve", approvals::decide).administrators(),
        get("/runs/{id}/refuse", approvals::confirm),
        post("/runs/{id}/refuse", approvals::decide).administrators(),
        get("/runs/{id}/review", approvals::confirm),
        post("/runs/{id}/review", approvals::decide).administrators(),
        get("/catalogs", catalogs::list),
        get("/catalogs/{slug}", catalogs::show),
        get("/catalogs/{slug}/diff", catalogs::diff),
        get("/catalogs/{slug}/draft", draft_editor::show).administrators(),
        post("/catalogs/{slug}/draft", draft_editor::save).administrators(),
        post("/catalogs/{slug}/draft/check", draft_editor::check).administrators(),
        get("/catalogs/{slug}/draft/publish", draft_publication::show).administrators(),
        post("/catalogs/{slug}/draft/publish", draft_publication::publish).administrators(),
        get(
            "/catalogs/{slug}/draft/discard",
            draft_publication::confirm_discard,
        )
        .administrators(),
        post("/catalogs/{slug}/draft/discard", draft_publication::discard).administrators(),
        get("/playground", playground::show),
        post("/playground", playground::build),
        get("/jobs", jobs::show),
        get("/jobs/batch", jobs::confirm_batch),
        post("/jobs/batch", jobs::carry_out_batch),
        get("/settings", settings::show),
        post("/settings/token", settings::token),
        get("/settings/token/remove", settings::confirm_token_removal),
        post("/settings/token/remove", settings::remove_token),
        post("/settings/sessions/end", settings::end_sessions),
        post("/settings/api-tokens", settings::create_api_token),
        get(
            "/settings/api-tokens/{id}/revoke",
            settings::confirm_revocation,
        ),
        post("/settings/api-tokens/{id}/revoke", settings::revoke),
        get("/workers", workers::show),
        get("/fleet", fleet::show).administrators(),
        post("/fleet", fleet::queue).administrators(),
        get("/products/{id}/bootstrap", configure::show),
        get("/products/{id}/bootstrap/preview", preview::show),
        post("/products/{id}/runs", preview::run),
        get("/previews/{treeId}/files/{*path}", file_page::show),
        get("/runs/{id}", run_page::show),
        get("/runs/{id}/{action}", run_page::confirm),
        post("/runs/{id}/{action}", run_page::carry_out),
    ]
}

/// The routes of the pages, and of the files that they load.
pub(super) fn router(state: &Arc<ServerState>) -> Router<Arc<ServerState>> {
    let mut router = Router::new().route("/assets/{name}", on(MethodFilter::GET, assets::file));
    for page in all() {
        let checked = (Arc::clone(state), page.credential);
        let layer = middleware::from_fn_with_state(checked, access::check);
        router = router.route(page.path, page.handler.layer(layer));
    }
    router
}

/// A page for every user.
fn get<H, T>(path: &'static str, handler: H) -> PageRoute
where
    H: Handler<T, Arc<ServerState>>,
    T: 'static,
{
    PageRoute::new(Method::GET, path, Access::Read, handler)
}

/// A change, which demo users may not make.
fn post<H, T>(path: &'static str, handler: H) -> PageRoute
where
    H: Handler<T, Arc<ServerState>>,
    T: 'static,
{
    PageRoute::new(Method::POST, path, Access::Write, handler)
}

/// The answer at an address that is no page.
pub(super) async fn missing(State(state): State<Arc<ServerState>>, request: Request) -> Response {
    let problem = Problem::not_found().into_response();
    if request.uri().path().starts_with("/api/") {
        return problem;
    }
    let (parts, _) = request.into_parts();
    access::protect(problem_page::render(&state, &parts, problem))
}

impl PageRoute {
    fn new<H, T>(method: Method, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, Arc<ServerState>>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(method.clone()).expect("a standard method");
        Self {
            method,
            path,
            credential: Credential::User(access),
            handler: on(filter, handler),
        }
    }

    /// The page for those who are not signed in too.
    fn open(mut self) -> Self {
        self.credential = Credential::Nothing;
        self
    }

    /// The page for administrators.
    fn administrators(mut self) -> Self {
        self.credential = Credential::User(Access::Administrate);
        self
    }
}
