//! What an HTTP answer means, by status and headers; the forge's own words only where there is nothing else.

use super::error::{Denial, ForgeError};
use crate::scrub::scrub;
use crate::secret::Secret;
use reqwest::header::HeaderMap;
use serde_json::Value;
use std::time::Duration;

/// An answer that arrived whole.
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// Whether asking again is harmless.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestKind {
    Read,
    Change,
}

/// The longest text of a forge that is repeated to people, in characters.
const LONGEST: usize = 500;
/// How long to wait where a forge says "later" and not when (GitHub's advice).
const UNTOLD: Duration = Duration::from_mins(1);
/// A longer wait than this is an error of the forge's, and nobody waits for it.
const LONGEST_WAIT: u64 = 24 * 3600;

impl Response {
    /// A header's text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The answer when it says yes, otherwise the error it stands for. `now` is in seconds since 1970.
    pub(super) fn judge(
        self,
        access: RequestKind,
        secret: &Secret,
        now: i64,
    ) -> Result<Self, ForgeError> {
        let message = self.message(secret);
        match self.status {
            200..=299 => Ok(self),
            301 | 302 | 303 | 307 | 308 => Err(ForgeError::Moved),
            401 => Err(ForgeError::Unauthorized { message }),
            429 => Err(ForgeError::RateLimited {
                retry_after: self.wait(now).unwrap_or(UNTOLD),
            }),
            403 if self.is_limit(&message) => Err(ForgeError::RateLimited {
                retry_after: self.wait(now).unwrap_or(UNTOLD),
            }),
            403 | 451 => Err(ForgeError::Forbidden {
                why: self.denial(&message),
                message,
            }),
            404 | 410 => Err(ForgeError::NotFound { message }),
            409 | 422 if message.contains("already exist") => {
                Err(ForgeError::NameTaken { message })
            }
            400..=499 => Err(ForgeError::Invalid { message }),
            500..=599 if access == RequestKind::Change => {
                Err(ForgeError::OutcomeUnknown { message })
            }
            503 if self.wait(now).is_some() => Err(ForgeError::RateLimited {
                retry_after: self.wait(now).unwrap_or(UNTOLD),
            }),
            500..=599 => Err(ForgeError::Unavailable { message }),
            _ => Err(ForgeError::Protocol { message }),
        }
    }

    /// A 403 is a limit or a denial; headers say which, and for GitHub's secondary limits sometimes only the text.
    fn is_limit(&self, message: &str) -> bool {
        let lower = message.to_ascii_lowercase();
        self.header("retry-after").is_some()
            || self.header("x-ratelimit-remaining") == Some("0")
            || lower.contains("secondary rate limit")
            || lower.contains("abuse detection")
    }

    fn wait(&self, now: i64) -> Option<Duration> {
        let seconds = match self.header("retry-after") {
            Some(text) => text.trim().parse().ok().or_else(|| {
                let at = jiff::fmt::rfc2822::parse(text).ok()?;
                Some(u64::try_from(at.timestamp().as_second().saturating_sub(now)).unwrap_or(0))
            })?,
            None if self.header("x-ratelimit-remaining") == Some("0") => {
                let at: i64 = self.header("x-ratelimit-reset")?.trim().parse().ok()?;
                u64::try_from(at.saturating_sub(now)).unwrap_or(0)
            }
            None => return None,
        };
        Some(Duration::from_secs(seconds.clamp(1, LONGEST_WAIT)))
    }

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

    /// GitHub names the scopes of which one would do, beside those that the token has.
    fn lacks_accepted_scope(&self) -> bool {
        let (Some(accepted), Some(given)) = (
            self.header("x-accepted-oauth-scopes"),
            self.header("x-oauth-scopes"),
        ) else {
            return false;
        };
        let given: Vec<&str> = scopes(given).collect();
        let mut accepted = scopes(accepted).peekable();
        accepted.peek().is_some() && !accepted.any(|scope| given.contains(&scope))
    }

    /// `message` and `errors` of the body, cut and scrubbed. A body of another shape is not repeated.
    fn message(&self, secret: &Secret) -> String {
        let mut parts = vec![format!("status {}", self.status)];
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
        tell(&parts.join(": "), secret)
    }
}

/// A text from outside, fit to be shown: one line, without secrets, not too long.
pub(super) fn tell(text: &str, secret: &Secret) -> String {
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    // Scrubbed before it is cut, since half a token is not recognised.
    scrub(text, &[secret])
        .chars()
        .map(printable)
        .take(LONGEST)
        .collect()
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

    fn judge(
        access: RequestKind,
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
        let answer = Response {
            status,
            headers,
            body: body.as_bytes().to_vec(),
        };
        match answer.judge(access, &secret, NOW) {
            Ok(_) => panic!("{status} is no error"),
            Err(error) => error,
        }
    }

    fn said(text: &str) -> String {
        serde_json::json!({ "message": text }).to_string()
    }

    #[test]
    fn a_denial_says_what_stands_in_the_way() {
        use Denial::{Address, ClassicTokens, Policy, Saml, Scopes, Unstated};
        let cases: [(Headers, &str, Denial); 10] = [
            (
                &[],
                "Resource protected by organization SAML enforcement. You must grant your Personal RequestKind token access to this organization.",
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
            for access in [RequestKind::Read, RequestKind::Change] {
                let error = judge(access, 403, headers, &said(text));
                assert!(
                    matches!(&error, ForgeError::Forbidden { why, .. } if *why == expected),
                    "{text}: {error:?}"
                );
            }
        }
    }

    #[test]
    fn a_limit_is_told_from_a_denial_and_says_how_long() {
        let cases: [(u16, Headers, &str, u64); 9] = [
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
        ];
        for (status, headers, text, seconds) in cases {
            for access in [RequestKind::Read, RequestKind::Change] {
                let retry_after = Duration::from_secs(seconds);
                let error = judge(access, status, headers, &said(text));
                assert_eq!(
                    error,
                    ForgeError::RateLimited { retry_after },
                    "{status} {headers:?}"
                );
            }
        }
    }

    #[test]
    fn a_server_error_is_passing_for_a_read_and_an_unknown_outcome_for_a_change() {
        for status in [500, 502, 503, 504] {
            let message = format!("status {status}");
            let body = "<html>Bad gateway</html>";
            assert_eq!(
                judge(RequestKind::Read, status, &[], body),
                ForgeError::Unavailable {
                    message: message.clone()
                }
            );
            assert_eq!(
                judge(RequestKind::Change, status, &[], body),
                ForgeError::OutcomeUnknown { message }
            );
        }
        let later = [("retry-after", "9")];
        let retry_after = Duration::from_secs(9);
        assert_eq!(
            judge(RequestKind::Read, 503, &later, ""),
            ForgeError::RateLimited { retry_after }
        );
        assert!(matches!(
            judge(RequestKind::Change, 503, &later, ""),
            ForgeError::OutcomeUnknown { .. }
        ));
    }

    #[test]
    fn each_other_status_has_one_meaning() {
        let taken = r#"{"message":"Repository creation failed.","errors":[{"resource":"Repository","code":"custom","field":"name","message":"name already exists on this account"}]}"#;
        let private = r#"{"message":"Validation Failed","errors":["Visibility can't be private. Please upgrade"]}"#;
        for access in [RequestKind::Read, RequestKind::Change] {
            let judge = |status, body: &str| judge(access, status, &[], body);
            assert_eq!(
                judge(401, &said("Bad credentials")),
                ForgeError::Unauthorized {
                    message: "status 401: Bad credentials".to_owned()
                }
            );
            assert_eq!(
                judge(422, taken),
                ForgeError::NameTaken {
                    message: "status 422: Repository creation failed.: name already exists on this account".to_owned()
                }
            );
            assert_eq!(
                judge(
                    409,
                    &said("The repository with the same name already exists.")
                ),
                ForgeError::NameTaken {
                    message: "status 409: The repository with the same name already exists."
                        .to_owned()
                }
            );
            assert_eq!(
                judge(422, private),
                ForgeError::Invalid {
                    message:
                        "status 422: Validation Failed: Visibility can't be private. Please upgrade"
                            .to_owned()
                }
            );
            assert_eq!(
                judge(404, ""),
                ForgeError::NotFound {
                    message: "status 404".to_owned()
                }
            );
            for status in [301, 302, 307, 308] {
                assert_eq!(judge(status, ""), ForgeError::Moved);
            }
            assert_eq!(
                judge(100, ""),
                ForgeError::Protocol {
                    message: "status 100".to_owned()
                }
            );
        }
    }

    #[test]
    fn what_a_forge_says_is_cut_and_holds_no_secret_and_no_control_characters() {
        let body = said(&format!(
            "you sent canary-0123456789\u{1b}[31m {}",
            "x".repeat(1000)
        ));
        let ForgeError::Invalid { message } = judge(RequestKind::Change, 400, &[], &body) else {
            panic!("400 is invalid");
        };
        assert!(
            message.starts_with("status 400: you sent [secret] [31m xxx"),
            "{message}"
        );
        assert_eq!(message.chars().count(), LONGEST);
    }
}
