//! Answers of a forge and the errors they stand for, by status and headers, and by the forge's message only as a last resort.

use super::denial::Denial;
use super::error::ForgeError;
use crate::base::sanitize;
use crate::scrub::scrub;
use crate::secret::Secret;
use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_LENGTH, DATE, HeaderMap};
use serde::de::IgnoredAny;
use serde_json::Value;
use std::time::Duration;

/// An answer, read to its end.
pub(super) struct Response {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// The effect of a request on the forge. Only a read may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestKind {
    Read,
    Change,
}

/// The longest message of a forge that is repeated to people, in characters.
const MAX_MESSAGE: usize = 500;
/// The wait where a forge names none.
/// Source: <https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit>.
const DEFAULT_WAIT: Duration = Duration::from_mins(1);
/// The longest wait that is believed, in seconds.
const MAX_WAIT: u64 = 24 * 3600;

impl RequestKind {
    /// The error of a request that was carried out and whose answer cannot be used.
    pub(super) fn unreadable(self, message: String) -> ForgeError {
        match self {
            Self::Read => ForgeError::Protocol { message },
            Self::Change => ForgeError::OutcomeUnknown { message },
        }
    }
}

impl Response {
    /// A header as text. Nothing if it is missing or not ASCII.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// The forge's time, in seconds since 1970.
    pub(super) fn date(&self) -> Option<i64> {
        date(&self.headers)
    }

    /// The answer if it reports success and its document is complete, otherwise the error. `now` is this machine's time, in
    /// seconds since 1970: a wait that the forge gives as a time counts from the forge's time, if the answer has it.
    pub(super) fn into_result(
        self,
        kind: RequestKind,
        secret: Option<&Secret>,
        now: i64,
    ) -> Result<Self, ForgeError> {
        if self.status.is_success() {
            return self.complete(kind, secret);
        }
        let message = self.message(secret);
        let wait = || self.wait(now).unwrap_or(DEFAULT_WAIT);
        Err(match self.status.as_u16() {
            301 | 302 | 303 | 307 | 308 => ForgeError::Moved,
            401 => ForgeError::Unauthorized { message },
            429 => ForgeError::RateLimited {
                retry_after: wait(),
            },
            403 if self.is_limit(&message) => ForgeError::RateLimited {
                retry_after: wait(),
            },
            403 | 451 => ForgeError::Forbidden {
                denial: self.denial(&message),
                message,
            },
            404 | 410 => ForgeError::NotFound { message },
            // A gateway may give up on a request that it has passed on.
            408 | 500..=599 if kind == RequestKind::Change => {
                ForgeError::OutcomeUnknown { message }
            }
            409 | 422 if message.contains("already exist") => ForgeError::NameTaken { message },
            400..=499 => ForgeError::Invalid { message },
            503 if self.wait(now).is_some() => ForgeError::RateLimited {
                retry_after: wait(),
            },
            500..=599 => ForgeError::Unavailable { message },
            _ => ForgeError::Protocol { message },
        })
    }

    /// The answer if its body is whole JSON, or empty on purpose. A body that ends early may be whole the next time.
    fn complete(self, kind: RequestKind, secret: Option<&Secret>) -> Result<Self, ForgeError> {
        let is_empty = self.status == StatusCode::NO_CONTENT
            || self.header(CONTENT_LENGTH.as_str()) == Some("0");
        if is_empty {
            return Ok(self);
        }
        match serde_json::from_slice::<IgnoredAny>(&self.body) {
            Ok(_) => Ok(self),
            Err(error) if error.is_eof() && kind == RequestKind::Read => {
                Err(ForgeError::Unavailable {
                    message: "the answer ends too early".to_owned(),
                })
            }
            Err(error) => Err(kind.unreadable(quote(&error.to_string(), secret))),
        }
    }

    /// True if a 403 is a rate limit and no denial. For GitHub's secondary limits, sometimes only the message differs.
    fn is_limit(&self, message: &str) -> bool {
        let lower = message.to_ascii_lowercase();
        self.header("retry-after").is_some()
            || self.header("x-ratelimit-remaining") == Some("0")
            || lower.contains("secondary rate limit")
            || lower.contains("abuse detection")
    }

    /// The wait that the forge asks for, from `Retry-After` or the reset of an exhausted rate limit.
    fn wait(&self, here: i64) -> Option<Duration> {
        let now = self.date().unwrap_or(here);
        let seconds = match self.header("retry-after") {
            Some(text) => text.trim().parse().ok().or_else(|| {
                let end = jiff::fmt::rfc2822::parse(text).ok()?;
                Some(seconds_until(end.timestamp().as_second(), now))
            })?,
            None if self.header("x-ratelimit-remaining") == Some("0") => {
                seconds_until(self.header("x-ratelimit-reset")?.trim().parse().ok()?, now)
            }
            None => return None,
        };
        Some(Duration::from_secs(seconds.clamp(1, MAX_WAIT)))
    }

    /// The reason of a 403, from headers and from the wordings of GitHub, Gitea and Forgejo.
    fn denial(&self, message: &str) -> Denial {
        let lower = message.to_ascii_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        if self.header("x-github-sso").is_some() || says(&["saml"]) {
            Denial::Saml
        } else if says(&[
            "personal access token (classic)",
            "personal access tokens (classic)",
        ]) {
            Denial::ClassicTokens
        } else if says(&["upgrade to github"]) {
            Denial::PaidPlan
        } else if says(&["ip allow list", "ip address"]) {
            Denial::Address
        } else if says(&[
            "scope",
            "must have admin rights",
            "not accessible by personal access token",
        ]) || self.lacks_accepted_scope()
        {
            Denial::Scopes
        } else if says(&[
            "admin access",
            "organization",
            "not allowed",
            "policy",
            "permission",
            "visibility",
        ]) {
            Denial::Policy
        } else {
            Denial::Unstated
        }
    }

    /// True if the token has none of the scopes of which GitHub accepts any one.
    fn lacks_accepted_scope(&self) -> bool {
        let (Some(accepted), Some(given)) = (
            self.header("x-accepted-oauth-scopes"),
            self.header("x-oauth-scopes"),
        ) else {
            return false;
        };
        let given: Vec<&str> = scopes(given).collect();
        let mut sufficient = scopes(accepted).peekable();
        sufficient.peek().is_some() && sufficient.all(|scope| !given.contains(&scope))
    }

    /// The status, with `message` and `errors` of a JSON body. A body of another shape is not repeated.
    fn message(&self, secret: Option<&Secret>) -> String {
        let mut parts = vec![format!("status {}", self.status.as_u16())];
        if let Ok(body) = serde_json::from_slice::<Value>(&self.body) {
            parts.extend(body["message"].as_str().map(str::to_owned));
            for error in body["errors"].as_array().into_iter().flatten() {
                let text = error["message"]
                    .as_str()
                    .or(error.as_str())
                    .or(error["code"].as_str());
                parts.extend(text.map(str::to_owned));
            }
        }
        quote(&parts.join(": "), secret)
    }
}

/// A text of the forge for people: one line, scrubbed before it is cut, since half a token is not recognised.
pub(super) fn quote(text: &str, secret: Option<&Secret>) -> String {
    let secrets: Vec<&Secret> = secret.into_iter().collect();
    sanitize::excerpt(&scrub(text, &secrets), MAX_MESSAGE)
}

/// A header as text. Nothing if it is missing or not ASCII.
pub(super) fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// The forge's time in a `Date` header, in seconds since 1970.
pub(super) fn date(headers: &HeaderMap) -> Option<i64> {
    let date = header(headers, DATE.as_str())?;
    Some(
        jiff::fmt::rfc2822::parse(date)
            .ok()?
            .timestamp()
            .as_second(),
    )
}

fn seconds_until(end: i64, now: i64) -> u64 {
    u64::try_from(end.saturating_sub(now)).unwrap_or(0)
}

/// The parts of a header such as `repo, workflow`.
pub(super) fn scopes(header: &str) -> impl Iterator<Item = &str> {
    header
        .split(',')
        .map(str::trim)
        .filter(|scope| !scope.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{HeaderName, HeaderValue};

    type Headers = &'static [(&'static str, &'static str)];

    const NOW: i64 = 1_800_000_000;

    fn failed(
        kind: RequestKind,
        status: u16,
        headers: &[(&'static str, &'static str)],
        body: &str,
    ) -> ForgeError {
        let secret = Secret::parse("canary-0123456789".to_owned()).expect("a secret");
        let headers = headers
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect();
        let response = Response {
            status: StatusCode::from_u16(status).expect("a status"),
            headers,
            body: Bytes::copy_from_slice(body.as_bytes()),
        };
        match response.into_result(kind, Some(&secret), NOW) {
            Ok(_) => panic!("{status} is no error"),
            Err(error) => error,
        }
    }

    fn message(text: &str) -> String {
        serde_json::json!({ "message": text }).to_string()
    }

    #[test]
    fn a_denial_has_a_reason() {
        use Denial::{Address, ClassicTokens, PaidPlan, Policy, Saml, Scopes, Unstated};
        let cases: [(Headers, &str, Denial); 11] = [
            (
                &[],
                "Upgrade to GitHub Pro or make this repository public to enable this feature.",
                PaidPlan,
            ),
            (
                &[],
                "Resource protected by organization SAML enforcement. You must grant your Personal Access token access to this organization.",
                Saml,
            ),
            (
                &[(
                    "x-github-sso",
                    "required; url=https://github.com/orgs/acme/sso",
                )],
                "No.",
                Saml,
            ),
            (
                &[],
                "`acme` forbids access via a personal access token (classic). Please use a GitHub App",
                ClassicTokens,
            ),
            (
                &[],
                "Although you appear to have the correct authorization credentials, the `acme` organization has an IP allow list enabled",
                Address,
            ),
            (&[], "Must have admin rights to Repository.", Scopes),
            (
                &[],
                "token does not have at least one of required scope(s): [write:organization]",
                Scopes,
            ),
            (
                &[
                    ("x-accepted-oauth-scopes", "delete_repo"),
                    ("x-oauth-scopes", "repo, workflow"),
                ],
                "No.",
                Scopes,
            ),
            (
                &[],
                "You need admin access to the organization before adding a repository to it.",
                Policy,
            ),
            (
                &[
                    ("x-accepted-oauth-scopes", "repo"),
                    ("x-oauth-scopes", "repo"),
                ],
                "Repository creation is not allowed",
                Policy,
            ),
            (&[], "No.", Unstated),
        ];
        for (headers, text, expected) in cases {
            for kind in [RequestKind::Read, RequestKind::Change] {
                let error = failed(kind, 403, headers, &message(text));
                assert!(
                    matches!(&error, ForgeError::Forbidden { denial, .. } if *denial == expected),
                    "{text}: {error:?}"
                );
            }
        }
    }

    #[test]
    fn a_rate_limit_differs_from_a_denial_and_has_a_wait() {
        let cases: [(u16, Headers, &str, u64); 11] = [
            (429, &[("retry-after", "7")], "", 7),
            (429, &[], "", 60),
            (429, &[("retry-after", "soon")], "", 60),
            (
                429,
                &[("retry-after", "Fri, 15 Jan 2027 08:00:30 GMT")],
                "",
                30,
            ),
            (429, &[("retry-after", "99999999")], "", 24 * 3600),
            (403, &[("retry-after", "0")], "", 1),
            (
                403,
                &[
                    ("x-ratelimit-remaining", "0"),
                    ("x-ratelimit-reset", "1800000090"),
                ],
                "API rate limit exceeded",
                90,
            ),
            (
                403,
                &[("x-ratelimit-remaining", "12")],
                "You have exceeded a secondary rate limit.",
                60,
            ),
            (
                403,
                &[],
                "You have triggered an abuse detection mechanism.",
                60,
            ),
            // Times of the forge count from the forge's own time, however far it is from this machine's.
            (
                429,
                &[
                    ("date", "Thu, 14 Jan 2027 08:00:00 GMT"),
                    ("retry-after", "Thu, 14 Jan 2027 08:00:30 GMT"),
                ],
                "",
                30,
            ),
            (
                403,
                &[
                    ("date", "Sat, 16 Jan 2027 08:00:00 GMT"),
                    ("x-ratelimit-remaining", "0"),
                    ("x-ratelimit-reset", "1800086490"),
                ],
                "API rate limit exceeded",
                90,
            ),
        ];
        for (status, headers, text, seconds) in cases {
            for kind in [RequestKind::Read, RequestKind::Change] {
                let retry_after = Duration::from_secs(seconds);
                let error = failed(kind, status, headers, &message(text));
                assert_eq!(
                    error,
                    ForgeError::RateLimited { retry_after },
                    "{status} {headers:?}"
                );
            }
        }
    }

    #[test]
    fn a_server_error_is_transient_for_a_read_and_an_unknown_outcome_for_a_change() {
        for status in [500, 502, 503, 504] {
            let message = format!("status {status}");
            let body = "<html>Bad gateway</html>";
            assert_eq!(
                failed(RequestKind::Read, status, &[], body),
                ForgeError::Unavailable {
                    message: message.clone()
                }
            );
            assert_eq!(
                failed(RequestKind::Change, status, &[], body),
                ForgeError::OutcomeUnknown { message }
            );
        }
        let later = [("retry-after", "9")];
        let retry_after = Duration::from_secs(9);
        assert_eq!(
            failed(RequestKind::Read, 503, &later, ""),
            ForgeError::RateLimited { retry_after }
        );
        assert!(matches!(
            failed(RequestKind::Change, 503, &later, ""),
            ForgeError::OutcomeUnknown { .. }
        ));
    }

    #[test]
    fn each_other_status_has_one_meaning() {
        let taken = r#"{"message":"Repository creation failed.","errors":[{"resource":"Repository","code":"custom","field":"name","message":"name already exists on this account"}]}"#;
        let private = r#"{"message":"Validation Failed","errors":["Visibility can't be private. Please upgrade"]}"#;
        for kind in [RequestKind::Read, RequestKind::Change] {
            let failed = |status, body: &str| failed(kind, status, &[], body);
            assert_eq!(
                failed(401, &message("Bad credentials")),
                ForgeError::Unauthorized {
                    message: "status 401: Bad credentials".to_owned()
                }
            );
            assert_eq!(
                failed(422, taken),
                ForgeError::NameTaken {
                    message: "status 422: Repository creation failed.: name already exists on this account".to_owned()
                }
            );
            assert_eq!(
                failed(
                    409,
                    &message("The repository with the same name already exists.")
                ),
                ForgeError::NameTaken {
                    message: "status 409: The repository with the same name already exists."
                        .to_owned()
                }
            );
            assert_eq!(
                failed(422, private),
                ForgeError::Invalid {
                    message:
                        "status 422: Validation Failed: Visibility can't be private. Please upgrade"
                            .to_owned()
                }
            );
            assert_eq!(
                failed(404, ""),
                ForgeError::NotFound {
                    message: "status 404".to_owned()
                }
            );
            for status in [301, 302, 307, 308] {
                assert_eq!(failed(status, ""), ForgeError::Moved);
            }
            assert_eq!(
                failed(100, ""),
                ForgeError::Protocol {
                    message: "status 100".to_owned()
                }
            );
        }
    }

    #[test]
    fn a_forges_message_is_cut_and_has_no_secret_and_no_control_characters() {
        let body = message(&format!(
            "you sent canary-0123456789\u{1b}[31m {}",
            "x".repeat(1000)
        ));
        let ForgeError::Invalid { message } = failed(RequestKind::Change, 400, &[], &body) else {
            panic!("400 is invalid");
        };
        assert!(
            message.starts_with("status 400: you sent [secret] [31m xxx"),
            "{message}"
        );
        assert_eq!(message.chars().count(), MAX_MESSAGE);
    }
}
