//! OpenSSH's file of allowed signers: `PRINCIPALS [namespaces="…"] TYPE KEY [COMMENT]`, one line each.
//!
//! Format: <https://man.openbsd.org/ssh-keygen.1#ALLOWED_SIGNERS>

use super::Namespace;
use ssh_key::PublicKey;
use ssh_key::public::KeyData;
use thiserror::Error;

/// The keys whose signatures count, by principal.
#[derive(Debug)]
pub struct AllowedSigners(Vec<AllowedSigner>);

#[derive(Debug)]
struct AllowedSigner {
    principals: String,
    /// The names of namespaces; none for all.
    namespaces: Option<Vec<String>>,
    key: KeyData,
}

/// A file that cannot be read as allowed signers.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum AllowedSignersError {
    #[error("it is not text")]
    NotText,
    #[error("it names no key")]
    Empty,
    #[error("line {line}: option `{}` is not supported", option.escape_debug())]
    Option { line: usize, option: String },
    #[error("line {line}: a pattern with `*`, `?` or `!` is not supported in `namespaces`")]
    Pattern { line: usize },
    #[error("line {line}: expected `PRINCIPALS TYPE KEY`")]
    Line { line: usize },
}

impl AllowedSigners {
    /// Parses the file. Options other than `namespaces` are refused: a rule that is not followed must not be passed over.
    pub fn parse(bytes: &[u8]) -> Result<Self, AllowedSignersError> {
        let text = std::str::from_utf8(bytes).map_err(|_| AllowedSignersError::NotText)?;
        let mut signers = Vec::new();
        for (number, written) in text.lines().enumerate() {
            let line = written.trim();
            if !(line.is_empty() || line.starts_with('#')) {
                signers.push(AllowedSigner::parse(line, number + 1)?);
            }
        }
        if signers.is_empty() {
            return Err(AllowedSignersError::Empty);
        }
        Ok(Self(signers))
    }

    /// The principals of a key for a namespace; none if no line allows it.
    pub fn principals(&self, key: &KeyData, namespace: Namespace) -> Option<&str> {
        let allows = |signer: &&AllowedSigner| {
            let namespaces = signer.namespaces.as_ref();
            signer.key == *key
                && namespaces.is_none_or(|all| all.iter().any(|one| one == namespace.as_str()))
        };
        let found = self.0.iter().find(allows);
        found.map(|signer| signer.principals.as_str())
    }
}

impl AllowedSigner {
    fn parse(line: &str, number: usize) -> Result<Self, AllowedSignersError> {
        let malformed = || AllowedSignersError::Line { line: number };
        let (principals, mut rest) = word(line).ok_or_else(malformed)?;
        let mut namespaces = None;
        loop {
            // The type of a key has no `=` and no quotes; whatever else comes before it is an option.
            if let Ok(key) = PublicKey::from_openssh(rest.trim_end()) {
                return Ok(Self {
                    principals: principals.trim_matches('"').to_owned(),
                    namespaces,
                    key: key.key_data().clone(),
                });
            }
            let (options, after) = word(rest).ok_or_else(malformed)?;
            // An option has a value, or is one of OpenSSH's names without one.
            let is_options =
                options.contains('=') || options.eq_ignore_ascii_case("cert-authority");
            if !is_options || after.is_empty() {
                return Err(malformed());
            }
            for option in options_of(options) {
                let (name, value) = option.split_once('=').unwrap_or((option, ""));
                if !name.eq_ignore_ascii_case("namespaces") || namespaces.is_some() {
                    return Err(AllowedSignersError::Option {
                        line: number,
                        option: name.to_owned(),
                    });
                }
                let names = value.trim_matches('"');
                if names.contains(['*', '?', '!']) {
                    return Err(AllowedSignersError::Pattern { line: number });
                }
                namespaces = Some(names.split(',').map(str::to_owned).collect());
            }
            rest = after;
        }
    }
}

/// The first word of a line, in which quotes keep spaces, and the rest without the spaces before it.
fn word(line: &str) -> Option<(&str, &str)> {
    let end = end_of(line, |c| c == ' ' || c == '\t');
    let (word, rest) = line.split_at(end);
    (!word.is_empty()).then(|| (word, rest.trim_start()))
}

/// The options in a word, separated by commas outside of quotes.
fn options_of(word: &str) -> Vec<&str> {
    let mut options = Vec::new();
    let mut rest = word;
    loop {
        let (option, after) = rest.split_at(end_of(rest, |c| c == ','));
        options.push(option);
        match after.strip_prefix(',') {
            Some(after) => rest = after,
            None => return options,
        }
    }
}

/// The offset of the first character outside of quotes that ends a part.
fn end_of(text: &str, is_end: impl Fn(char) -> bool) -> usize {
    let mut is_quoted = false;
    let mut end = text.char_indices().filter(|(_, c)| {
        is_quoted ^= *c == '"';
        !is_quoted && is_end(*c)
    });
    end.next().map_or(text.len(), |(at, _)| at)
}

impl AllowedSignersError {
    /// The next step for a person.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Option { .. } | Self::Pattern { .. } => {
                "write the line without it; of the options, only `namespaces` with exact names is supported"
            }
            Self::NotText | Self::Empty | Self::Line { .. } => {
                "write one line for each key, such as `ada@example.org ssh-ed25519 AAAA…`; see `man ssh-keygen`, ALLOWED SIGNERS"
            }
        }
    }
}
