//! Takes secrets out of a text before it leaves the process: known ones in every spelling, unknown ones by their shape.

use crate::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::ops::Range;
use zeroize::Zeroizing;

/// What stands in the place of a secret.
pub const MASK: &str = "[secret]";

/// The beginnings of GitHub's tokens.
const PREFIXES: [&str; 6] = ["github_pat_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_"];
/// GitHub's tokens have 36 characters and more behind their prefix; a cut one is a secret too.
const SHORTEST_TAIL: usize = 16;
/// What an `Authorization` header holds of anybody's.
const SCHEMES: [&str; 3] = ["basic", "bearer", "token"];
/// Gitea's and Forgejo's tokens have no prefix: 40 hexadecimal digits, as git's ids have.
const HEX_TOKEN: usize = 40;

/// The text without these secrets, tokens of GitHub, Gitea and Forgejo, `Authorization` values and passwords in URLs.
///
/// Forty hexadecimal digits are taken for a token only behind a word that says so: everywhere else they are a git id.
pub fn scrub(text: &str, secrets: &[&Secret]) -> String {
    let mut found: Vec<Range<usize>> = Vec::new();
    for secret in secrets {
        found.extend(spellings(text, secret.expose().as_bytes()));
        found.extend(base64_forms(text, secret.expose().as_bytes()));
    }
    found.extend(prefixed_tokens(text));
    found.extend(credentials(text));
    found.extend(url_passwords(text));
    found.sort_by_key(|range| range.start);

    let mut clean = String::with_capacity(text.len());
    let mut done = 0;
    for range in found {
        if range.start >= done {
            clean.push_str(&text[done..range.start]);
            clean.push_str(MASK);
        }
        done = done.max(range.end);
    }
    clean.push_str(&text[done..]);
    clean
}

/// Every place of a secret, each of its bytes plain, percent-encoded (also twice) or escaped as in JSON.
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

/// How many bytes at the start of a text spell this one.
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

/// Every run of base64 that holds a secret: alone, or inside a longer text such as `user:secret`, at each alignment.
fn base64_forms(text: &str, secret: &[u8]) -> Vec<Range<usize>> {
    /// Shorter cores would stand in ordinary words.
    const SHORTEST_CORE: usize = 5;
    let mut found = Vec::new();
    for before in 0..3 {
        let mut padded = Zeroizing::new(vec![0; before]);
        padded.extend_from_slice(secret);
        for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            let encoded = Zeroizing::new(engine.encode(padded.as_slice()));
            // Characters at the ends also hold bits of what stands before and after the secret.
            let core = &encoded[(before * 8).div_ceil(6)..padded.len() * 8 / 6];
            if core.len() < SHORTEST_CORE {
                continue;
            }
            for core in spellings(text, core.as_bytes()) {
                let before = text[..core.start].bytes().rev();
                let before = before.take_while(|b| is_base64(char::from(*b))).count();
                found.push(core.start - before..skip(text, core.end, is_base64));
            }
        }
    }
    found
}

fn prefixed_tokens(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for prefix in PREFIXES {
        for (at, _) in text.match_indices(prefix) {
            let tail = at + prefix.len();
            let end = skip(text, tail, |c| c.is_ascii_alphanumeric() || c == '_');
            if end - tail >= SHORTEST_TAIL {
                found.push(at..end);
            }
        }
    }
    found
}

/// What stands behind `Authorization:`, `Bearer`, `Basic`, `token` and their like.
fn credentials(text: &str) -> Vec<Range<usize>> {
    let lower = text.to_ascii_lowercase();
    let mut found = Vec::new();
    for (at, name) in lower.match_indices("authorization") {
        let Some(mut at) = after_separator(text, at + name.len()) else {
            continue;
        };
        if let Some(scheme) = SCHEMES
            .iter()
            .find(|scheme| lower[at..].starts_with(**scheme))
        {
            at = skip(text, at + scheme.len(), |c| c == ' ');
        }
        found.push(at..skip(text, at, is_credential));
    }
    for (word, shortest) in [("bearer ", 16), ("basic ", 12)] {
        for (at, _) in lower.match_indices(word) {
            let start = skip(text, at + word.len(), |c| c == ' ');
            let end = skip(text, start, is_credential);
            let is_a_word = text[start..end].bytes().all(|b| b.is_ascii_lowercase());
            if end - start >= shortest && !is_a_word {
                found.push(start..end);
            }
        }
    }
    for word in ["token", "password", "bearer"] {
        for (at, _) in lower.match_indices(word) {
            let start = skip(text, at + word.len(), is_separator);
            let end = skip(text, start, |c| c.is_ascii_alphanumeric());
            let is_hex = text[start..end].bytes().all(|b| b.is_ascii_hexdigit());
            if start > at + word.len() && end - start == HEX_TOKEN && is_hex {
                found.push(start..end);
            }
        }
    }
    found.retain(|range| !range.is_empty());
    found
}

/// Behind `:`, `=` and quotes, when there is a separator at all.
fn after_separator(text: &str, at: usize) -> Option<usize> {
    let after = skip(text, at, is_separator);
    text[at..after].contains([':', '=']).then_some(after)
}

/// `user:password` in `scheme://user:password@host`, and whatever stands alone before the `@` of a web address.
fn url_passwords(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (at, separator) in text.match_indices("://") {
        let start = at + separator.len();
        let authority = text[start..]
            .find(|c: char| {
                c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | '\'' | '<' | '>')
            })
            .map_or(text.len(), |length| start + length);
        let Some(length) = text[start..authority].rfind('@') else {
            continue;
        };
        let is_web = text[..at].to_ascii_lowercase().ends_with("http")
            || text[..at].to_ascii_lowercase().ends_with("https");
        if is_web || text[start..start + length].contains(':') {
            found.push(start..start + length);
        }
    }
    found
}

fn skip(text: &str, at: usize, fits: impl Fn(char) -> bool) -> usize {
    let fitting = text[at..].chars().take_while(|c| fits(*c));
    at + fitting.map(char::len_utf8).sum::<usize>()
}

fn is_separator(c: char) -> bool {
    matches!(c, ' ' | ':' | '=' | '"' | '\'' | '\\')
}

fn is_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_' | '=')
}

fn is_credential(c: char) -> bool {
    is_base64(c) || matches!(c, '.' | '~')
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
    fn a_token_of_github_is_known_by_its_prefix() {
        let tail = "0123456789abcdefABCDEF0123456789abcd";
        for prefix in PREFIXES {
            check(&format!("got {prefix}{tail}, sorry"), "got [secret], sorry");
        }
        check("named ghp_short and ghs_", "named ghp_short and ghs_");
    }

    #[test]
    fn forty_hexadecimal_digits_are_a_token_only_where_a_word_says_so() {
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
    fn an_authorization_header_loses_its_value() {
        check("Authorization: token abc", "Authorization: token [secret]");
        check("authorization: Basic dTpw", "authorization: Basic [secret]");
        check("\"authorization\":\"x\"", "\"authorization\":\"[secret]\"");
        check("basic authentication needed", "basic authentication needed");
        check("sent Basic dXNlcjpwYXNz.", "sent Basic [secret]");
        check("no authorization given", "no authorization given");
    }

    #[test]
    fn a_url_loses_its_password() {
        check("https://bob:p@ss@host/x", "https://[secret]@host/x");
        check("at 'http://bob@host'", "at 'http://[secret]@host'");
        check("ssh://git@host/x", "ssh://git@host/x");
        check("https://host/a@b", "https://host/a@b");
    }

    #[test]
    fn other_text_stays_as_it_is() {
        check("", "");
        check("déjà vu – 100 % “ok”", "déjà vu – 100 % “ok”");
    }
}
