//! A user and a secret for one host, passed to git through its environment only.

use crate::model::remote::{RemoteUrl, Transport};
use crate::secret::Secret;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use thiserror::Error;

/// A user and a secret that belong to one host.
#[derive(Debug)]
pub struct Credential {
    host: String,
    user: String,
    secret: Secret,
}

/// The reason why a credential is refused.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum CredentialError {
    #[error("`{host}` is not a host: write `HOST` or `HOST:PORT`")]
    Host { host: String },
    #[error("the user of a token must be printable ASCII without spaces and `:`")]
    User,
}

impl Credential {
    /// Binds a secret to `HOST` or `HOST:PORT`, as in a URL. It is never sent to another host, whatever repository a
    /// catalogue names.
    pub fn new(host: &str, user: &str, secret: Secret) -> Result<Self, CredentialError> {
        let url = RemoteUrl::parse(&format!("https://{host}/x"));
        if !url.is_ok_and(|url| url.origin() == format!("https://{host}")) {
            return Err(CredentialError::Host {
                host: host.chars().take(256).collect(),
            });
        }
        if user.is_empty() || !user.bytes().all(|b| b.is_ascii_graphic() && b != b':') {
            return Err(CredentialError::User);
        }
        Ok(Self {
            host: host.to_ascii_lowercase(),
            user: user.to_owned(),
            secret,
        })
    }

    /// The host it belongs to.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// True if a repository is on that host and is reached by http or https.
    pub fn is_for(&self, url: &RemoteUrl) -> bool {
        let authority = url
            .origin()
            .split_once("://")
            .map_or("", |(_, authority)| authority);
        matches!(url.transport(), Transport::Https | Transport::Http)
            && authority.eq_ignore_ascii_case(&self.host)
    }

    /// The variables that [`Credential::HELPER`] prints.
    pub(super) fn variables(&self) -> [(&'static str, &str); 2] {
        [
            ("GROUNDPLAN_HELPER_USER", &self.user),
            ("GROUNDPLAN_HELPER_SECRET", self.secret.expose()),
        ]
    }

    /// The credential helper, run by git in a shell. `printf` is built into the shell, so the secret is in no argument
    /// list.
    pub(super) const HELPER: &str = r#"!f() { test "$1" = get && printf 'username=%s\npassword=%s\n' "$GROUNDPLAN_HELPER_USER" "$GROUNDPLAN_HELPER_SECRET"; }; f"#;

    /// The text without the secret, both as it is and as HTTP sends it (base64).
    pub(super) fn scrub(&self, text: &str) -> String {
        let secret = self.secret.expose();
        let sent = BASE64_STANDARD.encode(format!("{}:{secret}", self.user));
        text.replace(&sent, "[secret]").replace(secret, "[secret]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credential(host: &str, user: &str) -> Result<Credential, CredentialError> {
        Credential::new(
            host,
            user,
            Secret::parse("canary".to_owned()).expect("a secret"),
        )
    }

    #[test]
    fn a_secret_goes_to_its_own_host_only() {
        let credential = credential("git.example.org:8443", "me").expect("a credential");
        for (url, is_for) in [
            ("https://git.example.org:8443/a/b", true),
            ("https://GIT.example.org:8443/a/b", true),
            ("https://git.example.org/a/b", false),
            ("https://git.example.org.evil.org:8443/a/b", false),
            ("ssh://git.example.org:8443/a/b", false),
            ("file:///git.example.org:8443/a/b", false),
        ] {
            let url = RemoteUrl::parse(url).expect("an address");
            assert_eq!(credential.is_for(&url), is_for, "{url}");
        }
    }

    #[test]
    fn what_could_say_more_to_git_than_a_user_and_a_host_is_refused() {
        for user in ["", "a b", "a\nhost=evil", "a:b"] {
            assert_eq!(credential("h.org", user).err(), Some(CredentialError::User));
        }
        for host in ["", "a/b", "u@h", "-x", "h\n", "https://h"] {
            assert!(
                matches!(credential(host, "me"), Err(CredentialError::Host { .. })),
                "{host:?}"
            );
        }
    }

    #[test]
    fn neither_form_of_a_secret_stays_in_a_text() {
        let credential = credential("h.org", "me").expect("a credential");
        assert_eq!(
            credential.scrub("canary, Authorization: Basic bWU6Y2FuYXJ5"),
            "[secret], Authorization: Basic [secret]"
        );
        assert!(!format!("{credential:?}").contains("canary"));
    }
}
