//! Where a git repository is.

use crate::base::host::is_loopback;
use core::net::Ipv6Addr;
use gix::url::Scheme;
use thiserror::Error;

/// The address of a git repository, as git takes it: `https://host/path`, `ssh://user@host/path`, `user@host:path`,
/// `file:///path`, or `http://` to this machine. It never holds a secret and is never an option of git.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RemoteUrl {
    text: String,
    transport: Transport,
    /// Where the path begins in the text.
    path: usize,
}

/// How a repository is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    Https,
    /// Without encryption, to this machine only.
    Http,
    Ssh,
    File,
}

/// Why a text is no address. What may be a secret in it is not repeated.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum RemoteUrlError {
    #[error("an address must not be empty: write `https://HOST/OWNER/NAME.git`")]
    Empty,
    #[error("an address has at most {max} bytes, this one has {length}", max = RemoteUrl::MAX)]
    TooLong { length: usize },
    #[error("an address must not start with a dash: it would be read as an option of git")]
    Dash,
    #[error(
        "an address holds printable ASCII characters without blanks: write others percent-encoded, as in `%20`"
    )]
    Character,
    #[error(
        "`{helper}::` would start a program to reach the repository: write an https or ssh address"
    )]
    Helper { helper: String },
    #[error(
        "`{scheme}` is no way to reach a repository here: use https, ssh, or file for a folder of this machine"
    )]
    Scheme { scheme: String },
    #[error(
        "http without encryption is for this machine only (localhost, 127.0.0.1, [::1]): use https for `{host}`"
    )]
    Unencrypted { host: String },
    #[error(
        "never put a user or a token into a URL, where logs and process lists show it: take it out and set GROUNDPLAN_GIT_TOKEN"
    )]
    Credential,
    #[error("`{text}` has no valid host: write `https://HOST/OWNER/NAME.git`")]
    Host { text: String },
    #[error(
        "a `file` address names a folder of this machine: write `file:///PATH`, with three slashes"
    )]
    FileHost,
    #[error("`{text}` names no repository: add its path, as in `https://HOST/OWNER/NAME.git`")]
    Path { text: String },
    #[error("an address has no `?` or `#`: write it as `git clone` takes it")]
    Query,
    #[error(
        "`{text}` is no address: write `https://HOST/OWNER/NAME.git`, `ssh://`, or `file:///` before a path"
    )]
    Local { text: String },
    #[error("`{text}` is not `owner/name`: write both, in letters, digits, `.`, `-` and `_`")]
    ShortName { text: String },
}

impl RemoteUrl {
    /// The longest address, in bytes.
    pub const MAX: usize = 2048;

    /// Parses an address.
    pub fn parse(text: &str) -> Result<Self, RemoteUrlError> {
        check_text(text)?;
        let is_scp = !text.contains("://");
        let (authority, path) = split(text, is_scp);
        if is_scp && text[path..].contains('@') {
            return Err(RemoteUrlError::Credential);
        }
        if let Some((user, _)) = authority.rsplit_once('@')
            && (user.contains(':') || (!is_scp && text.starts_with("http")))
        {
            return Err(RemoteUrlError::Credential);
        }
        let url = gix::url::parse(text).map_err(|_| RemoteUrlError::Host { text: text.into() })?;
        let transport = match url.scheme {
            Scheme::Https => Transport::Https,
            Scheme::Http => Transport::Http,
            Scheme::Ssh => Transport::Ssh,
            Scheme::File if is_scp => return Err(RemoteUrlError::Local { text: text.into() }),
            Scheme::File => Transport::File,
            other => {
                return Err(RemoteUrlError::Scheme {
                    scheme: other.to_string(),
                });
            }
        };
        let host = url.host.unwrap_or_default();
        let no_host = || RemoteUrlError::Host { text: text.into() };
        match transport {
            Transport::File if !authority.is_empty() => return Err(RemoteUrlError::FileHost),
            Transport::File => {}
            Transport::Http if !is_loopback(&host) => {
                return Err(RemoteUrlError::Unencrypted { host });
            }
            _ if is_scp && !is_host(&host) => return Err(no_host()),
            Transport::Https | Transport::Http | Transport::Ssh => {
                if !is_authority(authority) || !is_host(&host) {
                    return Err(no_host());
                }
            }
        }
        let repository = &text[path..];
        if repository.trim_matches('/').is_empty() || repository.starts_with('-') {
            return Err(RemoteUrlError::Path { text: text.into() });
        }
        Ok(Self {
            text: text.to_owned(),
            transport,
            path,
        })
    }

    /// The address on GitHub of `owner/name`.
    pub fn of_short_name(text: &str) -> Result<Self, RemoteUrlError> {
        let part = |part: &str| {
            !part.is_empty()
                && !part.starts_with(['-', '.'])
                && part
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        };
        match text.split_once('/') {
            Some((owner, name)) if text.len() <= 256 && part(owner) && part(name) => {
                let name = name.strip_suffix(".git").unwrap_or(name);
                Self::parse(&format!("https://github.com/{owner}/{name}.git"))
            }
            _ => Err(RemoteUrlError::ShortName {
                text: text.chars().take(256).collect(),
            }),
        }
    }

    /// The address's text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// How the repository is reached.
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// The host without its port, in brackets when it is an IPv6 address; empty for a file.
    pub fn host(&self) -> &str {
        let authority = self.origin();
        let authority = authority
            .split_once("://")
            .map_or(authority, |(_, rest)| rest);
        let host = authority
            .split_once('@')
            .map_or(authority, |(_, rest)| rest);
        match host.find(']') {
            Some(end) => &host[..=end],
            None => host.split(':').next().unwrap_or_default(),
        }
    }

    /// Scheme, host and port: the part that a credential belongs to.
    pub fn origin(&self) -> &str {
        &self.text[..self.path]
    }

    /// `owner_name` from the end of the path, in lower-case letters, digits, `-` and `_`, for a folder's name.
    pub fn slug(&self) -> String {
        let path = self.text[self.path..].trim_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path);
        let parts: Vec<&str> = path
            .split(['/', ':'])
            .filter(|part| !part.is_empty())
            .collect();
        let last = &parts[parts.len().saturating_sub(2)..];
        let slug = last.join("_").to_ascii_lowercase();
        let plain = |c: char| {
            if c.is_ascii_alphanumeric() || c == '_' {
                c
            } else {
                '-'
            }
        };
        let slug: String = slug.chars().map(plain).take(64).collect();
        if slug.is_empty() {
            "repository".to_owned()
        } else {
            slug
        }
    }
}

fn check_text(text: &str) -> Result<(), RemoteUrlError> {
    if text.is_empty() {
        return Err(RemoteUrlError::Empty);
    }
    if text.len() > RemoteUrl::MAX {
        return Err(RemoteUrlError::TooLong { length: text.len() });
    }
    if text.starts_with('-') {
        return Err(RemoteUrlError::Dash);
    }
    if let Some((helper, _)) = text.split_once("::")
        && helper
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.' | b'_'))
    {
        return Err(RemoteUrlError::Helper {
            helper: helper.to_owned(),
        });
    }
    if !text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\') {
        return Err(RemoteUrlError::Character);
    }
    if text.contains(['?', '#']) {
        return Err(RemoteUrlError::Query);
    }
    Ok(())
}

/// The part with user, host and port, and where the path begins.
fn split(text: &str, is_scp: bool) -> (&str, usize) {
    if is_scp {
        let bracket = text.rfind(']').unwrap_or_default();
        let colon = text[bracket..]
            .find(':')
            .map_or(text.len(), |at| bracket + at);
        return (&text[..colon], (colon + 1).min(text.len()));
    }
    let start = text.find("://").map_or(0, |at| at + "://".len());
    let end = text[start..].find('/').map_or(text.len(), |at| start + at);
    (&text[start..end], end)
}

/// `[user@]host[:port]` as written: no percent signs, which git and other programs decode differently.
fn is_authority(text: &str) -> bool {
    let (user, rest) = text
        .split_once('@')
        .map_or(("", text), |(user, rest)| (user, rest));
    let plain =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'[' | b']' | b':');
    !rest.contains('@')
        && !user.starts_with('-')
        && !user.contains(['%', ':'])
        && rest.bytes().all(plain)
        && !rest.ends_with(':')
}

fn is_host(host: &str) -> bool {
    let inner = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    if inner.contains(':') {
        return inner.parse::<Ipv6Addr>().is_ok();
    }
    !inner.is_empty()
        && !inner.starts_with(['-', '.'])
        && inner
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
}

text_value!(RemoteUrl, error: RemoteUrlError, format: "groundplan-remote-url", max: RemoteUrl::MAX,
    pattern: "^[^-\\s?#][^\\s?#]*$",
    doc: "The address of a git repository: https, ssh, user@host:path or file, without user and token.");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ways_to_write_an_address_are_understood() {
        use Transport::{File, Http, Https, Ssh};
        for (text, transport, host, slug) in [
            (
                "https://github.com/Acme/My.Template.git",
                Https,
                "github.com",
                "acme_my-template",
            ),
            (
                "https://git.example.org:8443/a/b/c/",
                Https,
                "git.example.org",
                "b_c",
            ),
            ("http://127.0.0.1:3000/x.git", Http, "127.0.0.1", "x"),
            ("http://localhost/a/x", Http, "localhost", "a_x"),
            ("http://[::1]:80/a/x", Http, "[::1]", "a_x"),
            (
                "ssh://git@example.org:22/~me/x.git",
                Ssh,
                "example.org",
                "-me_x",
            ),
            ("git@example.org:acme/x.git", Ssh, "example.org", "acme_x"),
            ("example.org:x", Ssh, "example.org", "x"),
            ("file:///srv/git/x.git", File, "", "git_x"),
        ] {
            let url = RemoteUrl::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(
                (url.transport(), url.host(), url.slug().as_str()),
                (transport, host, slug),
                "{text}"
            );
        }
        assert_eq!(
            RemoteUrl::of_short_name("acme/web.git").map(|url| url.to_string()),
            Ok("https://github.com/acme/web.git".to_owned())
        );
        assert_eq!(
            RemoteUrl::parse("https://h.org:8443/a/b")
                .expect("an address")
                .origin(),
            "https://h.org:8443"
        );
    }

    #[test]
    fn what_would_run_a_program_leak_a_secret_or_lead_elsewhere_is_refused() {
        for (text, why) in [
            ("", "must not be empty"),
            ("--upload-pack=touch X", "must not start with a dash"),
            ("ext::sh -c touch% X", "`ext::` would start a program"),
            ("foo::https://h/x", "`foo::` would start a program"),
            ("https://token@github.com/a/b", "GROUNDPLAN_GIT_TOKEN"),
            ("https://user:token@github.com/a/b", "GROUNDPLAN_GIT_TOKEN"),
            ("https://@github.com/a/b", "GROUNDPLAN_GIT_TOKEN"),
            ("https://user:token@", "GROUNDPLAN_GIT_TOKEN"),
            ("user:token@github.com/a/b", "GROUNDPLAN_GIT_TOKEN"),
            ("https:/user:token@github.com/a/b", "GROUNDPLAN_GIT_TOKEN"),
            ("ssh://git:pass@host/x", "GROUNDPLAN_GIT_TOKEN"),
            ("ssh://-oProxyCommand=x/y", "no valid host"),
            ("ssh://-x@host/y", "no valid host"),
            ("ssh://%2doProxyCommand/y", "no valid host"),
            ("-oProxyCommand=x:y", "must not start with a dash"),
            ("git@-host:y", "no valid host"),
            ("git@host:-y", "names no repository"),
            ("http://github.com/a/b", "use https for `github.com`"),
            ("http://127.0.0.1.evil.org/a", "use https"),
            ("http://2130706433/a", "use https"),
            ("https://github.com", "names no repository"),
            ("https://github.com/", "names no repository"),
            ("https:///a/b", "no valid host"),
            ("https://h/a?token=x", "no `?` or `#`"),
            ("https://h/a#b", "no `?` or `#`"),
            ("https://h/a b", "without blanks"),
            ("https://h/a\nb", "without blanks"),
            ("https://h\u{f6}st/a", "printable ASCII"),
            ("https://h\\@evil/a", "printable ASCII"),
            ("git://host/x", "`git` is no way"),
            ("ftp://host/x", "`ftp` is no way"),
            ("file://host/x", "three slashes"),
            ("file:///", "names no repository"),
            ("/srv/git/x", "is no address"),
            ("../x", "is no address"),
            ("acme/web", "is no address"),
        ] {
            let error = RemoteUrl::parse(text)
                .map(|url| url.to_string())
                .expect_err(text)
                .to_string();
            assert!(error.contains(why), "{text}: {error}");
            assert!(!error.contains("user:token"), "{text}: {error}");
        }
        assert_eq!(
            RemoteUrl::parse(&format!("https://h/{}", "x".repeat(RemoteUrl::MAX))),
            Err(RemoteUrlError::TooLong {
                length: RemoteUrl::MAX + 10
            })
        );
        for text in [
            "acme",
            "acme/web/x",
            "/web",
            "acme/",
            "-x/y",
            "../y",
            "a b/c",
        ] {
            assert!(
                matches!(
                    RemoteUrl::of_short_name(text),
                    Err(RemoteUrlError::ShortName { .. })
                ),
                "{text}"
            );
        }
    }
}
