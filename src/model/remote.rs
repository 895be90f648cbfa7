//! Addresses of git repositories.

use crate::base::host::{self, HostGroup};
use crate::base::pattern::pattern;
use core::net::Ipv6Addr;
use gix::url::Scheme;
use thiserror::Error;

/// The address of a git repository as for `git clone`: `https://host/path`, `ssh://user@host/path`, `user@host:path`,
/// `file:///path`, or `http://` to a host that only an operator allows. It contains no secret and git never reads it as an
/// option.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RemoteUrl {
    text: String,
    transport: Transport,
    /// The byte at which the path starts.
    path: usize,
}

/// The protocol of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    Https,
    /// Without encryption; only to the hosts of a [`HostGroup`].
    Http,
    Ssh,
    File,
}

/// The reasons to refuse an address. Parts that may be secret are not repeated.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum RemoteUrlError {
    #[error("address is empty: write `https://HOST/OWNER/NAME.git`")]
    Empty,
    #[error("address has {length} bytes, the maximum is {max}", max = RemoteUrl::MAX)]
    TooLong { length: usize },
    #[error("address starts with a dash, which git reads as an option")]
    Dash,
    #[error(
        "address contains a character that is not printable ASCII: percent-encode it, as in `%20`"
    )]
    Character,
    #[error("`{helper}::` starts a program on this machine: write an https or ssh address")]
    Helper { helper: String },
    #[error(
        "protocol `{scheme}` is not supported: use https, ssh, or file for a folder of this machine"
    )]
    Scheme { scheme: String },
    #[error(
        "http without encryption is allowed for this machine only (localhost, 127.0.0.1, [::1]): use https for `{host}`"
    )]
    Unencrypted { host: String },
    #[error(
        "address contains a user or a token, which logs and process lists show: remove it and set GROUNDPLAN_GIT_TOKEN"
    )]
    Credential,
    /// An address that would name such a host if it were valid.
    #[error("`{text}` names {group} in a form that is not supported")]
    SpecialHost { text: String, group: HostGroup },
    #[error("`{text}` has no valid host: write `https://HOST/OWNER/NAME.git`")]
    Host { text: String },
    #[error("`file` address contains a host: write `file:///PATH`, with three slashes")]
    FileHost,
    #[error("`{text}` has no path: add it, as in `https://HOST/OWNER/NAME.git`")]
    Path { text: String },
    #[error("address contains `?` or `#`: write it as for `git clone`")]
    Query,
    #[error(
        "`{text}` is not an address: write `https://HOST/OWNER/NAME.git`, `ssh://`, or `file:///` before a path"
    )]
    Local { text: String },
    #[error("`{text}` is not `owner/name`: write both, in letters, digits, `.`, `-` and `_`")]
    ShortName { text: String },
}

impl RemoteUrl {
    /// The longest address, in bytes.
    pub const MAX: usize = 2048;

    /// No option of git, no spaces, no query and no fragment.
    const PATTERN: &'static str = r"^[^-\s?#][^\s?#]*$";

    /// Parses an address.
    pub fn parse(text: &str) -> Result<Self, RemoteUrlError> {
        use RemoteUrlError::{Character, Host, Scheme};
        Self::parse_plain(text).map_err(|error| match (&error, hidden_group(text)) {
            (Character | Host { .. } | Scheme { .. }, Some(group)) => RemoteUrlError::SpecialHost {
                text: text.to_owned(),
                group,
            },
            _ => error,
        })
    }

    fn parse_plain(text: &str) -> Result<Self, RemoteUrlError> {
        check_text(text)?;
        if pattern!(CREDENTIAL).is_match(text) {
            return Err(RemoteUrlError::Credential);
        }
        let is_scp = !text.contains("://");
        let (authority, path) = split(text, is_scp);
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
            Transport::Http if host::group(&host).is_none() => {
                return Err(RemoteUrlError::Unencrypted { host });
            }
            Transport::Https | Transport::Http | Transport::Ssh => {
                if !pattern!(AUTHORITY).is_match(authority) || !is_host(&host) {
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
        let is_short_name =
            pattern!("^[A-Za-z0-9_][A-Za-z0-9_.-]*/[A-Za-z0-9_][A-Za-z0-9_.-]*$").is_match(text);
        if !is_short_name || text.len() > 256 {
            return Err(RemoteUrlError::ShortName {
                text: text.chars().take(256).collect(),
            });
        }
        let path = text.strip_suffix(".git").unwrap_or(text);
        Self::parse(&format!("https://github.com/{path}.git"))
    }

    /// The address's text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The protocol.
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// The host without its port, in brackets if it is an IPv6 address; empty for a file.
    pub fn host(&self) -> &str {
        pattern!(r"^(?:[^:]*://)?(?:[^@]*@)?(\[[^\]]*\]|[^:]*)")
            .captures(self.origin())
            .and_then(|parts| Some(parts.get(1)?.as_str()))
            .unwrap_or("")
    }

    /// The group of the host, if an operator must allow it.
    pub fn host_group(&self) -> Option<HostGroup> {
        host::group(self.host())
    }

    /// Scheme, host and port: the scope of a credential.
    pub fn origin(&self) -> &str {
        &self.text[..self.path]
    }

    /// `owner_name` from the end of the path, in lower-case letters, digits, `-` and `_`, as a part of a folder name.
    pub fn slug(&self) -> String {
        let whole = self.text[self.path..].trim_matches('/');
        let path = whole.strip_suffix(".git").unwrap_or(whole);
        let parts: Vec<&str> = path
            .split(['/', ':'])
            .filter(|part| !part.is_empty())
            .collect();
        let last = parts[parts.len().saturating_sub(2)..].join("_");
        let mut slug = pattern!("[^A-Za-z0-9_]")
            .replace_all(&last, "-")
            .to_ascii_lowercase();
        slug.truncate(64);
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
    if let Some(parts) = pattern!("^([A-Za-z0-9_.+-]*)::").captures(text) {
        return Err(RemoteUrlError::Helper {
            helper: parts[1].to_owned(),
        });
    }
    if pattern!(r"[^!-~]|\\").is_match(text) {
        return Err(RemoteUrlError::Character);
    }
    if !pattern!(RemoteUrl::PATTERN).is_match(text) {
        return Err(RemoteUrlError::Query);
    }
    Ok(())
}

/// A user in a web address, a password in any address, or an `@` behind the host of `host:path`, which may be either.
const CREDENTIAL: &str = "(?i)^http[^/]*:/*[^/]*@|://[^/]*:[^/]*@|^[^:]*:/?(?:[^/].*)?@";

/// `[user@]host[:port]` without percent signs, which git and other programs decode differently.
const AUTHORITY: &str = r"^(?:(?:[^-@%:][^@%:]*)?@)?(?:[A-Za-z0-9._\[\]:-]*[A-Za-z0-9._\[\]-])?$";

/// The part with user, host and port, and the byte at which the path starts.
fn split(text: &str, is_scp: bool) -> (&str, usize) {
    if is_scp {
        let bracket = text.rfind(']').unwrap_or(0);
        let colon = text[bracket..]
            .find(':')
            .map_or(text.len(), |at| bracket + at);
        return (&text[..colon], (colon + 1).min(text.len()));
    }
    let start = text.find("://").map_or(0, |at| at + "://".len());
    let end = text[start..].find('/').map_or(text.len(), |at| start + at);
    (&text[start..end], end)
}

/// The group of the host in a text that is not an address.
fn hidden_group(text: &str) -> Option<HostGroup> {
    let (_, rest) = text.split_once("://").unwrap_or(("", text));
    let authority = rest.split(['/', '\\', '?', '#']).next().unwrap_or(rest);
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let end = match host.rfind(']') {
        Some(bracket) => bracket + 1,
        None => host.find(':').unwrap_or(host.len()),
    };
    host::group(&host[..end])
}

fn is_host(host: &str) -> bool {
    let inner = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    if inner.contains(':') {
        return inner.parse::<Ipv6Addr>().is_ok();
    }
    pattern!("^[A-Za-z0-9_][A-Za-z0-9_.-]*$").is_match(inner)
}

text_value!(RemoteUrl, error: RemoteUrlError, format: "groundplan-remote-url", max: RemoteUrl::MAX,
    pattern: RemoteUrl::PATTERN,
    doc: "The address of a git repository: https, ssh, user@host:path or file, without user and token.");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_an_address_is_parsed() {
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
            ("http://2130706433/a/x", Http, "2130706433", "a_x"),
            ("https://0x7f.1/a/x", Https, "0x7f.1", "a_x"),
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
    fn an_address_that_runs_a_program_shows_a_secret_or_is_ambiguous_is_refused() {
        for (text, why) in [
            ("", "is empty"),
            ("--upload-pack=touch X", "starts with a dash"),
            ("ext::sh -c touch% X", "`ext::` starts a program"),
            ("foo::https://h/x", "`foo::` starts a program"),
            ("https://token@github.com/a/b", "GROUNDPLAN_GIT_TOKEN"),
            ("https://user:token@github.com/a/b", "GROUNDPLAN_GIT_TOKEN"),
            ("https://@github.com/a/b", "GROUNDPLAN_GIT_TOKEN"),
            ("https://user:token@", "GROUNDPLAN_GIT_TOKEN"),
            ("user:token@github.com/a/b", "GROUNDPLAN_GIT_TOKEN"),
            ("https:/user:token@github.com/a/b", "GROUNDPLAN_GIT_TOKEN"),
            ("https:///user:token@github.com/a/b", "GROUNDPLAN_GIT_TOKEN"),
            ("HTTPS://token@github.com/a/b", "GROUNDPLAN_GIT_TOKEN"),
            ("git@host:@token", "GROUNDPLAN_GIT_TOKEN"),
            ("user:token@[::1]:a/b", "GROUNDPLAN_GIT_TOKEN"),
            ("ssh://git:pass@host/x", "GROUNDPLAN_GIT_TOKEN"),
            ("ssh://-oProxyCommand=x/y", "no valid host"),
            ("ssh://-x@host/y", "no valid host"),
            ("ssh://%2doProxyCommand/y", "no valid host"),
            ("-oProxyCommand=x:y", "starts with a dash"),
            ("git@-host:y", "no valid host"),
            ("git@host:-y", "has no path"),
            ("http://github.com/a/b", "use https for `github.com`"),
            ("http://127.0.0.1.evil.org/a", "use https"),
            ("http://10.0.0.1/a", "use https"),
            (
                "https://%31%32%37.0.0.1/a",
                "names an address of this machine",
            ),
            (
                "https://\u{ff11}27.0.0.1/a",
                "names an address of this machine",
            ),
            ("git://127.1/a", "names an address of this machine"),
            ("ssh://git@[::ffff:127.0.0.1%25eth0]/a", "no valid host"),
            ("ftp://169.254.169.254/a", "names the metadata service"),
            ("https://github.com", "has no path"),
            ("https://github.com/", "has no path"),
            ("https:///a/b", "no valid host"),
            ("https://h/a?token=x", "contains `?` or `#`"),
            ("https://h/a#b", "contains `?` or `#`"),
            ("https://h/a b", "not printable ASCII"),
            ("https://h/a\nb", "not printable ASCII"),
            ("https://h\u{f6}st/a", "not printable ASCII"),
            ("https://h\\@evil/a", "not printable ASCII"),
            ("git://host/x", "`git` is not supported"),
            ("ftp://host/x", "`ftp` is not supported"),
            ("file://host/x", "three slashes"),
            ("file:///", "has no path"),
            ("/srv/git/x", "is not an address"),
            ("../x", "is not an address"),
            ("acme/web", "is not an address"),
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
