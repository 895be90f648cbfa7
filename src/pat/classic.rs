//! Validation of personal access tokens.

use crate::base::pattern::pattern;
use crate::error::{Class, Explain};
use crate::secret::{Secret, SecretError};
use thiserror::Error;

/// The reasons to refuse a token. None contains the text.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PatError {
    #[error("fine-grained tokens are not supported: use a classic token with the scope `repo`")]
    FineGrained,
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error("token contains a character other than letters, digits and `_`: paste only the token")]
    Character,
    #[error("token is shorter than {SHORTEST} characters: paste the whole token")]
    TooShort,
}

impl Explain for PatError {
    fn class(&self) -> Class {
        match self {
            Self::FineGrained => Class::Refused,
            Self::Secret(_) | Self::Character | Self::TooShort => Class::Usage,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::FineGrained => "token_fine_grained",
            Self::Secret(_) | Self::Character | Self::TooShort => "token_invalid",
        }
    }
}

const SHORTEST: usize = 20;
/// The prefix of GitHub's fine-grained tokens. The API does not show their permissions, so they cannot be checked before
/// publishing.
const FINE_GRAINED: &str = "github_pat_";

/// Parses a personal access token of GitHub, Gitea or Forgejo.
pub fn parse(text: String) -> Result<Secret, PatError> {
    let secret = Secret::parse(text)?;
    let token = secret.expose();
    if token.starts_with(FINE_GRAINED) {
        return Err(PatError::FineGrained);
    }
    if !pattern!("^[A-Za-z0-9_]+$").is_match(token) {
        return Err(PatError::Character);
    }
    if token.len() < SHORTEST {
        return Err(PatError::TooShort);
    }
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_classic_token_is_accepted_and_others_are_refused_with_the_reason() {
        let classic = format!("ghp_{}", "a".repeat(36));
        assert_eq!(
            parse(classic.clone()).expect("a classic token").expose(),
            classic
        );
        let fine_grained = format!("github_pat_{}", "a".repeat(82));
        for (text, why) in [
            (fine_grained.as_str(), PatError::FineGrained),
            ("ghp_short", PatError::TooShort),
            ("ghp_aaaaaaaaaaaaaaaaaaaaaa-b", PatError::Character),
            ("", PatError::Secret(SecretError::Empty)),
            (
                "ghp_aaaaaaaaaaaaaaaaaaaaaaaa\n",
                PatError::Secret(SecretError::Character),
            ),
        ] {
            assert_eq!(parse(text.to_owned()).err(), Some(why), "{text:?}");
        }
    }
}
