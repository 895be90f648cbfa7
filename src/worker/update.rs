//! One attempt at the update of a repository under one lease: fetch, compare, propose, record.
//!
//! The branch and the commit follow from the plan and the repository's commit, so that a repeated attempt finds what an earlier one
//! left. The ledger has the intent before the forge is changed, and the commits of earlier attempts.

use super::attempt::Attempt;
use super::build::{self, BuildError};
use super::context::WorkerContext;
use super::metrics::MeasuredStep;
use super::outcome::AttemptError;
use super::record::page_of;
use crate::app::catalogs::{CatalogFiles, OpenedCatalog};
use crate::app::database_catalogs;
use crate::app::error::{AppError, UseCaseError};
use crate::app::generated_repos::GeneratedRepoRequest;
use crate::app::planned_update::PlannedUpdate;
use crate::app::pull_requests::{Proposal, ProposalError, ProposalTarget};
use crate::app::queued_updates;
use crate::app::recorded_sources::{DatabaseVersion, RecordedSources};
use crate::app::templates::TemplateRequest;
use crate::app::update_report::CreatedUpdate;
use crate::app::updates::{self, UpdateRequest};
use crate::catalog::Catalog;
use crate::engine::SelectionChanges;
use crate::error::{Class, Explain, chain};
use crate::forge::Forge;
use crate::forge::error::ForgeError;
use crate::forge::repository::{Remote, RepoPath};
use crate::git::PushedReference;
use crate::model::condition::InputValues;
use crate::model::digest::GitId;
use crate::model::input::{Owner, RepoName};
use crate::model::path::TreePath;
use crate::model::provenance::Provenance;
use crate::model::slug::Slug;
use crate::model::update::FleetState;
use crate::publish::git_push::{FetchError, GitPush};
use crate::publish::ledger::{Ledger as _, LedgerEntry, ProposedCommit, PublishStep, StepOutcome};
use crate::publish::push::PushError;
use crate::publish::update_progress::UpdateProgress;
use crate::store::change::RunChange;
use crate::store::job::JobStatus;
use crate::store::run::JobPayload;
use crate::store::submission::RiskAssessment;
use crate::store::update::{
    ComparedUpdate, ProposedUpdate, UpdateMode, UpdatePullRequest, UpdateResult,
};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::slice;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use thiserror::Error;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};

/// The longest pause that a forge gets.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);
/// The time between two looks at the lease during a pause.
const PAUSE_STEP: Duration = Duration::from_secs(5);
/// The time between two looks at the end of the attempt while a forge is asked.
const STOP_INTERVAL: Duration = Duration::from_millis(200);

/// An error of an update that is no error of its repository, catalogue or forge.
#[derive(Debug, Error)]
enum UpdateRunError {
    #[error("the row of the update is missing")]
    NoRequest,
    #[error("`{repo}` is not the name of a repository")]
    Name { repo: String },
    #[error("the update cannot be made: {reason}")]
    NotComparable { reason: String },
}

/// An error of a comparison.
enum ComparisonError {
    Fetch(FetchError),
    Update(AppError),
}

/// A repository on the forge.
struct ForgeRepository {
    forge: Arc<dyn Forge>,
    repo: RepoPath,
    remote: Remote,
}

/// The comparison of a fetched repository, on a separate thread.
struct RepositoryComparison {
    context: Arc<WorkerContext>,
    push: GitPush,
    remote: Remote,
    provenance: TreePath,
    stop: Arc<AtomicBool>,
    /// Keeps the folder until this thread has stopped writing.
    _folder: Arc<TempDir>,
}

/// A stored update and the way to propose it, on a separate thread.
struct ProposalTask {
    planned: Box<PlannedUpdate>,
    created: CreatedUpdate,
    generated: Option<PushedReference>,
    update: ProposedCommit,
    earlier: Vec<GitId>,
    forge: Arc<dyn Forge>,
    push: GitPush,
    stop: Arc<AtomicBool>,
    _folder: Arc<TempDir>,
}

impl Attempt {
    /// Compares the repository of a run with its new plan and, in that mode, proposes the update.
    pub(super) async fn update_repository(&self, job: JobPayload) -> Result<(), AttemptError> {
        self.lease.check()?;
        if job.run.job_status == JobStatus::Cancelled {
            return Err(AttemptError::Cancelled);
        }
        let update = job.run.update.as_ref().ok_or(UpdateRunError::NoRequest)?;
        let mode = update.mode;
        self.change(&RunChange::Start).await?;
        let Some(place) = self.place(&job.run.repo).await? else {
            let reason = format!(
                "the forge has no repository `{}`, or the token cannot see it",
                job.run.repo
            );
            return self.give_up(mode, None, reason).await;
        };
        let folder = self.context.workspace.attempt_dir(&self.lease);
        let folder = Arc::new(folder.map_err(BuildError::Folder)?);
        let started = Instant::now();
        let comparison = self.compare(&job, &place, &folder).await;
        let metrics = &self.context.metrics;
        metrics.observe(MeasuredStep::compare, started.elapsed());
        let planned = match comparison? {
            Ok(planned) => planned,
            Err(reason) => return self.give_up(mode, Some(&place), reason).await,
        };
        let mut compared = queued_updates::compared(&planned);
        self.log("compare", &compared.result.summary());
        let is_proposed = mode == UpdateMode::Propose
            && !matches!(
                compared.result.state,
                FleetState::Current | FleetState::CannotBeRemade
            );
        if let Some(tree) = planned.report.tree_id.as_ref().filter(|_| is_proposed) {
            let policy = &self.context.policy;
            compared.risk = Some(policy.assess(&planned.plan, &planned.risk, tree));
        }
        self.record_comparison(&compared).await?;
        let mut result = compared.result;
        if is_proposed {
            self.check_rights(&job, &planned, compared.risk)?;
            let proposing = Box::pin(self.propose(planned, &place, folder));
            result.proposal = Some(proposing.await?);
        }
        self.finish(mode, Some(&place), result).await
    }

    /// Fails if the user may not use an option of the new plan, or the update needs an approval.
    fn check_rights(
        &self,
        job: &JobPayload,
        planned: &PlannedUpdate,
        risk: Option<RiskAssessment>,
    ) -> Result<(), AttemptError> {
        let policy = &self.context.policy;
        policy.check_roles(&planned.plan, &job.run.user, job.is_user_administrator)?;
        let Some(risk) = risk else {
            return Ok(());
        };
        let approval = job.run.approval.as_ref();
        build::check_approval(policy, risk, approval, job.is_approver_administrator)
    }

    /// The repository on the forge; none if there is none of this name, or the token cannot see it.
    async fn place(&self, name: &str) -> Result<Option<ForgeRepository>, AttemptError> {
        let invalid = || UpdateRunError::Name {
            repo: name.to_owned(),
        };
        let (owner, short) = name.split_once('/').ok_or_else(invalid)?;
        let repo = RepoPath {
            owner: Owner::parse(owner).map_err(|_| invalid())?,
            name: RepoName::parse(short).map_err(|_| invalid())?,
        };
        let forge: Arc<dyn Forge> = self.forge()?.into();
        let remote = loop {
            match forge.remote_of(&repo).await {
                Err(ForgeError::RateLimited { retry_after }) if retry_after <= LONGEST_PAUSE => {
                    self.pause(retry_after).await?;
                }
                answer => break answer?,
            }
        };
        Ok(remote.map(|remote| ForgeRepository {
            forge,
            repo,
            remote,
        }))
    }

    /// Fetches and compares the repository. A repository that cannot be compared gives the reason.
    async fn compare(
        &self,
        job: &JobPayload,
        place: &ForgeRepository,
        folder: &Arc<TempDir>,
    ) -> Result<Result<Box<PlannedUpdate>, String>, AttemptError> {
        let named = job.plan.get("provenance_path");
        let named = named.and_then(|path| TreePath::parse(path.as_str()?).ok());
        let default = || Provenance::default_path().as_tree().clone();
        let comparison = RepositoryComparison {
            context: Arc::clone(&self.context),
            push: self.git_push(repository_in(folder)),
            remote: place.remote.clone(),
            provenance: named.unwrap_or_else(default),
            stop: Arc::clone(&self.stop),
            _folder: Arc::clone(folder),
        };
        let compared = spawn_blocking(move || comparison.run()).await;
        match compared.map_err(BuildError::from)? {
            Ok(planned) => Ok(Ok(planned)),
            Err(ComparisonError::Update(error)) if error.is_about_subject() => {
                Ok(Err(self.run_log.scrub(&error.reason())))
            }
            Err(ComparisonError::Update(error)) => Err(UseCaseError::from(error).into()),
            Err(ComparisonError::Fetch(error)) => Err(error.into()),
        }
    }

    /// Records that the repository cannot be compared. A run that was to propose its update fails.
    async fn give_up(
        &self,
        mode: UpdateMode,
        place: Option<&ForgeRepository>,
        reason: String,
    ) -> Result<(), AttemptError> {
        let compared = queued_updates::not_comparable(reason);
        self.record_comparison(&compared).await?;
        self.finish(mode, place, compared.result).await
    }

    async fn record_comparison(&self, compared: &ComparedUpdate) -> Result<(), AttemptError> {
        let update = Box::new(compared.clone());
        self.change(&RunChange::Compare { update }).await?;
        Ok(())
    }

    /// Ends the run: it fails if it was to propose an update that cannot be made.
    async fn finish(
        &self,
        mode: UpdateMode,
        place: Option<&ForgeRepository>,
        result: UpdateResult,
    ) -> Result<(), AttemptError> {
        if mode == UpdateMode::Propose && result.state == FleetState::CannotBeRemade {
            let reason = result.reason.unwrap_or_default();
            return Err(UpdateRunError::NotComparable { reason }.into());
        }
        let change = RunChange::FinishUpdate {
            repo_url: place.map(|place| page_of(&place.remote)),
            result: Box::new(result),
        };
        self.change(&change).await?;
        Ok(())
    }

    /// Stores the commit of an update in the fetched repository, and proposes it on the forge.
    async fn propose(
        &self,
        unsigned: Box<PlannedUpdate>,
        place: &ForgeRepository,
        folder: Arc<TempDir>,
    ) -> Result<ProposedUpdate, AttemptError> {
        let mut signed = unsigned;
        signed.signing.clone_from(&self.context.signing);
        let storing = spawn_blocking(move || {
            let author = signed.plan.author.clone();
            let stored = signed.store_for_pull_request(&author);
            (signed, stored)
        });
        let (planned, stored) = storing.await.map_err(BuildError::from)?;
        let (created, generated) = stored.map_err(UseCaseError::from)?;
        let tree = planned.report.tree_id.clone();
        let update = ProposedCommit {
            repo: place.repo.clone(),
            branch: created.branch.clone(),
            commit: created.commit_id.clone(),
            tree: tree.ok_or(UpdateRunError::NoRequest)?,
            head: planned.report.head.clone(),
        };
        let mut ledger = self.ledger();
        let progress = UpdateProgress::read(&ledger.entries().await?)?;
        let earlier = progress
            .as_ref()
            .map_or_else(Vec::new, |progress| progress.earlier(&update));
        if !progress.is_some_and(|progress| progress.is_last(&update)) {
            let update = update.clone();
            ledger
                .record(&LedgerEntry::UpdateStarted { update })
                .await?;
        }
        // 53 bits, so that every JSON reader sees the same number.
        let nonce = getrandom::u64().map_err(BuildError::Random)? >> 11;
        let intended = LedgerEntry::Intended {
            step: PublishStep::Propose,
            nonce,
            at: self.seconds(),
        };
        ledger.record(&intended).await?;
        let task = ProposalTask {
            planned,
            created,
            generated,
            update,
            earlier,
            forge: Arc::clone(&place.forge),
            push: self.git_push(repository_in(&folder)),
            stop: Arc::clone(&self.stop),
            _folder: folder,
        };
        let proposed = self.propose_patiently(task).await?;
        let finished = LedgerEntry::Finished {
            nonce,
            at: self.seconds(),
            outcome: self.outcome_of(&proposed),
        };
        ledger.record(&finished).await?;
        Ok(proposed?)
    }

    /// Proposes an update. A forge that asks for a pause gets it while the lease is renewed.
    async fn propose_patiently(
        &self,
        task: ProposalTask,
    ) -> Result<Result<ProposedUpdate, ProposalError>, AttemptError> {
        let mut next = task;
        loop {
            let running = spawn_blocking(move || {
                let proposed = next.run();
                (next, proposed)
            });
            let (task, proposed) = running.await.map_err(BuildError::from)?;
            let asked = match &proposed {
                Ok(_) => None,
                Err(error) => error.pause().filter(|pause| *pause <= LONGEST_PAUSE),
            };
            let Some(pause) = asked else {
                return Ok(proposed);
            };
            self.pause(pause).await?;
            next = task;
        }
    }

    /// Waits as the forge asks, unless the lease, the run or the program no longer allows the next step.
    async fn pause(&self, pause: Duration) -> Result<(), AttemptError> {
        let seconds = pause.as_secs();
        self.log("wait", &format!("the forge asks for {seconds} seconds"));
        let mut left = pause;
        while !left.is_zero() {
            self.lease.check()?;
            let step = left.min(PAUSE_STEP);
            self.context.clock.sleep(step).await;
            left -= step;
        }
        self.lease.check()?;
        Ok(())
    }

    /// The outcome of the step that proposes an update.
    fn outcome_of(&self, proposed: &Result<ProposedUpdate, ProposalError>) -> StepOutcome {
        let Err(error) = proposed else {
            return StepOutcome::Done;
        };
        let message = self.run_log.scrub(&chain(error));
        let is_unknown = matches!(
            error,
            ProposalError::Unknown { .. }
                | ProposalError::Push(PushError::Unknown { .. })
                | ProposalError::Forge(ForgeError::OutcomeUnknown { .. })
        );
        if is_unknown {
            StepOutcome::Unknown { message }
        } else {
            StepOutcome::NotDone { message }
        }
    }

    /// The time in seconds since 1970.
    fn seconds(&self) -> i64 {
        self.context.clock.now() / 1000
    }
}

/// The fetched repository in the folder of an attempt.
fn repository_in(folder: &TempDir) -> PathBuf {
    folder.path().join("repository.git")
}

impl RepositoryComparison {
    fn run(&self) -> Result<Box<PlannedUpdate>, ComparisonError> {
        self.push
            .fetch_history(&self.remote, &self.stop)
            .map_err(ComparisonError::Fetch)?;
        let sources = &self.context.updates;
        let request = UpdateRequest {
            repository: GeneratedRepoRequest {
                repository: self.push.repository.to_string_lossy().into_owned(),
                provenance: self.provenance.clone(),
                catalog: None,
                template: TemplateRequest::default(),
                allowed_sources: sources.allowed_sources.clone(),
            },
            catalog: None,
            to: None,
            template: TemplateRequest::default(),
            choices: SelectionChanges::default(),
            inputs: InputValues::new(),
            decisions: BTreeMap::new(),
            is_full: false,
        };
        let recorded = RecordedSources {
            cache: &|| (sources.cache)(),
            database: &|recorded, wanted| {
                Handle::current().block_on(self.context.catalog_of(recorded, wanted))
            },
        };
        let planned = updates::plan(&request, recorded);
        planned.map(Box::new).map_err(ComparisonError::Update)
    }
}

impl WorkerContext {
    /// The catalogue of a recorded plan: of the database's rows, or the worker's own if it was never published.
    async fn catalog_of(
        &self,
        recorded: &Provenance,
        wanted: DatabaseVersion,
    ) -> Result<Option<OpenedCatalog>, AppError> {
        let Ok(slug) = Slug::parse(&recorded.catalog) else {
            return Ok(None);
        };
        let (database, version) = (&self.updates.database, &recorded.catalog_version);
        let found = match wanted {
            DatabaseVersion::Current => database_catalogs::find(database, &slug).await?,
            DatabaseVersion::Recorded => {
                database_catalogs::recorded(database, &slug, version, wanted).await?
            }
        };
        if found.is_some() {
            return Ok(found);
        }
        let mut own = self.templates.catalogs();
        let is_wanted = |catalog: &&Catalog| {
            *catalog.slug() == slug
                && (wanted == DatabaseVersion::Current || catalog.version() == version)
        };
        Ok(own.find(is_wanted).map(|catalog| {
            let source = CatalogFiles {
                files: self.templates.files().clone(),
                ..CatalogFiles::default()
            };
            OpenedCatalog::new(catalog.clone(), source)
        }))
    }
}

impl ProposalTask {
    fn run(&self) -> Result<ProposedUpdate, ProposalError> {
        let (push, stop) = (&self.push, &*self.stop);
        let target = ProposalTarget {
            forge: &*self.forge,
            repo: self.update.repo.clone(),
            earlier: &self.earlier,
            push: &|remote, reference| push.references(remote, slice::from_ref(reference), stop),
        };
        let generated = self.generated.as_ref();
        let pull_request = if self.forge.pull_requests().is_some() {
            let proposing = target.propose(&self.planned, &self.created, generated);
            Some(self.wait(proposing)?)
        } else {
            let pushing = target.push_branch(&self.created, generated);
            self.wait(pushing)?;
            None
        };
        Ok(ProposedUpdate {
            branch: self.created.branch.clone(),
            commit_id: self.created.commit_id.clone(),
            pull_request: pull_request.map(UpdatePullRequest::from),
        })
    }

    /// Waits for requests to the forge. They end with the attempt, whose lease may be lost.
    fn wait<T>(
        &self,
        requests: impl Future<Output = Result<T, ProposalError>>,
    ) -> Result<T, ProposalError> {
        let has_ended = async {
            while !self.stop.load(Ordering::Relaxed) {
                sleep(STOP_INTERVAL).await;
            }
        };
        Handle::current().block_on(async {
            tokio::select! {
                answer = requests => answer,
                () = has_ended => Err(PushError::NotSent {
                    message: "the attempt has ended".to_owned(),
                }
                .into()),
            }
        })
    }
}

impl From<Proposal> for UpdatePullRequest {
    fn from(proposal: Proposal) -> Self {
        Self {
            number: proposal.number,
            url: proposal.url,
            outcome: proposal.outcome,
            is_draft: proposal.draft,
        }
    }
}

impl Explain for UpdateRunError {
    fn class(&self) -> Class {
        Class::Refused
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoRequest => "update_request_missing",
            Self::Name { .. } => "update_name_invalid",
            Self::NotComparable { .. } => "update_not_comparable",
        }
    }
}
