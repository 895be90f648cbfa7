//! Removes secrets from a text before it leaves the process: known ones in every spelling, unknown ones by their shape.

use crate::base::pattern::pattern;
use crate::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use regex::Regex;
use std::ops::Range;
use zeroize::Zeroizing;

/// The text that replaces a secret.
pub const MASK: &str = "[secret]";

/// The text with [`MASK`] for these secrets, tokens of GitHub, Gitea and Forgejo, `Authorization` values and passwords
/// in URLs.
pub fn scrub(text: &str, secrets: &[&Secret]) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut done = 0;
    for range in found(text, secrets) {
        if range.start >= done {
            clean.push_str(&text[done..range.start]);
            clean.push_str(MASK);
        }
        done = done.max(range.end);
    }
    clean.push_str(&text[done..]);
    clean
}

/// The text with `*` for each character of a secret that its shape shows, so that columns stay where they are.
pub fn masked(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut done = 0;
    for range in found(text, &[]) {
        let start = range.start.max(done);
        let end = range.end.max(start);
        masked.push_str(&text[done..start]);
        masked.extend(text[start..end].chars().map(|_| '*'));
        done = end;
    }
    masked.push_str(&text[done..]);
    masked
}

/// The places of all secrets, by their starts. They may overlap.
fn found(text: &str, secrets: &[&Secret]) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for secret in secrets {
        found.extend(spellings(text, secret.expose().as_bytes()));
        found.extend(base64_forms(text, secret.expose().as_bytes()));
    }
    found.extend(shapes().into_iter().flat_map(|shape| captured(shape, text)));
    found.extend(credentials(text));
    found.extend(scp_passwords(text));
    found.sort_by_key(|range| range.start);
    found
}

/// The shapes of unknown secrets. Each group of a pattern is a secret.
fn shapes() -> [&'static Regex; 6] {
    [
        // A private key, whole or cut off, its line ends also escaped as in JSON.
        pattern!(
            r"(-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----(?:[A-Za-z0-9+/=\s]|\\[nr])*(?:-----END [A-Z ]{0,20}PRIVATE KEY-----)?)"
        ),
        // The content of a private key of OpenSSH without its first line.
        pattern!(r"(b3BlbnNzaC1rZXktdjE(?:[A-Za-z0-9+/=\s]|\\[nr])*)"),
        // A token of GitHub. It has 36 characters and more behind its prefix; a part of one is a secret too.
        pattern!(r"((?:github_pat_|gh[pousr]_)[A-Za-z0-9_]{16,})"),
        // The value of an `Authorization` header or field, without its scheme.
        pattern!(
            r#"(?i)authorization[ ="'\\]*[:=][ :="'\\]*(?:(?:basic|bearer|token) *)?([A-Za-z0-9+/=_.~-]+)"#
        ),
        // A token of Gitea or Forgejo behind a word that announces one: anywhere else, 40 digits are a git id.
        pattern!(r#"(?i)(?:token|password|bearer)[ :="'\\]+([0-9a-f]{40})(?:[^a-z0-9]|$)"#),
        // `user:password` in a URL, and whatever is before the `@` of a web address.
        pattern!(r#"(?i)https?://([^\s/?#"'<>]*)@|://([^\s/?#"'<>]*:[^\s/?#"'<>]*)@"#),
    ]
}

fn captured<'t>(shape: &'static Regex, text: &'t str) -> impl Iterator<Item = Range<usize>> + 't {
    shape.captures_iter(text).flat_map(|found| {
        found
            .iter()
            .skip(1)
            .flatten()
            .map(|group| group.range())
            .collect::<Vec<_>>()
    })
}

/// Values behind `Bearer` and `Basic`. Lower-case letters alone are a word, as in "basic authentication".
fn credentials(text: &str) -> impl Iterator<Item = Range<usize>> {
    let shape = pattern!(r"(?i)(?:bearer +([a-z0-9+/=_.~-]{16,})|basic +([a-z0-9+/=_.~-]{12,}))");
    captured(shape, text)
        .filter(|range| !text[range.clone()].bytes().all(|b| b.is_ascii_lowercase()))
}

/// `user:password` in `user:password@host:path`. A digest behind the name of an image is none.
fn scp_passwords(text: &str) -> impl Iterator<Item = Range<usize>> {
    let shape = pattern!(
        r#"(?:^|[\s'"(<=`])([^\s:/@"'<>`(=]+:[^\s/"'<>@][^\s"'<>]*)@[A-Za-z0-9._\[\]-]+:[^\s]"#
    );
    captured(shape, text).filter(|range| !text[range.end..].starts_with("@sha256:"))
}

/// The places of a secret, each of its bytes plain, percent-encoded (also twice) or escaped as in JSON. No pattern:
/// a compiled one would be another copy of the secret in memory.
fn spellings(text: &str, secret: &[u8]) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let end = secret.iter().try_fold(at, |at, wanted| {
            spelled(&bytes[at..], *wanted).map(|n| at + n)
        });
        match end {
            Some(end) => {
                found.push(at..end);
                at = end;
            }
            None => at += 1,
        }
    }
    found
}

/// The number of bytes at the start of a text that spell this byte.
fn spelled(text: &[u8], wanted: u8) -> Option<usize> {
    let is_wanted = |digits: &[u8]| hex(digits) == Some(u32::from(wanted));
    let plain = || (text.first() == Some(&wanted)).then_some(1);
    match text {
        [b'\\', b'u', rest @ ..] if rest.len() >= 4 && is_wanted(&rest[..4]) => Some(6),
        [b'\\', next, ..] if *next == wanted => Some(2),
        [b'%', rest @ ..] => {
            let again = 2 * rest
                .chunks_exact(2)
                .take_while(|pair| pair == b"25")
                .count();
            // `%25` spells `%` itself: its own digits are the last pair then.
            [again, again.saturating_sub(2)]
                .into_iter()
                .find(|at| rest.get(*at..at + 2).is_some_and(is_wanted))
                .map_or_else(plain, |at| Some(1 + at + 2))
        }
        _ => plain(),
    }
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, digit| {
        Some(value * 16 + char::from(*digit).to_digit(16)?)
    })
}

/// The runs of base64 that contain a secret: alone, or inside a longer text such as `user:secret`, at each alignment.
fn base64_forms(text: &str, secret: &[u8]) -> Vec<Range<usize>> {
    /// Shorter cores occur in ordinary words.
    const SHORTEST_CORE: usize = 5;
    let mut found = Vec::new();
    for before in 0..3 {
        let mut padded = Zeroizing::new(vec![0; before]);
        padded.extend_from_slice(secret);
        for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            let encoded = Zeroizing::new(engine.encode(padded.as_slice()));
            // Characters at the ends also carry bits of the bytes before and after the secret.
            let core = &encoded[(before * 8).div_ceil(6)..padded.len() * 8 / 6];
            if core.len() < SHORTEST_CORE {
                continue;
            }
            for core in spellings(text, core.as_bytes()) {
                let start = text[..core.start].trim_end_matches(is_base64).len();
                let rest = text[core.end..].trim_start_matches(is_base64).len();
                found.push(start..text.len() - rest);
            }
        }
    }
    found
}

fn is_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_' | '=')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "s3cr+t/of?acme%\"x";

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let secret = Secret::parse(TOKEN.to_owned()).expect("a plain secret");
        assert_eq!(scrub(text, &[&secret]), expected);
    }

    #[test]
    fn a_known_secret_is_found_in_every_spelling() {
        check(&format!("a {TOKEN} b {TOKEN}"), "a [secret] b [secret]");
        check("q=s3cr%2Bt%2fof%3Facme%25%22x&b", "q=[secret]&b");
        check("q=s3cr%252Bt%252Fof%253Facme%2525%2522x", "q=[secret]");
        check(r#"{"m":"s3cr+t\/of?acme%\"x"}"#, r#"{"m":"[secret]"}"#);
        check(r"s3cr\u002bt/of\u003Facme\u0025\u0022x.", "[secret].");
    }

    #[test]
    fn a_known_secret_is_found_in_base64_wherever_it_begins() {
        for before in ["", "u", "me", "bob", "x-access-token:", "oauth2:"] {
            for after in ["", "!", "\n", "123"] {
                let plain = format!("{before}{TOKEN}{after}");
                let text = format!("sent {} away", STANDARD_NO_PAD.encode(&plain));
                check(&text, "sent [secret] away");
                let text = format!("sent {}= away", URL_SAFE_NO_PAD.encode(&plain));
                check(&text, "sent [secret] away");
            }
        }
    }

    #[test]
    fn a_token_of_github_is_recognised_by_its_prefix() {
        let tail = "0123456789abcdefABCDEF0123456789abcd";
        for prefix in ["github_pat_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_"] {
            check(&format!("got {prefix}{tail}, sorry"), "got [secret], sorry");
        }
        check("named ghp_short and ghs_", "named ghp_short and ghs_");
    }

    #[test]
    fn a_private_key_is_masked_whole_or_in_part() {
        let lines = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU=\nAAAA+/==";
        let whole = format!(
            "-----BEGIN OPENSSH PRIVATE KEY-----\n{lines}\n-----END OPENSSH PRIVATE KEY-----"
        );
        check(&format!("key: {whole}."), "key: [secret].");
        check(
            &format!("key: {}.", whole.replace('\n', "\\n")),
            "key: [secret].",
        );
        check(&format!("got `{lines}`"), "got `[secret]`");
        check("-----BEGIN RSA PRIVATE KEY-----\nMIIE", "[secret]");
        let public = "-----BEGIN PUBLIC KEY-----\nMIIE";
        check(public, public);
    }

    #[test]
    fn forty_hexadecimal_digits_are_a_token_only_after_a_word_for_it() {
        let hex = "0123456789abcdef0123456789abcdef01234567";
        for said in ["token ", "Bearer ", "token=", "\"token\": \"", "password: "] {
            check(&format!("{said}{hex}"), &format!("{said}[secret]"));
        }
        for text in [
            hex,
            &format!("tree {hex}"),
            &format!("commit {hex}"),
            "token expired",
        ] {
            check(text, text);
        }
    }

    #[test]
    fn the_value_of_an_authorization_header_is_masked() {
        check("Authorization: token abc", "Authorization: token [secret]");
        check("authorization: Basic dTpw", "authorization: Basic [secret]");
        check("\"authorization\":\"x\"", "\"authorization\":\"[secret]\"");
        check("basic authentication needed", "basic authentication needed");
        check("sent Basic dXNlcjpwYXNz.", "sent Basic [secret]");
        check("no authorization given", "no authorization given");
    }

    #[test]
    fn the_password_of_a_url_is_masked() {
        check("https://bob:p@ss@host/x", "https://[secret]@host/x");
        check("at 'http://bob@host'", "at 'http://[secret]@host'");
        check("ssh://git@host/x", "ssh://git@host/x");
        check("https://host/a@b", "https://host/a@b");
    }

    #[test]
    fn the_password_of_an_scp_address_is_masked() {
        check("bob:p@ss/w@host:a/b", "[secret]@host:a/b");
        check(
            "cannot fetch `bob:pass@host.org:a/b`",
            "cannot fetch `[secret]@host.org:a/b`",
        );
        check("url=bob:pass@[::1]:a", "url=[secret]@[::1]:a");
        for text in [
            "git@host:a/b",
            "note: git@host:a/b",
            "https://host:443/a@b:c",
            "nginx:1.2@sha256:0123",
            "at 12:30 from a@b",
        ] {
            check(text, text);
        }
    }

    #[test]
    fn other_text_is_not_changed() {
        check("", "");
        check("déjà vu – 100 % “ok”", "déjà vu – 100 % “ok”");
    }
}
