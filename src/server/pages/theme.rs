//! The theme of the pages: that of the system, or the one that a person has chosen.

use super::fields::Fields;
use super::frame::local_address;
use crate::server::page;
use crate::server::problem::Problem;
use crate::server::session;
use crate::server::state::ServerState;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use std::sync::Arc;

const COOKIE: &str = "groundplan-theme";
/// A year, in seconds.
const LIFETIME: i64 = 365 * 24 * 60 * 60;

/// A theme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Theme {
    /// As the system is set.
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The theme in the cookie of a request.
    pub(super) fn of_request(headers: &HeaderMap) -> Self {
        let chosen = session::cookie(headers, COOKIE).and_then(Self::parse);
        chosen.unwrap_or_default()
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.as_str() == text)
    }

    /// The name in the cookie and in the page.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The theme that the switch leads to.
    pub(super) fn next(self) -> Self {
        match self {
            Self::System => Self::Dark,
            Self::Dark => Self::Light,
            Self::Light => Self::System,
        }
    }
}

/// `POST /theme`
pub(super) async fn choose(
    State(state): State<Arc<ServerState>>,
    fields: Fields,
) -> Result<Response, Problem> {
    let theme = Theme::parse(fields.text("theme")).ok_or_else(|| {
        let names = Theme::ALL.map(Theme::as_str).join("`, `");
        page::invalid(format!("a theme is one of `{names}`"))
    })?;
    let cookie = session::set(&state.settings, COOKIE, theme.as_str(), LIFETIME);
    let back = local_address(fields.text("back")).unwrap_or("/");
    let to = format!("{}{back}", state.settings.prefix());
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&to)).into_response())
}
