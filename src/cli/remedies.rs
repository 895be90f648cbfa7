//! What each error of the layers below means to a person: its code, its sentence, and what to do.

use crate::cli::error::Failure;
use crate::error::{Explain as _, chain};
use crate::publish::error::{FailureCause as NotPublished, PublishError};
use crate::publish::push::PushError;

fn refused(message: String, hint: &str) -> Failure {
    let hint = hint.to_owned();
    Failure::Refused { message, hint }
}

fn environment(message: String, hint: &str) -> Failure {
    let hint = Some(hint.to_owned());
    Failure::Environment { message, hint }
}

impl From<PublishError> for Failure {
    fn from(error: PublishError) -> Self {
        let message = error.to_string();
        let refused = |hint| refused(message.clone(), hint);
        let why = match error {
            PublishError::NotCreated { cause }
            | PublishError::RolledBack { cause }
            | PublishError::Incomplete { cause, .. } => cause,
            PublishError::AlreadyPublished { .. } => {
                return refused("remove it on the forge when nobody needs it");
            }
            PublishError::LedgerInUse => return refused("name another file with `--ledger`"),
            PublishError::Ledger(error) => return error.into(),
        };
        match why {
            NotPublished::Forge { error, .. } | NotPublished::Read(error) => {
                let failure = Self::plain(error.class(), error.code(), message);
                match error.hint() {
                    Some(hint) => failure.hinted(hint),
                    None => failure,
                }
            }
            NotPublished::Ledger(_) => environment(
                message,
                "check the path, permissions and free space of the ledger",
            ),
            NotPublished::Push(PushError::Refused { .. }) => {
                refused("see what git and the forge say")
            }
            NotPublished::Push(PushError::Unknown { .. }) | NotPublished::NotVisible => {
                let hint = Some("try again later".to_owned());
                Self::Environment { message, hint }
            }
            NotPublished::Taken { .. } | NotPublished::Redirected => {
                refused("give it another name with `--repo`")
            }
            NotPublished::NotOurs(_) | NotPublished::Differs { .. } => {
                refused("look at what is there: somebody else may have had a hand in it")
            }
        }
    }
}
