//! The surroundings of every page, and the answer that contains a page.

use super::assets;
use super::theme::Theme;
use crate::app::caller::Caller;
use crate::server::guard::Signed;
use crate::server::problem::Problem;
use crate::server::state::ServerState;
use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use std::convert::Infallible;
use std::sync::Arc;

/// The surroundings of a page.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    /// The path before all addresses of this server; empty for the root.
    pub(super) base: String,
    pub(super) theme: Theme,
    /// The signed-in user.
    pub(super) user: Option<FrameUser>,
    /// The address of this page below `base`, for forms that lead back to it.
    pub(super) here: String,
}

/// The user as the head of a page shows it.
#[derive(Clone, Debug)]
pub(super) struct FrameUser {
    pub(super) name: String,
    pub(super) is_demo: bool,
    pub(super) is_administrator: bool,
}

/// A page as an answer.
pub(super) struct Html<T>(pub(super) T);

impl Frame {
    pub(super) fn new(state: &ServerState, parts: &Parts, signed: Option<&Signed>) -> Self {
        let base = state.settings.prefix().to_owned();
        let address = parts
            .uri
            .path_and_query()
            .map_or("/", |address| address.as_str());
        Self {
            here: address.strip_prefix(&base).unwrap_or(address).to_owned(),
            theme: Theme::of_request(&parts.headers),
            user: signed.map(|signed| FrameUser {
                name: signed.account.username.clone(),
                is_demo: matches!(signed.caller, Caller::Demo(_)),
                is_administrator: matches!(signed.caller, Caller::Administrator(_)),
            }),
            base,
        }
    }

    /// The address of the style sheet.
    pub(super) fn style(&self) -> String {
        assets::STYLE.address(&self.base)
    }

    /// The address of the script.
    pub(super) fn script(&self) -> String {
        assets::SCRIPT.address(&self.base)
    }

    /// The address of the icon.
    pub(super) fn icon(&self) -> String {
        assets::ICON.address(&self.base)
    }

    /// True for a user who may make changes.
    pub(super) fn may_write(&self) -> bool {
        self.user.as_ref().is_some_and(|user| !user.is_demo)
    }

    /// True for an administrator.
    pub(super) fn is_administrator(&self) -> bool {
        self.user.as_ref().is_some_and(|user| user.is_administrator)
    }

    /// `page` if this page is the one of the menu's entry or below it.
    pub(super) fn current(&self, entry: &str) -> &'static str {
        let path = self.here.split('?').next().unwrap_or_default();
        let is_here = match path.strip_prefix(entry) {
            Some(rest) => rest.is_empty() || rest.starts_with('/'),
            None => false,
        };
        let is_product = entry == "/" && path.starts_with("/products");
        if is_here || is_product {
            "page"
        } else {
            "false"
        }
    }
}

/// A path and query of this server; `None` for what a browser would take for the address of another one.
pub(super) fn local_address(text: &str) -> Option<&str> {
    let is_local = text.starts_with('/')
        && !text.starts_with("//")
        && !text.contains(['\\', '\r', '\n', '\t']);
    is_local.then_some(text)
}

/// An address that a link may lead to; `None` for a folder of this machine.
pub(super) fn web_address(text: &str) -> Option<&str> {
    let is_web = text.starts_with("https://") || text.starts_with("http://");
    is_web.then_some(text)
}

impl FromRequestParts<Arc<ServerState>> for Frame {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<ServerState>,
    ) -> Result<Self, Infallible> {
        Ok(Self::new(state, parts, parts.extensions.get()))
    }
}

impl<T: Template> IntoResponse for Html<T> {
    fn into_response(self) -> Response {
        match self.0.render() {
            Ok(text) => axum::response::Html(text).into_response(),
            Err(error) => {
                tracing::error!(%error, "cannot write a page");
                Problem::internal().into_response()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_this_server_are_local() {
        assert_eq!(
            local_address("/runs?status=failed"),
            Some("/runs?status=failed")
        );
        for text in ["", "runs", "//host/", "/\\host", "https://host/", "/a\nb"] {
            assert_eq!(local_address(text), None, "{text:?}");
        }
    }
}
