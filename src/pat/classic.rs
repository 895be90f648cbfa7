//! Which tokens can be used at all.

use crate::secret::{Secret, SecretError};
use thiserror::Error;

/// Why a text is no token that can be used. The text itself is not part of it.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum TokenError {
    #[error(
        "a classic personal access token with the scope `repo` is needed: fine-grained tokens are not yet supported"
    )]
    FineGrained,
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error("a token has letters, digits and `_` only: paste it again, without anything around it")]
    Character,
    #[error("a token has at least {SHORTEST} characters: paste it whole")]
    TooShort,
}

const SHORTEST: usize = 20;
/// What GitHub's fine-grained tokens begin with. They list no scopes, so nobody can say beforehand what they may do.
const FINE_GRAINED: &str = "github_pat_";

/// Takes over a personal access token of GitHub, Gitea or Forgejo.
pub fn parse(text: String) -> Result<Secret, TokenError> {
    let secret = Secret::parse(text)?;
    let token = secret.expose();
    if token.starts_with(FINE_GRAINED) {
        return Err(TokenError::FineGrained);
    }
    if !token
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'_')
    {
        return Err(TokenError::Character);
    }
    if token.len() < SHORTEST {
        return Err(TokenError::TooShort);
    }
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_classic_token_is_taken_and_others_are_refused_by_name() {
        let classic = format!("ghp_{}", "a".repeat(36));
        assert_eq!(
            parse(classic.clone()).expect("a classic token").expose(),
            classic
        );
        let fine_grained = format!("github_pat_{}", "a".repeat(82));
        for (text, why) in [
            (fine_grained.as_str(), TokenError::FineGrained),
            ("ghp_short", TokenError::TooShort),
            ("ghp_aaaaaaaaaaaaaaaaaaaaaa-b", TokenError::Character),
            ("", TokenError::Secret(SecretError::Empty)),
            (
                "ghp_aaaaaaaaaaaaaaaaaaaaaaaa\n",
                TokenError::Secret(SecretError::Character),
            ),
        ] {
            assert_eq!(parse(text.to_owned()).err(), Some(why), "{text:?}");
        }
    }
}
