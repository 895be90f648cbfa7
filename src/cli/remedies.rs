//! What each error of the layers below means to a person: its code, its sentence, and what to do.

use crate::cli::error::Failure;
use crate::error::Explain as _;
use crate::impact::ImpactError;
use crate::publish::error::{FailureCause as NotPublished, PublishError};
use crate::publish::push::PushError;
use crate::store::error::StoreError;
use crate::sweep::rounds::SweepError;

fn refused(message: String, hint: &str) -> Failure {
    let hint = hint.to_owned();
    Failure::Refused { message, hint }
}

fn environment(message: String, hint: &str) -> Failure {
    let hint = Some(hint.to_owned());
    Failure::Environment { message, hint }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        let environment = |hint| environment(message.clone(), hint);
        let hint = match &error {
            StoreError::Unavailable { .. } => {
                return environment(
                    "check DATABASE_URL and whether the database is up, then try again",
                );
            }
            StoreError::NotMigrated { .. } => {
                return environment("bring them up to date with `groundplan migrate`");
            }
            // What is wrong is said with its remedy.
            StoreError::NotReady { .. } => {
                return Self::Environment {
                    message,
                    hint: None,
                };
            }
            StoreError::Refused { .. } | StoreError::Damaged { .. } => {
                return environment(
                    "compare this program's version with the database's migrations",
                );
            }
            StoreError::LeaseLost { .. } => {
                "another worker has the run: look at `groundplan runs show`"
            }
            StoreError::Cancelled { .. } | StoreError::Conflict { .. } => {
                "look at the run with `groundplan runs show`: docs/operations.md says what each status allows"
            }
            StoreError::ActiveRun { .. } => {
                "wait for it, or stop it with `groundplan runs cancel`; nothing was submitted"
            }
            StoreError::Unstorable { .. } => {
                "take it out of the selection or the catalogue; nothing was stored"
            }
            StoreError::NoRun { .. } => "list them with `groundplan runs list`",
            StoreError::NoProduct { .. } => {
                "`--product` names one of the user's, or a new one: an id that is taken may be another user's"
            }
            StoreError::NoUser { .. } => {
                "name a user of the database with `--as`; their own first `runs submit` or `pat save` makes one"
            }
            StoreError::Demo { .. } => "act as another user with `--as`; nothing was changed",
            StoreError::AnotherTree { .. } => {
                "look at the run again before you approve it; nothing was approved"
            }
        };
        Self::Refused {
            message,
            hint: hint.to_owned(),
        }
    }
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

impl From<SweepError> for Failure {
    fn from(error: SweepError) -> Self {
        match error {
            SweepError::Cover(error) => error.into(),
            SweepError::Preview(error) => error.into(),
        }
    }
}

impl From<ImpactError> for Failure {
    fn from(error: ImpactError) -> Self {
        match error {
            ImpactError::Preview(error) => error.into(),
            ImpactError::SearchLimit(error) => error.into(),
        }
    }
}
