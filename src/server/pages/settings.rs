//! Settings of the signed-in user: the token of the forge, sessions, and tokens of the API.

use super::confirmation::ConfirmationPage;
use super::fields::{Fields, QueryFields};
use super::frame::{Frame, Html};
use super::time::Moment;
use crate::app::tokens::{self, StoredToken, TokenReport, UnusableToken};
use crate::app::{api_tokens, sessions};
use crate::error::hints;
use crate::model::preflight::ForgeKind;
use crate::server::api::forge::{save_token, test_token};
use crate::server::guard::Signed;
use crate::server::page::invalid;
use crate::server::problem::Problem;
use crate::server::session;
use crate::server::state::ServerState;
use crate::store::access::{Rights, SessionInfo, TokenInfo};
use crate::store::id::ApiTokenId;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use std::sync::Arc;
use zeroize::Zeroizing;

/// The longest label of a token, in characters.
const LONGEST_LABEL: usize = 100;

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    frame: Frame,
    /// The outcome of the change that led here.
    told: Option<&'static str>,
    forge: ForgeSection,
    sessions: Vec<SessionLine>,
    tokens: Vec<TokenLine>,
    /// A token that was just created, which no other page shows.
    created: Option<Zeroizing<String>>,
}

/// The stored token of the forge, and the result of a test.
struct ForgeSection {
    name: &'static str,
    host: String,
    /// False for a forge that needs no token.
    takes_token: bool,
    is_github: bool,
    stored: Option<StoredTokenRow>,
    tested: Option<TestedToken>,
    /// The reason why a token was not tested or stored.
    error: Option<Problem>,
}

struct StoredTokenRow {
    token: StoredToken,
    verified: Moment,
    expires: Option<Moment>,
}

/// The answer of the forge about a token.
struct TestedToken {
    report: TokenReport,
    /// The reason why the token cannot be used, with the next step.
    refusal: Option<String>,
}

struct SessionLine {
    session: SessionInfo,
    is_current: bool,
    created: Moment,
    seen: Moment,
}

struct TokenLine {
    token: TokenInfo,
    created: Moment,
    expires: Option<Moment>,
}

/// `GET /settings`
pub(super) async fn show(
    State(state): State<Arc<ServerState>>,
    QueryFields(query): QueryFields,
    headers: HeaderMap,
    signed: Signed,
    frame: Frame,
) -> Result<Response, Problem> {
    let mut page = SettingsPage::read(&state, &signed, &headers, frame).await?;
    page.told = told(query.text("did"));
    Ok(Html(page).into_response())
}

/// `POST /settings/token`
pub(super) async fn token(
    State(state): State<Arc<ServerState>>,
    headers: HeaderMap,
    signed: Signed,
    frame: Frame,
    fields: Fields,
) -> Result<Response, Problem> {
    let token = fields.get("token").map(str::to_owned);
    let result = match (fields.text("do"), token) {
        ("save", Some(token)) => match save_token(&state, &signed, token).await {
            Ok(()) => return Ok(to_settings(&frame, "saved")),
            Err(problem) => Err(problem),
        },
        ("save", None) => Err(invalid("enter a token")),
        (_, token) => test_token(&state, &signed, token).await,
    };
    let mut page = SettingsPage::read(&state, &signed, &headers, frame).await?;
    let status = match result {
        Ok((report, verdict)) => {
            page.forge.tested = Some(TestedToken::new(report, verdict.err().as_ref()));
            StatusCode::OK
        }
        Err(problem) => {
            let status = problem.status();
            page.forge.error = Some(problem);
            status
        }
    };
    Ok((status, Html(page)).into_response())
}

/// `GET /settings/token/remove`
pub(super) async fn confirm_token_removal(frame: Frame, _: Signed) -> Html<ConfirmationPage> {
    let sentences = vec![
        "Runs of yours that have not published yet fail without it. Repositories that exist stay as they are.".to_owned(),
        "The token stays valid at the forge; revoke it there.".to_owned(),
    ];
    Html(ConfirmationPage {
        frame,
        title: "Remove the token of the forge".to_owned(),
        sentences,
        refusal: None,
        target: Some("/settings/token/remove".to_owned()),
        fields: Fields::default(),
        button: "Remove the token".to_owned(),
        is_destructive: true,
        back: "/settings".to_owned(),
    })
}

/// `POST /settings/token/remove`
pub(super) async fn remove_token(
    State(state): State<Arc<ServerState>>,
    signed: Signed,
    frame: Frame,
) -> Result<Response, Problem> {
    tokens::remove(&state.database, &signed.caller).await?;
    Ok(to_settings(&frame, "removed"))
}

/// `POST /settings/sessions/end`: the one that the form names, or without one all others.
pub(super) async fn end_sessions(
    State(state): State<Arc<ServerState>>,
    headers: HeaderMap,
    signed: Signed,
    frame: Frame,
    fields: Fields,
) -> Result<Response, Problem> {
    let (database, caller) = (&state.database, &signed.caller);
    let Some(hash) = fields.get("session") else {
        let own = session::key(&state.settings, &headers);
        sessions::end_others(database, caller, own).await?;
        return Ok(to_settings(&frame, "ended-others"));
    };
    if !sessions::end_own(database, caller, hash).await? {
        return Ok(to_settings(&frame, "ended-before"));
    }
    Ok(to_settings(&frame, "ended"))
}

/// `POST /settings/api-tokens`
pub(super) async fn create_api_token(
    State(state): State<Arc<ServerState>>,
    headers: HeaderMap,
    signed: Signed,
    frame: Frame,
    fields: Fields,
) -> Result<Response, Problem> {
    let label = fields.get("label");
    if label.is_some_and(|label| label.chars().count() > LONGEST_LABEL) {
        return Err(invalid("`label` has at most 100 characters"));
    }
    let (database, user) = (&state.database, signed.caller.user());
    let token = api_tokens::create(database, user, Rights::Member, label).await?;
    let mut page = SettingsPage::read(&state, &signed, &headers, frame).await?;
    page.created = Some(token);
    Ok(([(header::CACHE_CONTROL, "no-store")], Html(page)).into_response())
}

/// `GET /settings/api-tokens/{id}/revoke`
pub(super) async fn confirm_revocation(
    State(state): State<Arc<ServerState>>,
    Path(id): Path<String>,
    signed: Signed,
    frame: Frame,
) -> Result<Html<impl Template>, Problem> {
    let tokens = api_tokens::list(&state.database, &signed.caller).await?;
    let token = tokens
        .into_iter()
        .find(|token| token.id.as_str() == id)
        .ok_or_else(Problem::not_found)?;
    let label = token.label.as_deref().unwrap_or("without a label");
    Ok(Html(ConfirmationPage {
        title: "Revoke an API token".to_owned(),
        sentences: vec![
            format!("The token “{label}” of user {}.", token.user),
            "Programs that use it are refused from now on. It cannot be restored.".to_owned(),
        ],
        refusal: None,
        target: Some(format!("/settings/api-tokens/{}/revoke", token.id)),
        fields: Fields::default(),
        button: "Revoke the token".to_owned(),
        is_destructive: true,
        back: "/settings".to_owned(),
        frame,
    }))
}

/// `POST /settings/api-tokens/{id}/revoke`
pub(super) async fn revoke(
    State(state): State<Arc<ServerState>>,
    Path(id): Path<String>,
    signed: Signed,
    frame: Frame,
) -> Result<Response, Problem> {
    let id = ApiTokenId::parse(&id).map_err(|_| Problem::not_found())?;
    api_tokens::revoke(&state.database, &signed.caller, &id).await?;
    Ok(to_settings(&frame, "revoked"))
}

fn to_settings(frame: &Frame, did: &str) -> Response {
    Redirect::to(&format!("{}/settings?did={did}", frame.base)).into_response()
}

/// The outcome of a change, which its redirection names.
fn told(did: &str) -> Option<&'static str> {
    Some(match did {
        "saved" => "The token was tested and stored.",
        "removed" => "The token of the forge was removed.",
        "ended" => "The session was ended.",
        "ended-others" => "All other sessions were ended.",
        "ended-before" => "This session had ended already.",
        "revoked" => "The API token was revoked.",
        _ => return None,
    })
}

impl SettingsPage {
    async fn read(
        state: &ServerState,
        signed: &Signed,
        headers: &HeaderMap,
        frame: Frame,
    ) -> Result<Self, Problem> {
        let now = state.clock().now();
        let (database, caller) = (&state.database, &signed.caller);
        let key = session::key(&state.settings, headers);
        let session_row = |session: SessionInfo| SessionLine {
            is_current: key.is_some_and(|key| sessions::is_session(&session, key)),
            created: Moment::new(session.created_at, now),
            seen: Moment::new(session.seen_at, now),
            session,
        };
        let token_row = |token: TokenInfo| TokenLine {
            created: Moment::new(token.created_at, now),
            expires: Moment::optional(token.expires_at, now),
            token,
        };
        let sessions = sessions::list(database, caller).await?;
        let tokens = api_tokens::list(database, caller).await?;
        Ok(Self {
            forge: ForgeSection::read(state, signed, now).await?,
            // A form that was answered here is no address to come back to.
            frame: Frame {
                here: "/settings".to_owned(),
                ..frame
            },
            told: None,
            sessions: sessions.into_iter().map(session_row).collect(),
            tokens: tokens.into_iter().map(token_row).collect(),
            created: None,
        })
    }
}

impl ForgeSection {
    async fn read(state: &ServerState, signed: &Signed, now: i64) -> Result<Self, Problem> {
        let stored = tokens::stored(&state.database, &signed.caller).await?;
        let kind = state.forge.kind;
        Ok(Self {
            name: match kind {
                ForgeKind::Github => "GitHub",
                ForgeKind::Forgejo => "Forgejo",
                ForgeKind::Local => "a folder of this server",
            },
            host: state.forge.host.clone(),
            takes_token: state.forge.key.is_some(),
            is_github: kind == ForgeKind::Github,
            stored: stored.map(|token| StoredTokenRow {
                verified: Moment::new(token.verified_at, now),
                expires: Moment::optional(token.expires_at, now),
                token,
            }),
            tested: None,
            error: None,
        })
    }
}

impl TestedToken {
    fn new(report: TokenReport, refusal: Option<&UnusableToken>) -> Self {
        let text = |refusal: &UnusableToken| {
            let steps: Vec<String> = hints(refusal)
                .iter()
                .map(|hint| hint.render(|setting| setting.name().to_owned()))
                .collect();
            format!("{refusal}; {}", steps.join("; "))
        };
        Self {
            refusal: refusal.map(text),
            report,
        }
    }
}
