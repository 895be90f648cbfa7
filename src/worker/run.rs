//! One attempt at a run, from the claim to its end: nothing is begun without the lease, nothing is left unsaid.

use super::build;
use super::context::{TokenError, WorkerContext};
use super::lease_keeper::{HeldLease, LeaseKeeper, Shutdown};
use super::ledger::StoreLedger;
use super::log::RunLog;
use super::metrics::MeasuredStep;
use super::outcome::{AttemptError, AttemptOutcome};
use super::retry::Retry;
use crate::forge::Forge;
use crate::forge::marker::Marker;
use crate::forge::repository::Remote;
use crate::preflight::target;
use crate::publish::Publisher;
use crate::publish::git_push::GitPush;
use crate::publish::ledger::{Ledger as _, PublishRequest};
use crate::publish::outcome::{CleanupOutcome, PublishedRepo};
use crate::publish::push::{Push, PushError};
use crate::publish::stage::{self, Stage};
use crate::resolve::stored::Accepted;
use crate::secret::Secret;
use crate::store::change::{Actor, RunChange};
use crate::store::error::StoreError;
use crate::store::job::JobStatus;
use crate::store::lease::Lease;
use crate::store::recovery::Recovery;
use crate::store::run::{JobPayload, Run, RunFilter, RunStatus};
use async_trait::async_trait;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

/// An attempt under one lease.
struct Attempt {
    means: Arc<WorkerContext>,
    lease: Lease,
    hold: LeaseKeeper,
    log: RunLog,
    /// Raised when what is built or pushed is to end.
    ended: Arc<AtomicBool>,
}

/// Carries out the job that a lease is about, and says in `log` what it does.
pub async fn carry_out(
    means: &Arc<WorkerContext>,
    lease: Lease,
    log: RunLog,
    shift: watch::Receiver<Shutdown>,
) -> AttemptOutcome {
    let begun = Instant::now();
    let attempt = Attempt::new(means, lease, log, shift);
    attempt.say("claim", &format!("taken by {}", means.worker));
    let outcome = tokio::select! {
        outcome = attempt.carry_out() => outcome,
        () = attempt.hold.lost() => AttemptOutcome::Lost,
        () = attempt.hold.over() => attempt.end(AttemptError::Stopping, 0, None).await,
    };
    means.meter.took(MeasuredStep::attempt, begun.elapsed());
    attempt.say("end", outcome.as_str());
    outcome
}

/// Removes what a run that has ended left on the forge.
///
/// # Errors
/// A sentence that says why it is still there.
pub async fn clean_up(
    means: &Arc<WorkerContext>,
    lease: Lease,
    log: RunLog,
) -> Result<CleanupOutcome, String> {
    let (_open, shift) = watch::channel(Shutdown::On);
    let attempt = Attempt::new(means, lease, log, shift);
    let cleaned = match attempt.clean_up().await {
        Ok(cleaned) => cleaned,
        Err(stop) => Err(attempt.log.clean(&stop.to_string())),
    };
    if let Err(why) = &cleaned {
        // So that the next try need not wait until the lease runs out.
        let why = why.clone();
        drop(attempt.change(&RunChange::HandBack { why }).await);
    }
    cleaned
}

impl Attempt {
    fn new(
        means: &Arc<WorkerContext>,
        lease: Lease,
        log: RunLog,
        shift: watch::Receiver<Shutdown>,
    ) -> Self {
        let store = Arc::clone(&means.store);
        Self {
            hold: LeaseKeeper::start(store, lease.clone(), means.renewed_every, shift),
            means: Arc::clone(means),
            lease,
            log,
            ended: Arc::default(),
        }
    }

    async fn clean_up(&self) -> Result<Result<CleanupOutcome, String>, AttemptError> {
        let task = self.task().await?;
        let secret = self.secret(&task)?;
        let forge = self.forge(secret.as_ref())?;
        let cleaned = self.take_back(&*forge).await?;
        if cleaned.is_ok() {
            self.change(&RunChange::CleanUp).await?;
        }
        Ok(cleaned)
    }

    async fn carry_out(&self) -> AttemptOutcome {
        let mut task = match self.task().await {
            Ok(task) => task,
            Err(stop) => return self.end(stop, 0, None).await,
        };
        let retries = task.run.retries;
        let secret = match self.secret(&task) {
            Ok(secret) => secret,
            Err(stop) => return self.end(stop, retries, None).await,
        };
        let secret = secret.as_ref();
        let done = match self.make(&mut task, secret).await {
            Ok(published) => self.succeed(&published).await,
            Err(stop) => Err(stop),
        };
        match done {
            Ok(outcome) => outcome,
            Err(stop) => self.end(stop, retries, secret).await,
        }
    }

    /// From the stored plan to the published repository.
    async fn make(
        &self,
        task: &mut JobPayload,
        secret: Option<&Secret>,
    ) -> Result<PublishedRepo, AttemptError> {
        self.check()?;
        if task.run.job_status == JobStatus::Cancelled {
            return Err(AttemptError::Cancelled);
        }
        let accepted = Arc::new(build::read(&self.means, task)?);
        let plan = &accepted.report.plan_hash;
        self.say(
            "plan",
            &format!("{} promises tree {}", plan.short(), accepted.tree),
        );
        let begun = match task.entries.as_slice() {
            [] => None,
            entries => Some(stage::read(entries)?),
        };
        let room = Arc::new(self.means.workshop.room(&self.lease)?);
        let repository = room.path().join("repository.git");
        let is_pushed = |stage: &Stage| {
            matches!(
                stage,
                Stage::Pushed(_) | Stage::Describing { .. } | Stage::Published(_)
            )
        };
        let mut scopes: &[&str] = &[];
        if let Some((order, _)) = &begun {
            check_order(order, &accepted)?;
        }
        if !begun.as_ref().is_some_and(|(_, stage)| is_pushed(stage)) {
            let (means, ended) = (Arc::clone(&self.means), Arc::clone(&self.ended));
            let (accepted, target) = (Arc::clone(&accepted), repository.clone());
            let (run, room) = (task.run.clone(), Arc::clone(&room));
            let begun_at = Instant::now();
            let built = spawn_blocking(move || {
                // The folder lives as long as somebody writes in it.
                let _room = room;
                build::build(&means, &run, &accepted, &target, &ended)
            });
            scopes = built
                .await
                .map_err(|_| AttemptError::Fault(PANIC.to_owned()))??;
            self.means
                .meter
                .took(MeasuredStep::build, begun_at.elapsed());
            self.say("build", "the tree is the promised one");
            self.check()?;
        }
        let forge = self.forge(secret)?;
        let order = match &begun {
            Some(_) => None,
            None => Some(self.order(&*forge, &accepted, scopes).await?),
        };
        self.change(&RunChange::Start).await?;
        let push = self.push(repository, secret);
        let publisher = Publisher {
            forge: &*forge,
            push: &push,
            clock: &*self.means.clock,
        };
        let mut ledger = self.ledger();
        let published = match order {
            Some(order) => publisher.publish(&mut ledger, order).await,
            None => publisher.resume(&mut ledger).await,
        };
        Ok(published?)
    }

    /// Everything random or timed about the run, decided once.
    async fn order(
        &self,
        forge: &dyn Forge,
        accepted: &Accepted,
        scopes: &[&'static str],
    ) -> Result<PublishRequest, AttemptError> {
        let inputs = &accepted.plan.inputs;
        let (place, kind) = target::resolve(forge, inputs, scopes).await?;
        let marker = Marker::generate().map_err(|error| {
            AttemptError::Passing(format!("the system gives no random numbers: {error}"))
        })?;
        Ok(PublishRequest {
            place,
            kind,
            marker,
            commit: accepted.commit.clone(),
            tree: accepted.tree.clone(),
            description: inputs.product_name.to_string(),
            asked_at: self.means.clock.now() / 1000,
        })
    }

    async fn succeed(&self, published: &PublishedRepo) -> Result<AttemptOutcome, AttemptError> {
        let remote = published.remote.to_string();
        // A page has its repository's address without the ending; a folder is called as it is.
        let page = remote
            .strip_suffix(".git")
            .filter(|_| remote.contains("://"));
        let repo_url = page.unwrap_or(&remote).to_owned();
        self.change(&RunChange::Succeed { repo_url }).await?;
        Ok(AttemptOutcome::Succeeded)
    }

    /// Takes back what a cancelled run made.
    async fn withdraw(&self, secret: Option<&Secret>) -> AttemptOutcome {
        let taken = match self.forge(secret) {
            Ok(forge) => self.take_back(&*forge).await,
            Err(stop) => Err(stop),
        };
        let left = match taken {
            Ok(Ok(_)) => None,
            Ok(Err(left)) => Some(left),
            Err(stop @ (AttemptError::Away(_) | AttemptError::Lost)) => {
                return self.unwritten(&stop);
            }
            Err(_) => self.left().await,
        };
        let is_left = left.is_some();
        match self.change(&RunChange::Withdraw { left }).await {
            Ok(_) => AttemptOutcome::Cancelled { left: is_left },
            Err(stop) => self.unwritten(&stop),
        }
    }

    /// The lease runs out, and the next sweep finds the run.
    fn unwritten(&self, stop: &AttemptError) -> AttemptOutcome {
        self.say("stop", &format!("the end was not written: {stop}"));
        match stop {
            AttemptError::Away(_) => AttemptOutcome::Troubled,
            _ => AttemptOutcome::Lost,
        }
    }

    /// Removes what the ledger says was made. The inner error says what is left.
    async fn take_back(
        &self,
        forge: &dyn Forge,
    ) -> Result<Result<CleanupOutcome, String>, AttemptError> {
        let mut ledger = self.ledger();
        if ledger.entries().await?.is_empty() {
            return Ok(Ok(CleanupOutcome::Nothing));
        }
        let push = self.push(PathBuf::new(), None);
        let publisher = Publisher {
            forge,
            push: &push,
            clock: &*self.means.clock,
        };
        Ok(match publisher.cleanup(&mut ledger).await {
            Ok(cleaned) => Ok(cleaned),
            Err(error) => {
                let message = self.log.clean(&error.to_string());
                match AttemptError::from(error) {
                    stop @ (AttemptError::Away(_) | AttemptError::Lost) => return Err(stop),
                    _ => Err(message),
                }
            }
        })
    }

    /// Writes down how an attempt stopped, as far as that may and can be written.
    async fn end(
        &self,
        stop: AttemptError,
        retries: i64,
        secret: Option<&Secret>,
    ) -> AttemptOutcome {
        self.say("stop", &stop.to_string());
        let stop = stop.reworded(|text| self.log.clean(text));
        let goes_on = match self.means.recovery {
            Recovery::Resume { attempts } => retries < attempts,
            Recovery::Fail => false,
        };
        let (change, outcome) = match stop {
            AttemptError::Lost => return AttemptOutcome::Lost,
            AttemptError::Cancelled => return self.withdraw(secret).await,
            AttemptError::Stopping => {
                let why = "the worker stops".to_owned();
                (RunChange::HandBack { why }, AttemptOutcome::HandedBack)
            }
            AttemptError::Away(why) => (RunChange::HandBack { why }, AttemptOutcome::Troubled),
            AttemptError::Passing(why) if goes_on => {
                (RunChange::HandBack { why }, AttemptOutcome::Troubled)
            }
            AttemptError::Hold(risk) => (RunChange::Hold { risk }, AttemptOutcome::Held),
            AttemptError::Passing(error) => (self.fail(error).await, AttemptOutcome::Troubled),
            AttemptError::Credential(error) => (self.fail(error).await, AttemptOutcome::Refused),
            AttemptError::Fault(error) => (
                self.fail(error).await,
                AttemptOutcome::Failed { left: false },
            ),
        };
        match self.change(&change).await {
            Ok(run) if outcome == (AttemptOutcome::Failed { left: false }) => {
                AttemptOutcome::Failed {
                    left: run.status == RunStatus::FailedNeedsCleanup,
                }
            }
            Ok(_) => outcome,
            Err(AttemptError::Cancelled) => self.withdraw(secret).await,
            Err(stop) => self.unwritten(&stop),
        }
    }

    /// A failure, with what the ledger says is outside.
    async fn fail(&self, error: String) -> RunChange {
        let left = self.left().await;
        RunChange::Fail { error, left }
    }

    async fn left(&self) -> Option<String> {
        let entries = self.means.store.entries(&self.lease.run).await.ok()?;
        let (order, stage) = stage::read(&entries).ok()?;
        let place = order.place;
        Some(match stage {
            Stage::Begun | Stage::Gone => return None,
            Stage::Creating { .. } => format!("`{place}` was not seen and may still appear"),
            Stage::Created(made) | Stage::Pushing { made, .. } | Stage::Deleting { made, .. } => {
                format!("`{place}` is left unfinished (number {})", made.id)
            }
            Stage::Pushed(made) | Stage::Describing { made, .. } | Stage::Published(made) => {
                format!(
                    "`{place}` is left with the right commit (number {})",
                    made.id
                )
            }
        })
    }

    async fn task(&self) -> Result<JobPayload, AttemptError> {
        let mut patience = self.patience();
        loop {
            let task = self.means.store.payload(&self.lease).await;
            if let Some(task) = patience.settle(task).await {
                return Ok(task?);
            }
        }
    }

    /// Moves the run. Where no answer came, it is looked at whether it has moved.
    async fn change(&self, change: &RunChange) -> Result<Run, AttemptError> {
        let run = &self.lease.run;
        let mut patience = self.patience();
        loop {
            let changed = self
                .means
                .store
                .change(run, Actor::Worker(&self.lease), change);
            let Some(changed) = patience.settle(changed.await).await else {
                continue;
            };
            let error = match changed {
                Ok(run) => return Ok(run),
                Err(error) => error,
            };
            let is_moved = matches!(
                error,
                StoreError::LeaseLost { .. } | StoreError::Conflict { .. }
            );
            if is_moved && let Some(found) = self.found().await {
                if patience.is_again() && leads_to(change, found.status) {
                    return Ok(found);
                }
                if found.job_status == JobStatus::Cancelled
                    && found.status.is_active()
                    && matches!(error, StoreError::Conflict { .. })
                {
                    return Err(AttemptError::Cancelled);
                }
            }
            return Err(error.into());
        }
    }

    async fn found(&self) -> Option<Run> {
        let filter = RunFilter::one(&self.lease.run);
        self.means.store.runs(&filter).await.ok()?.pop()
    }

    /// Whether another step may be begun.
    fn check(&self) -> Result<(), AttemptError> {
        match self.hold.grip() {
            HeldLease::Held if self.hold.is_closing() => Err(AttemptError::Stopping),
            HeldLease::Held => Ok(()),
            HeldLease::Cancelled => Err(AttemptError::Cancelled),
            HeldLease::Lost => Err(AttemptError::Lost),
        }
    }

    fn secret(&self, task: &JobPayload) -> Result<Option<Secret>, AttemptError> {
        let token = self
            .means
            .token(&task.run.user, task.sealed_token.as_deref())?;
        if let Some(token) = &token {
            self.log.hide(token);
        }
        Ok(token)
    }

    fn forge(&self, secret: Option<&Secret>) -> Result<Box<dyn Forge>, AttemptError> {
        let missing = || AttemptError::from(TokenError::None);
        let token = || secret.map(Secret::copy).ok_or_else(missing);
        let clock = Arc::clone(&self.means.clock);
        let means = &self.means;
        means.forge.connect(token, means.forge_patience, clock)
    }

    fn push(&self, repository: PathBuf, secret: Option<&Secret>) -> PushAside {
        let means = &self.means.push;
        PushAside {
            push: Arc::new(GitPush {
                git: Arc::clone(&means.git),
                repository,
                user: means.user.clone(),
                secret: secret.map(Secret::copy),
            }),
            ended: Arc::clone(&self.ended),
        }
    }

    fn ledger(&self) -> StoreLedger<'_> {
        StoreLedger {
            store: &*self.means.store,
            lease: &self.lease,
            hold: &self.hold,
            clock: &*self.means.clock,
            meter: &self.means.meter,
            log: &self.log,
            begun: None,
        }
    }

    fn say(&self, step: &'static str, text: &str) {
        self.log.say(self.means.clock.now(), step, text);
    }

    fn patience(&self) -> Retry<'_> {
        Retry::new(&*self.means.clock, &self.hold)
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
    }
}

/// Said when a thread of ours died; its own message is in the log.
const PANIC: &str = "groundplan has failed while it built the tree; this is a fault of the program";

/// Whether a run stands where a change leads to.
fn leads_to(change: &RunChange, found: RunStatus) -> bool {
    match change {
        RunChange::Start => found == RunStatus::Running,
        RunChange::Succeed { .. } => found == RunStatus::Succeeded,
        RunChange::Fail { .. } => {
            matches!(found, RunStatus::Failed | RunStatus::FailedNeedsCleanup)
        }
        RunChange::Withdraw { .. } => {
            matches!(found, RunStatus::Cancelled | RunStatus::FailedNeedsCleanup)
        }
        RunChange::HandBack { .. } | RunChange::Hold { .. } => found == RunStatus::Pending,
        RunChange::CleanUp => found == RunStatus::Failed,
        RunChange::Cancel | RunChange::Retry | RunChange::Approve { .. } | RunChange::Release => {
            false
        }
    }
}

/// A run goes on with what it ordered, so that has to be what is built now.
fn check_order(order: &PublishRequest, accepted: &Accepted) -> Result<(), AttemptError> {
    if order.tree == accepted.tree && order.commit == accepted.commit {
        return Ok(());
    }
    Err(AttemptError::Fault(format!(
        "the run has begun with commit {}, and its plan now gives {}",
        order.commit, accepted.commit
    )))
}

/// Pushes on a thread of its own, so that the lease is renewed meanwhile.
struct PushAside {
    push: Arc<GitPush>,
    ended: Arc<AtomicBool>,
}

#[async_trait]
impl Push for PushAside {
    async fn push(&self, remote: &Remote) -> Result<(), PushError> {
        let (push, ended) = (Arc::clone(&self.push), Arc::clone(&self.ended));
        let remote = remote.clone();
        let pushed = spawn_blocking(move || push.run(&remote, &ended)).await;
        pushed.unwrap_or_else(|_| {
            let message = "groundplan has failed while it pushed".to_owned();
            Err(PushError::Unknown { message })
        })
    }
}
