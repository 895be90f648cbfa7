//! Whether a forge answers at all, and what time it has. No credential is needed, and none is sent.

use super::error::ForgeError;
use super::http::{HttpConfig, chain_without_url, client};
use super::site::Site;
use jiff::fmt::rfc2822;
use reqwest::header::{DATE, HeaderMap};

/// A forge that answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// The time by its clock, in seconds since 1970; nothing where it does not say.
    pub now: Option<i64>,
}

/// Asks for a page that everybody may see. That it wants to know who asks is an answer as well.
pub(super) async fn reach(
    site: &Site,
    page: &str,
    manners: &HttpConfig,
) -> Result<Reached, ForgeError> {
    let away = |error| ForgeError::Unavailable {
        message: chain_without_url(error),
    };
    let client = client(HeaderMap::new(), manners).map_err(away)?;
    let answer = client.get(site.api(&[page])).send().await.map_err(away)?;
    let status = answer.status().as_u16();
    let message = format!("status {status}");
    match status {
        200..=299 | 401 | 403 | 429 => {
            let date = answer.headers().get(DATE);
            let date = date.and_then(|date| date.to_str().ok());
            let date = date.and_then(|date| rfc2822::parse(date).ok());
            let now = date.map(|date| date.timestamp().as_second());
            Ok(Reached { now })
        }
        300..=399 => Err(ForgeError::Moved),
        500..=599 => Err(ForgeError::Unavailable { message }),
        _ => Err(ForgeError::Protocol { message }),
    }
}
