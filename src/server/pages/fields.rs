//! The fields of a form, from a query or a body. A field may occur several times; an empty one counts as absent.

use crate::server::body;
use crate::server::problem::Problem;
use crate::server::state::ServerState;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use std::convert::Infallible;
use std::sync::Arc;
use url::form_urlencoded;

/// The largest number of fields.
const MOST: usize = 2_000;

/// The fields of a form in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields(Vec<(String, String)>);

/// The fields in the query of an address.
#[derive(Clone, Debug, Default)]
pub(super) struct QueryFields(pub(super) Fields);

impl Fields {
    /// Parses `name=value&…`.
    pub(super) fn parse(text: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(text)
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .filter(|(_, value)| !value.trim().is_empty());
        Self(pairs.take(MOST).collect())
    }

    /// The text of a field with its spaces and with line breaks as in files, which browsers send as CRLF.
    pub(super) fn document(&self, name: &str) -> String {
        let found = self.0.iter().rfind(|(found, _)| found == name);
        found.map_or_else(String::new, |(_, value)| value.replace("\r\n", "\n"))
    }

    /// The last value of a field; empty if it is absent.
    pub(super) fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    /// The last value of a field.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.values(name).last()
    }

    /// All values of a field.
    pub(super) fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.iter()
            .filter(move |(found, _)| *found == name)
            .map(|(_, value)| value)
    }

    /// Every field with its value, without the spaces around it.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.trim()))
    }

    /// The fields as a query, without the question mark.
    pub(super) fn query(&self) -> String {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(self.iter())
            .finish()
    }

    /// The fields without some.
    #[must_use]
    pub(super) fn without(&self, names: &[&str]) -> Self {
        let kept = self.iter().filter(|(name, _)| !names.contains(name));
        Self(kept.map(owned).collect())
    }

    /// The fields with one value of a field.
    #[must_use]
    pub(super) fn with(&self, name: &str, value: &str) -> Self {
        let mut fields = self.without(&[name]);
        fields.0.push(owned((name, value)));
        fields
    }
}

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

impl FromIterator<(String, String)> for Fields {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl FromRequest<Arc<ServerState>> for Fields {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &Arc<ServerState>) -> Result<Self, Problem> {
        let media_type = request.headers().get(header::CONTENT_TYPE);
        let is_form = media_type
            .and_then(|value| value.to_str().ok())
            .is_some_and(|text| text.starts_with("application/x-www-form-urlencoded"));
        if !is_form {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "media_type_unsupported",
                "the body is not a form",
            ));
        }
        Ok(Self::parse(&body::read(request, state).await?))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for QueryFields {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self(Fields::parse(query.as_bytes())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_field_is_an_absent_one() {
        let fields = Fields::parse(b"name=Acme+Web&slug=&addons=docs&addons=renovate");
        assert_eq!(fields.get("name"), Some("Acme Web"));
        assert_eq!(fields.get("slug"), None);
        assert_eq!(
            fields.values("addons").collect::<Vec<_>>(),
            ["docs", "renovate"]
        );
        assert_eq!(fields.query(), "name=Acme+Web&addons=docs&addons=renovate");
    }

    #[test]
    fn a_document_keeps_its_spaces() {
        let fields = Fields::parse(b"name=+Acme+&text=++a:%0D%0A++-+b%0D%0A");
        assert_eq!(fields.get("name"), Some("Acme"));
        assert_eq!(fields.document("text"), "  a:\n  - b\n");
        assert_eq!(fields.document("other"), "");
    }
}
