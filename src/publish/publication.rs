//! The steps of a run, each from the stage that the ledger proves to the next one.

use super::Publisher;
use super::ledger::{
    CreatedRepo, Ledger, LedgerEntry, LedgerError, PublishRequest, PublishStep, StepOutcome,
};
use super::outcome::{FailureCause, PublishError, PublishedRepo, Remains, RemainsKind};
use super::push::PushError;
use super::stage::Stage;
use crate::forge::error::ForgeError;
use crate::forge::ownership::OwnershipError;
use crate::forge::repository::{
    Availability, Branch, Content, NewRepository, Repository, RepositoryId,
};
use std::time::Duration;

/// How often and how long is waited for a forge that does not show yet what it was told, in seconds.
const WAITS: [u64; 5] = [1, 2, 4, 8, 16];
/// A forge that asks for a longer wait is left, and the run resumed later.
const LONGEST_WAIT: Duration = Duration::from_mins(2);
/// The branch that is pushed.
const BRANCH: &str = "main";

/// One run between two records of its ledger.
pub(super) struct Publication<'r> {
    publisher: &'r Publisher<'r>,
    ledger: &'r mut dyn Ledger,
    pub(super) order: &'r PublishRequest,
    pub(super) stage: Stage,
    /// A repository was asked for by this process; it is asked for once.
    has_asked: bool,
}

/// What became of a repository that was to be removed.
pub(super) enum Removal {
    Gone,
    Kept(ForgeError),
}

/// What became of a repository that may have been made.
pub(super) enum Reconciled {
    /// It is ours, and recorded.
    Ours,
    /// The name belongs to somebody else, so ours was never made.
    Taken { full_name: String },
    /// Nothing was seen there.
    Unseen,
}

impl Publisher<'_> {
    pub(super) async fn advance(
        &self,
        ledger: &mut dyn Ledger,
        order: &PublishRequest,
        stage: Stage,
    ) -> Result<PublishedRepo, PublishError> {
        let mut run = Publication::new(self, ledger, order, stage);
        loop {
            match run.stage.clone() {
                Stage::Begun | Stage::Gone => run.create().await?,
                Stage::Creating { nonce } => run.find_created(nonce).await?,
                Stage::Created(made) | Stage::Deleting { made, .. } => run.push(&made).await?,
                Stage::Pushing { made, nonce } => run.find_pushed(&made, nonce).await?,
                Stage::Pushed(made) | Stage::Describing { made, .. } => {
                    return run.finish(&made).await;
                }
                Stage::Published(made) => {
                    let repository = run.read_back(&made).await?;
                    return Ok(run.published(repository));
                }
            }
        }
    }
}

impl<'r> Publication<'r> {
    pub(super) fn new(
        publisher: &'r Publisher<'r>,
        ledger: &'r mut dyn Ledger,
        order: &'r PublishRequest,
        stage: Stage,
    ) -> Self {
        Self {
            publisher,
            ledger,
            order,
            stage,
            has_asked: false,
        }
    }

    async fn create(&mut self) -> Result<(), PublishError> {
        match self.standing(|_| true).await {
            Ok(Availability::Free) => {}
            Ok(Availability::Taken { full_name, .. }) => {
                return Err(self.ending(FailureCause::Taken { full_name }));
            }
            Ok(Availability::Moved) => return Err(self.ending(FailureCause::Redirected)),
            Err(error) => return Err(self.ending(FailureCause::Look(error))),
        }
        let nonce = self.intend(PublishStep::Create).await?;
        self.has_asked = true;
        let asked = NewRepository {
            repo: self.order.place.clone(),
            owner_kind: self.order.kind,
            marker: self.order.marker.clone(),
        };
        match self.publisher.forge.create(&asked).await {
            Ok(repository) => {
                let id = repository.id;
                let made = StepOutcome::Made {
                    made: CreatedRepo::from(repository),
                };
                self.end(nonce, made)
                    .await
                    .map_err(|error| error.knowing(id))
            }
            // Somebody between here and the forge may have asked twice: taken may mean taken by this very run.
            Err(error @ (ForgeError::OutcomeUnknown { .. } | ForgeError::NameTaken { .. })) => {
                self.end(
                    nonce,
                    StepOutcome::Unknown {
                        message: error.to_string(),
                    },
                )
                .await
            }
            Err(error) => {
                self.end(
                    nonce,
                    StepOutcome::NotDone {
                        message: error.to_string(),
                    },
                )
                .await?;
                Err(self.ending(FailureCause::Forge {
                    step: PublishStep::Create,
                    error,
                }))
            }
        }
    }

    async fn find_created(&mut self, nonce: u64) -> Result<(), PublishError> {
        match self.reconcile(nonce).await? {
            Reconciled::Ours => Ok(()),
            Reconciled::Taken { full_name } => {
                let message = format!("`{full_name}` is not of this run");
                self.end(nonce, StepOutcome::NotDone { message }).await?;
                Err(self.ending(FailureCause::Taken { full_name }))
            }
            Reconciled::Unseen if self.has_asked => Err(self.ending(FailureCause::NotShowing)),
            // Asked for by an earlier process and still not there. Should it come after all, the name is taken and
            // the marker says by whom.
            Reconciled::Unseen => {
                let message = "it was not there when the run was resumed".to_owned();
                self.end(nonce, StepOutcome::NotDone { message }).await
            }
        }
    }

    /// Looks for a repository that may have been made, and records it when it is provably this run's.
    pub(super) async fn reconcile(&mut self, nonce: u64) -> Result<Reconciled, PublishError> {
        let is_taken = |standing: &Availability| matches!(standing, Availability::Taken { .. });
        let (id, full_name) = match self.standing(is_taken).await {
            Ok(Availability::Taken { id, full_name }) => (id, full_name),
            Ok(Availability::Free | Availability::Moved) => return Ok(Reconciled::Unseen),
            Err(error) => return Err(self.ending(FailureCause::Look(error))),
        };
        match self.look(id, |found| found.is_some()).await {
            Ok(Some(repository)) if self.order.claim().check(&repository).is_ok() => {
                let made = StepOutcome::Made {
                    made: CreatedRepo::from(repository),
                };
                self.end(nonce, made)
                    .await
                    .map_err(|error| error.knowing(id))?;
                Ok(Reconciled::Ours)
            }
            Ok(Some(_)) => Ok(Reconciled::Taken { full_name }),
            Ok(None) => Err(self.ending(FailureCause::NotShowing)),
            Err(error) => Err(self.ending(FailureCause::Look(error))),
        }
    }

    async fn push(&mut self, made: &CreatedRepo) -> Result<(), PublishError> {
        let repository = match self.look(made.id, |found| found.is_some()).await {
            Ok(Some(repository)) => repository,
            Ok(None) => {
                if let Stage::Deleting { nonce, .. } = self.stage {
                    return self.end(nonce, StepOutcome::Done).await;
                }
                return Err(self.compensate(made, FailureCause::NotShowing).await);
            }
            Err(error) if matches!(self.stage, Stage::Created(_)) => {
                return Err(self.compensate(made, FailureCause::Look(error)).await);
            }
            Err(error) => return Err(self.ending(FailureCause::Look(error))),
        };
        if let Err(doubt) = self.order.claim().check(&repository) {
            return Err(self.ending(FailureCause::Doubtful(doubt)));
        }
        let nonce = self.intend(PublishStep::Push).await?;
        if repository.content != Content::Empty {
            return self.end(nonce, StepOutcome::Done).await;
        }
        let error = match self.publisher.push.push(&repository.remote).await {
            Ok(()) => return self.end(nonce, StepOutcome::Done).await,
            Err(error) => error,
        };
        let message = error.to_string();
        let holds_something = |found: Option<&Repository>| {
            found.is_some_and(|repository| repository.content != Content::Empty)
        };
        let found = match &error {
            PushError::Refused { .. } => Ok(Some(repository)),
            PushError::Unknown { .. } => self.look(made.id, holds_something).await,
        };
        match found {
            Ok(Some(found)) if found.content == Content::Empty => {
                self.end(nonce, StepOutcome::NotDone { message }).await?;
                Err(self.compensate(made, FailureCause::Push(error)).await)
            }
            Ok(Some(found)) if self.order.claim().check(&found).is_ok() => {
                self.end(nonce, StepOutcome::Done).await
            }
            Ok(_) | Err(_) => {
                self.end(nonce, StepOutcome::Unknown { message }).await?;
                Err(self.ending(FailureCause::Push(error)))
            }
        }
    }

    /// After a stop in the middle of a push: did it arrive?
    async fn find_pushed(&mut self, made: &CreatedRepo, nonce: u64) -> Result<(), PublishError> {
        match self.look(made.id, |found| found.is_some()).await {
            Ok(Some(repository)) => {
                if let Err(doubt) = self.order.claim().check(&repository) {
                    return Err(self.ending(FailureCause::Doubtful(doubt)));
                }
                let outcome = if repository.content == Content::Empty {
                    let message = "it had not arrived when the run was resumed".to_owned();
                    StepOutcome::NotDone { message }
                } else {
                    StepOutcome::Done
                };
                self.end(nonce, outcome).await
            }
            Ok(None) => Err(self.ending(FailureCause::NotShowing)),
            Err(error) => Err(self.ending(FailureCause::Look(error))),
        }
    }

    async fn finish(&mut self, made: &CreatedRepo) -> Result<PublishedRepo, PublishError> {
        let repository = self.read_back(made).await?;
        let wanted = self.order.description.clone();
        let is_described = repository.description == wanted;
        if !is_described && repository.description != self.order.marker.description() {
            return Err(self.ending(FailureCause::Doubtful(OwnershipError::Marker)));
        }
        let nonce = match self.stage {
            Stage::Describing { nonce, .. } => nonce,
            _ => self.intend(PublishStep::Describe).await?,
        };
        if !is_described {
            // The same text for the same number: a second time does no harm, but is left to a resumed run.
            if let Err(error) = self
                .publisher
                .forge
                .set_description(&repository, &wanted)
                .await
            {
                let is_it = |found: Option<&Repository>| {
                    found.is_some_and(|repository| repository.description == wanted)
                };
                let message = error.to_string();
                let outcome = match &error {
                    ForgeError::OutcomeUnknown { .. } => match self.look(made.id, is_it).await {
                        Ok(found) if is_it(found.as_ref()) => StepOutcome::Done,
                        Ok(_) | Err(_) => StepOutcome::Unknown { message },
                    },
                    _ => StepOutcome::NotDone { message },
                };
                let is_done = outcome == StepOutcome::Done;
                self.end(nonce, outcome).await?;
                if !is_done {
                    return Err(self.ending(FailureCause::Forge {
                        step: PublishStep::Describe,
                        error,
                    }));
                }
                return Ok(self.published(repository));
            }
        }
        self.end(nonce, StepOutcome::Done).await?;
        Ok(self.published(repository))
    }

    /// The repository as the forge has it, once it is what was promised.
    async fn read_back(&self, made: &CreatedRepo) -> Result<Repository, PublishError> {
        let promised = Content::Branch(Branch {
            name: BRANCH.to_owned(),
            commit: self.order.commit.clone(),
            tree: self.order.tree.clone(),
        });
        let is_it = |found: Option<&Repository>| {
            found.is_some_and(|repository| repository.content == promised)
        };
        match self.look(made.id, is_it).await {
            Ok(Some(repository)) if repository.content == promised => {
                if self.order.place.is_exactly(&repository.full_name) {
                    return Ok(repository);
                }
                Err(self.ending(FailureCause::Doubtful(OwnershipError::Name {
                    found: repository.full_name,
                    expected: self.order.place.to_string(),
                })))
            }
            Ok(Some(repository)) => Err(self.ending(FailureCause::Differs {
                found: repository.content.to_string(),
                commit: self.order.commit.clone(),
                tree: self.order.tree.clone(),
            })),
            Ok(None) => Err(self.ending(FailureCause::NotShowing)),
            Err(error) => Err(self.ending(FailureCause::Look(error))),
        }
    }

    async fn compensate(&mut self, made: &CreatedRepo, why: FailureCause) -> PublishError {
        match self.remove(made).await {
            Ok(Removal::Gone) => PublishError::NothingLeft { why },
            Ok(Removal::Kept(kept)) => self.ending(why).keeping(kept),
            Err(error) => error,
        }
    }

    /// Removes the repository when it is ours, and finds out whether that happened.
    pub(super) async fn remove(&mut self, made: &CreatedRepo) -> Result<Removal, PublishError> {
        let nonce = self.intend(PublishStep::Delete).await?;
        let Err(error) = self
            .publisher
            .forge
            .delete(made.id, &self.order.claim())
            .await
        else {
            self.end(nonce, StepOutcome::Done).await?;
            return Ok(Removal::Gone);
        };
        let message = error.to_string();
        let outcome = match &error {
            ForgeError::OutcomeUnknown { .. } => {
                match self.look(made.id, |found| found.is_none()).await {
                    Ok(None) => StepOutcome::Done,
                    Ok(Some(_)) | Err(_) => StepOutcome::Unknown { message },
                }
            }
            _ => StepOutcome::NotDone { message },
        };
        let is_gone = outcome == StepOutcome::Done;
        self.end(nonce, outcome).await?;
        Ok(if is_gone {
            Removal::Gone
        } else {
            Removal::Kept(error)
        })
    }

    /// Records that the repository is not there any more, whoever removed it.
    pub(super) async fn forget(&mut self) -> Result<(), PublishError> {
        let nonce = match self.stage {
            Stage::Deleting { nonce, .. } => nonce,
            _ => self.intend(PublishStep::Delete).await?,
        };
        self.end(nonce, StepOutcome::Done).await
    }

    /// Looks at the repository until it is seen as wanted, or patience ends.
    pub(super) async fn look(
        &self,
        id: RepositoryId,
        is_enough: impl Fn(Option<&Repository>) -> bool + Send + Sync,
    ) -> Result<Option<Repository>, ForgeError> {
        for wait in WAITS {
            let result = self.publisher.forge.repository(id).await;
            let is_enough = result.as_ref().is_ok_and(|found| is_enough(found.as_ref()));
            match pause(&result, is_enough, wait) {
                Some(pause) => self.publisher.clock.sleep(pause).await,
                None => return result,
            }
        }
        self.publisher.forge.repository(id).await
    }

    async fn standing(
        &self,
        is_enough: impl Fn(&Availability) -> bool + Send + Sync,
    ) -> Result<Availability, ForgeError> {
        for wait in WAITS {
            let result = self.publisher.forge.availability(&self.order.place).await;
            match pause(&result, result.as_ref().is_ok_and(&is_enough), wait) {
                Some(pause) => self.publisher.clock.sleep(pause).await,
                None => return result,
            }
        }
        self.publisher.forge.availability(&self.order.place).await
    }

    async fn intend(&mut self, step: PublishStep) -> Result<u64, PublishError> {
        let nonce = getrandom::u64().map_err(|error| {
            let message = error.to_string();
            let ledger = "of this run".to_owned();
            self.ending(FailureCause::Ledger(LedgerError::Storage {
                ledger,
                action: "continued",
                message,
            }))
        })?;
        // 53 bits, so that every JSON reader sees the same number.
        let nonce = nonce >> 11;
        self.record(LedgerEntry::Intended {
            step,
            nonce,
            at: self.now(),
        })
        .await?;
        Ok(nonce)
    }

    pub(super) async fn end(
        &mut self,
        nonce: u64,
        outcome: StepOutcome,
    ) -> Result<(), PublishError> {
        self.record(LedgerEntry::Ended {
            nonce,
            at: self.now(),
            outcome,
        })
        .await
    }

    async fn record(&mut self, entry: LedgerEntry) -> Result<(), PublishError> {
        let next = self.stage.clone().next(&entry);
        let next = next.ok_or(PublishError::Ledger(LedgerError::OutOfOrder { at: 0 }))?;
        let recorded = self.ledger.record(&entry).await;
        recorded.map_err(|error| self.ending(FailureCause::Ledger(error)))?;
        self.stage = next;
        Ok(())
    }

    fn now(&self) -> i64 {
        self.publisher.clock.now() / 1000
    }

    fn published(&self, repository: Repository) -> PublishedRepo {
        PublishedRepo {
            id: repository.id,
            full_name: repository.full_name,
            remote: repository.remote,
            commit: self.order.commit.clone(),
            tree: self.order.tree.clone(),
        }
    }

    /// How a run that stops here ends: with nothing, or with the account of what is there.
    pub(super) fn ending(&self, why: FailureCause) -> PublishError {
        let kind = match (&self.stage, &why) {
            (Stage::Begun | Stage::Gone, _) => return PublishError::NothingLeft { why },
            (Stage::Creating { .. }, _) => RemainsKind::MayAppear,
            (
                Stage::Pushed(_) | Stage::Describing { .. } | Stage::Published(_),
                FailureCause::Differs { .. },
            ) => RemainsKind::Unfinished,
            (Stage::Pushed(_) | Stage::Describing { .. } | Stage::Published(_), _) => {
                RemainsKind::Complete
            }
            (Stage::Created(_) | Stage::Pushing { .. } | Stage::Deleting { .. }, _) => {
                RemainsKind::Unfinished
            }
        };
        let id = self.stage.made().map(|made| made.id);
        let left = Remains {
            place: self.order.place.clone(),
            id,
            kind,
            kept: None,
            removal: self.publisher.forge.removal_command(&self.order.place, id),
        };
        PublishError::Left {
            why,
            left: Box::new(left),
        }
    }
}

/// How long to wait before the same question, when it is worth asking again.
fn pause<T>(result: &Result<T, ForgeError>, is_enough: bool, wait: u64) -> Option<Duration> {
    match result {
        Ok(_) if is_enough => None,
        Ok(_) | Err(ForgeError::Unavailable { .. }) => Some(Duration::from_secs(wait)),
        Err(ForgeError::RateLimited { retry_after }) if *retry_after <= LONGEST_WAIT => {
            Some(*retry_after)
        }
        Err(_) => None,
    }
}

impl From<Repository> for CreatedRepo {
    fn from(repository: Repository) -> Self {
        Self {
            id: repository.id,
            full_name: repository.full_name,
            created_at: repository.created_at,
        }
    }
}
