//! One attempt at a run under one lease: load, build, publish, record. An update is in `update.rs`.

use super::build::{self, BuildError, BuiltRepo};
use super::context::{UserTokenError, WorkerContext};
use super::lease_keeper::{LeaseKeeper, Shutdown};
use super::ledger::StoreLedger;
use super::log::{LogLevel, RunLog};
use super::metrics::MeasuredStep;
use super::outcome::{AttemptError, AttemptOutcome, CleanupError};
use super::retry::retry;
use crate::forge::Forge;
use crate::forge::marker::Marker;
use crate::forge::repository::Remote;
use crate::git::{PreviousObject, PushedReference};
use crate::model::digest::GitId;
use crate::preflight::target;
use crate::publish::git_push::GitPush;
use crate::publish::ledger::{Ledger as _, LedgerEntry, PublishRequest};
use crate::publish::push::{Push, PushError};
use crate::publish::stage;
use crate::publish::{CleanupOutcome, PublishedRepo, Publisher};
use crate::resolve::stored::Accepted;
use crate::secret::Secret;
use crate::signing::statement::Creator;
use crate::store::change::RunChange;
use crate::store::job::{JobKind, JobStatus};
use crate::store::lease::Lease;
use crate::store::run::JobPayload;
use crate::tree::commits::Commits;
use crate::tree::git::GitTreeError;
use crate::tree::signed::NOTES_REF;
use async_trait::async_trait;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

/// An attempt under one lease.
pub(super) struct Attempt {
    pub(super) context: Arc<WorkerContext>,
    pub(super) lease: LeaseKeeper,
    pub(super) run_log: RunLog,
    /// The number of earlier retries, once the job is loaded.
    pub(super) retries: OnceLock<i64>,
    /// The user's token, once the job is loaded, if the forge needs one.
    token: OnceLock<Secret>,
    /// Stops builds and pushes on other threads when the attempt ends.
    pub(super) stop: Arc<AtomicBool>,
}

/// The result of the build step.
struct Built {
    accepted: Arc<Accepted>,
    /// The folder of the built repository, removed with this value.
    folder: Arc<TempDir>,
    /// The repository in it; none if an earlier attempt has pushed it.
    repo: Option<BuiltRepo>,
    /// True if an earlier attempt has started to publish.
    is_resumed: bool,
}

/// Executes the job of a lease and writes its progress to `log`.
pub async fn execute(
    context: &Arc<WorkerContext>,
    lease: Lease,
    log: RunLog,
    shutdown: watch::Receiver<Shutdown>,
) -> AttemptOutcome {
    let started = Instant::now();
    let attempt = Attempt::new(context, lease, log, shutdown);
    attempt.log("claim", &format!("claimed by {}", context.worker));
    let outcome = tokio::select! {
        outcome = attempt.execute() => outcome,
        () = attempt.lease.until_lost() => AttemptOutcome::LeaseLost,
        () = attempt.lease.until_aborted() => attempt.record_failure(AttemptError::Stopping).await,
    };
    context
        .metrics
        .observe(MeasuredStep::attempt, started.elapsed());
    attempt.log_at(outcome.severity(), "end", outcome.as_str());
    outcome
}

/// Removes the repository that a failed run left on the forge.
pub async fn clean_up(
    context: &Arc<WorkerContext>,
    lease: Lease,
    log: RunLog,
) -> Result<CleanupOutcome, CleanupError> {
    let (_running, shutdown) = watch::channel(Shutdown::Running);
    let attempt = Attempt::new(context, lease, log, shutdown);
    let cleaned = attempt
        .clean_up()
        .await
        .map_err(|error| attempt.run_log.scrub(&error.to_string()));
    if let Err(why) = &cleaned {
        // Without this the next try has to wait until the lease expires.
        let released = attempt
            .change(&RunChange::HandBack { why: why.clone() })
            .await;
        if let Err(error) = released {
            let text = format!("the lease was not released: {error}");
            attempt.log_at(LogLevel::Warning, "stop", &text);
        }
    }
    cleaned.map_err(CleanupError)
}

impl Attempt {
    fn new(
        context: &Arc<WorkerContext>,
        lease: Lease,
        log: RunLog,
        shutdown: watch::Receiver<Shutdown>,
    ) -> Self {
        let store = Arc::clone(&context.store);
        Self {
            lease: LeaseKeeper::start(store, lease, context.renewal_interval, shutdown),
            context: Arc::clone(context),
            run_log: log,
            retries: OnceLock::new(),
            token: OnceLock::new(),
            stop: Arc::default(),
        }
    }

    async fn execute(&self) -> AttemptOutcome {
        match self.carry_out().await {
            Ok(()) => AttemptOutcome::Succeeded,
            Err(error) => self.record_failure(error).await,
        }
    }

    async fn carry_out(&self) -> Result<(), AttemptError> {
        let job = self.load().await?;
        match job.run.kind {
            // On the heap: its state is much larger than that of the other steps.
            JobKind::UpdateRepo => Box::pin(self.update_repository(job)).await,
            _ => self.create_repository(job).await,
        }
    }

    async fn create_repository(&self, job: JobPayload) -> Result<(), AttemptError> {
        let built = self.build(job).await?;
        let published = self.publish(&built).await?;
        let statement = self.publish_note(&built, &published).await;
        self.record_success(&published, statement).await
    }

    async fn clean_up(&self) -> Result<CleanupOutcome, AttemptError> {
        self.load().await?;
        let outcome = self.roll_back().await?;
        self.change(&RunChange::CleanUp).await?;
        Ok(outcome)
    }

    /// Loads the accepted plan, the ledger and the user's token.
    async fn load(&self) -> Result<JobPayload, AttemptError> {
        let context = &self.context;
        let job = retry(&*context.clock, &self.lease, || {
            context.store.payload(&self.lease)
        })
        .await
        .result?;
        self.retries.get_or_init(|| job.run.retries);
        if let Some(token) = context.token(&job.run.user, job.sealed_token.as_deref())? {
            self.run_log.hide_secret(&token);
            self.token.get_or_init(|| token);
        }
        Ok(job)
    }

    /// Builds the repository, unless an earlier attempt has pushed it already.
    async fn build(&self, mut job: JobPayload) -> Result<Built, AttemptError> {
        self.lease.check()?;
        if job.run.job_status == JobStatus::Cancelled {
            return Err(AttemptError::Cancelled);
        }
        let accepted = Arc::new(build::read(&self.context, &mut job)?);
        let plan = &accepted.report.plan_hash;
        self.log(
            "plan",
            &format!("{} promises tree {}", plan.short(), accepted.tree),
        );
        let earlier = match job.entries.as_slice() {
            [] => None,
            entries => Some(stage::read(entries)?),
        };
        match &earlier {
            Some((request, _)) => build::check_request(request, &accepted)?,
            // Rights may have changed since the submission.
            None => self.context.policy.check_roles(
                &accepted.plan,
                &job.run.user,
                job.is_user_administrator,
            )?,
        }
        let folder = self.context.workspace.attempt_dir(&self.lease);
        let mut built = Built {
            folder: Arc::new(folder.map_err(BuildError::Folder)?),
            accepted,
            repo: None,
            is_resumed: earlier.is_some(),
        };
        let is_pushed = earlier.as_ref().is_some_and(|(_, stage)| stage.is_pushed());
        if is_pushed && self.context.signing.is_none() {
            return Ok(built);
        }
        let written = self.write_repository(&job, &built).await;
        let checked = match (written, &earlier) {
            (Ok(repo), Some((request, _))) => {
                let checked = build::check_commit(request, &repo.commit);
                checked.map(|()| repo).map_err(AttemptError::from)
            }
            (written, _) => written,
        };
        built.repo = match checked {
            Ok(repo) => Some(repo),
            // The repository is there; only its note needs the built one.
            Err(error) if is_pushed => {
                self.warn_of_note(&error.to_string());
                None
            }
            Err(error) => return Err(error),
        };
        self.lease.check()?;
        Ok(built)
    }

    /// Writes the repository on a separate thread.
    async fn write_repository(
        &self,
        job: &JobPayload,
        built: &Built,
    ) -> Result<BuiltRepo, AttemptError> {
        let started = Instant::now();
        let task = build::Task {
            context: Arc::clone(&self.context),
            approval: job.run.approval.clone(),
            is_approver_administrator: job.is_approver_administrator,
            accepted: Arc::clone(&built.accepted),
            creator: Creator {
                actor: job.run.user.to_string(),
                run: Some(job.run.id.to_string()),
            },
            target: built.repository(),
            stop: Arc::clone(&self.stop),
        };
        let folder = Arc::clone(&built.folder);
        let repo = spawn_blocking(move || {
            // Keeps the folder until this thread has stopped writing.
            let _folder = folder;
            task.run()
        })
        .await
        .map_err(BuildError::from)??;
        self.context
            .metrics
            .observe(MeasuredStep::build, started.elapsed());
        self.log("build", "the tree matches the accepted one");
        Ok(repo)
    }

    /// Publishes the built repository, or continues where an earlier attempt stopped.
    async fn publish(&self, built: &Built) -> Result<PublishedRepo, AttemptError> {
        let forge = self.forge()?;
        let request = if built.is_resumed {
            None
        } else {
            Some(self.request(&*forge, built).await?)
        };
        self.change(&RunChange::Start).await?;
        let push = self.push(built.repository());
        let publisher = self.publisher(&*forge, &push);
        let mut ledger = self.ledger();
        let published = match request {
            Some(request) => publisher.publish(&mut ledger, request).await,
            None => publisher.resume(&mut ledger).await,
        };
        Ok(published?)
    }

    /// Pushes the note with the signed statement to the published repository, and gives the statement. A failure is logged
    /// and changes nothing else: the repository is complete without it.
    async fn publish_note(&self, built: &Built, published: &PublishedRepo) -> Option<Value> {
        self.context.signing.as_ref()?;
        let repo = built.repo.as_ref()?;
        let repository = built.repository();
        let (commit, statement) = match read_note(&repository, &repo.commit) {
            Ok(Some(note)) => note,
            Ok(None) => {
                self.warn_of_note("the built repository has none");
                return None;
            }
            Err(error) => {
                self.warn_of_note(&error.to_string());
                return None;
            }
        };
        let note = PushedReference {
            name: NOTES_REF.to_owned(),
            commit,
            previous: PreviousObject::Missing,
        };
        match self.push(repository).branch(&published.remote, note).await {
            Ok(()) => self.log("note", &format!("the signed statement is in `{NOTES_REF}`")),
            Err(error) => self.warn_of_note(&error.to_string()),
        }
        statement
    }

    fn warn_of_note(&self, error: &str) {
        let text = format!("the note with the signed statement was not pushed: {error}");
        self.log_at(LogLevel::Warning, "note", &text);
    }

    async fn request(
        &self,
        forge: &dyn Forge,
        built: &Built,
    ) -> Result<PublishRequest, AttemptError> {
        let accepted = &built.accepted;
        let inputs = &accepted.plan.inputs;
        let BuiltRepo {
            commit,
            scopes,
            settings,
        } = built.repo.as_ref().expect("a new run builds first");
        let (repo, owner_kind) = target::resolve(forge, inputs, scopes).await?;
        let marker = Marker::generate().map_err(BuildError::Random)?;
        let request = PublishRequest::new(
            repo,
            owner_kind,
            marker,
            commit.clone(),
            accepted.tree.clone(),
            inputs.product_name.to_string(),
            &*self.context.clock,
        );
        Ok(PublishRequest {
            settings: Box::new(settings.clone()),
            ..request
        })
    }

    /// Removes the repository that the ledger names.
    pub(super) async fn roll_back(&self) -> Result<CleanupOutcome, AttemptError> {
        let forge = self.forge()?;
        let mut ledger = self.ledger();
        // The branch of an update belongs to the people of its repository.
        if matches!(
            ledger.entries().await?.first(),
            None | Some(LedgerEntry::UpdateStarted { .. })
        ) {
            return Ok(CleanupOutcome::Nothing);
        }
        let push = self.push(PathBuf::new());
        Ok(self.publisher(&*forge, &push).cleanup(&mut ledger).await?)
    }

    fn publisher<'p>(&'p self, forge: &'p dyn Forge, push: &'p dyn Push) -> Publisher<'p> {
        Publisher {
            forge,
            push,
            clock: &*self.context.clock,
        }
    }

    pub(super) fn forge(&self) -> Result<Box<dyn Forge>, AttemptError> {
        let context = &self.context;
        let token = || {
            let token = self.token.get().map(Secret::copy);
            token.ok_or_else(|| UserTokenError::Missing.into())
        };
        let clock = Arc::clone(&context.clock);
        context.forge.connect(token, &context.forge_requests, clock)
    }

    fn push(&self, repository: PathBuf) -> BackgroundPush {
        BackgroundPush {
            push: Arc::new(self.git_push(repository)),
            stop: Arc::clone(&self.stop),
        }
    }

    /// The git program over a local repository, with the user's token.
    pub(super) fn git_push(&self, repository: PathBuf) -> GitPush {
        let settings = &self.context.push;
        GitPush {
            git: Arc::clone(&settings.git),
            repository,
            user: settings.user.clone(),
            secret: self.token.get().map(Secret::copy),
        }
    }

    pub(super) fn ledger(&self) -> StoreLedger<'_> {
        StoreLedger::new(&self.context, &self.lease, &self.run_log)
    }

    pub(super) fn log(&self, step: &'static str, text: &str) {
        self.log_at(LogLevel::Info, step, text);
    }

    pub(super) fn log_at(&self, severity: LogLevel, step: &'static str, text: &str) {
        let now = self.context.clock.now();
        self.run_log.write_at(severity, now, step, text);
    }
}

impl Built {
    fn repository(&self) -> PathBuf {
        self.folder.path().join("repository.git")
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// The newest commit of the notes, and the text of the note about a commit as a document.
fn read_note(
    repository: &Path,
    commit: &GitId,
) -> Result<Option<(GitId, Option<Value>)>, GitTreeError> {
    let commits = Commits::open(repository)?;
    let Some(newest) = commits.newest_note()? else {
        return Ok(None);
    };
    let text = commits.note(commit)?;
    // The program wrote it as JSON a moment ago.
    let statement = text.and_then(|text| serde_json::from_slice(&text).ok());
    Ok(Some((newest, statement)))
}

/// Pushes on a separate thread, so that the lease is renewed meanwhile.
struct BackgroundPush {
    push: Arc<GitPush>,
    stop: Arc<AtomicBool>,
}

impl BackgroundPush {
    /// Pushes another reference.
    async fn branch(&self, remote: &Remote, branch: PushedReference) -> Result<(), PushError> {
        let remote = remote.clone();
        self.spawn(move |push, stop| push.references(&remote, std::slice::from_ref(&branch), stop))
            .await
    }

    async fn spawn(
        &self,
        work: impl FnOnce(&GitPush, &AtomicBool) -> Result<(), PushError> + Send + 'static,
    ) -> Result<(), PushError> {
        let (push, stop) = (Arc::clone(&self.push), Arc::clone(&self.stop));
        spawn_blocking(move || work(&push, &stop))
            .await
            .unwrap_or_else(|crash| {
                let message = format!("internal error during the push: {crash}");
                Err(PushError::Unknown { message })
            })
    }
}

#[async_trait]
impl Push for BackgroundPush {
    async fn push(&self, remote: &Remote) -> Result<(), PushError> {
        let remote = remote.clone();
        self.spawn(move |push, stop| push.run(&remote, stop)).await
    }
}
