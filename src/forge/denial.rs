//! The reasons for which a forge denies a request to a valid token, each with its remedy.

use crate::error::{Class, Hint, Setting};
use crate::hint;
use std::fmt;

/// The reason for which a forge denies a request to a valid token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// The token lacks a scope.
    Scopes,
    /// The organisation requires the token to be authorised for its single sign-on.
    Saml,
    /// The organisation does not accept classic tokens.
    ClassicTokens,
    /// The organisation accepts certain network addresses only.
    Address,
    /// The organisation does not give the user this right.
    Policy,
    /// The plan that the owner pays for does not include it.
    PaidPlan,
    /// The forge gives no reason.
    Unstated,
}

impl Denial {
    /// Credential if another token helps.
    pub fn class(self) -> Class {
        match self {
            Self::Scopes | Self::Saml | Self::ClassicTokens => Class::Credential,
            Self::Address | Self::Policy | Self::PaidPlan | Self::Unstated => Class::Refused,
        }
    }

    /// The remedy.
    pub fn hint(self) -> Hint {
        match self {
            Self::Scopes => hint!("add the missing scope to the token, or create a new token"),
            Self::Saml => {
                hint!(
                    "authorise the token for the organisation's single sign-on, in the token's settings"
                )
            }
            Self::ClassicTokens => hint!(
                "ask an owner of the organisation to allow classic tokens, or choose another ",
                Setting::Owner
            ),
            Self::Address => hint!("publish from a network address that the organisation accepts"),
            Self::Policy => hint!(
                "ask an owner of the organisation for the right to create repositories, or choose another ",
                Setting::Owner
            ),
            Self::PaidPlan => hint!(
                "upgrade the owner's plan, make the repository public, or choose an option without it"
            ),
            Self::Unstated => hint!("check the permissions of the token's user on the forge"),
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Scopes => "the token lacks a scope",
            Self::Saml => "the token is not authorised for the organisation's single sign-on",
            Self::ClassicTokens => "the organisation does not accept classic tokens",
            Self::Address => "the organisation does not accept this network address",
            Self::Policy => "the organisation does not allow this user to create repositories",
            Self::PaidPlan => "the owner's plan does not include it",
            Self::Unstated => "the forge gives no reason",
        })
    }
}
