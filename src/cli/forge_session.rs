//! The publication of `new --forge`, `resume` and `cleanup`: requests before it, its run, and the report after it.

use crate::app::command_line::quote;
use crate::app::generated_repos::GeneratedRepo;
use crate::app::mirrored_repository::{MirrorTarget, MirroredRepository};
use crate::app::operations_repo::OperationsRepo;
use crate::app::planned_update::PlannedUpdate;
use crate::app::pull_requests::{Proposal, ProposalError, ProposalTarget};
use crate::app::update_report::CreatedUpdate;
use crate::app::write_proof::WriteProof;
use crate::base::clock::SystemClock;
use crate::base::sanitize;
use crate::cli::args::forge::{ForgeArgs, token};
use crate::cli::args::push::{PushArgs, PushHere};
use crate::cli::error::Failure;
use crate::cli::output::terminal::{BOLD, Terminal};
use crate::cli::publication_files::PublicationFiles;
use crate::cli::runtime::wait_for;
use crate::cli::signals;
use crate::forge::Forge;
use crate::forge::repository::{RepoPath, RepositoryId};
use crate::git::{self, PreviousObject, PushedReference};
use crate::model::digest::GitId;
use crate::model::input::{Identity, Inputs};
use crate::model::plan::Plan;
use crate::model::preflight::{ForgeKind, OwnerKind};
use crate::model::remote::{RemoteUrl, RemoteUrlError};
use crate::preflight::target;
use crate::publish::error::PublishError;
use crate::publish::file_ledger::FileLedger;
use crate::publish::git_push::GitPush;
use crate::publish::ledger::{Ledger as _, LedgerEntry};
use crate::publish::remains::Remains;
use crate::publish::stage;
use crate::publish::{PublishedRepo, Publisher};
use crate::scrub::scrub;
use crate::secret::Secret;
use crate::tree::commits::Commits;
use crate::tree::signed::NOTES_REF;
use serde::Serialize;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::slice;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Duration;

/// A forge with the settings and the token of one command.
pub(crate) struct ForgeSession {
    pub(crate) flags: ForgeArgs,
    forge: Box<dyn Forge>,
    timeout: Duration,
    secret: Option<Secret>,
}

/// The reason that a publication ended early.
pub(crate) enum Interrupted {
    Error(PublishError),
    /// A signal came. What was being done then may have an effect.
    Signal {
        remains: Option<Box<Remains>>,
    },
    Failure(Failure),
}

/// A published repository as it is printed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PublishedJson {
    forge: Option<ForgeKind>,
    full_name: String,
    id: RepositoryId,
    url: String,
    branch: &'static str,
    commit_id: GitId,
    tree_id: GitId,
    /// True if the forge has the note about the signed commit, too; none without a signature.
    #[serde(skip_serializing_if = "Option::is_none")]
    has_note: Option<bool>,
    ledger: PathBuf,
}

/// The fields beside the error of a publication that ended early.
#[derive(Serialize)]
struct InterruptedJson {
    /// Always null: nothing is published.
    published: Option<PublishedJson>,
    /// The folder that was created before.
    path: Option<PathBuf>,
    left: Option<Value>,
    ledger: Option<String>,
    resume: Option<String>,
    cleanup: Option<String>,
}

impl From<Failure> for Interrupted {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl Interrupted {
    /// True if nothing of the run is on the forge.
    pub(crate) fn leaves_nothing(&self) -> bool {
        match self {
            Self::Error(error) => error.leaves_nothing(),
            Self::Signal { remains } => remains.is_none(),
            Self::Failure(_) => false,
        }
    }

    /// True if `resume` can continue it: not for a finished run, or one whose ledger cannot be used.
    fn is_unfinished(&self) -> bool {
        match self {
            Self::Error(error) => error.is_about_forge(),
            Self::Signal { .. } => true,
            Self::Failure(_) => false,
        }
    }

    fn remains(&self) -> Option<&Remains> {
        match self {
            Self::Error(error) => error.remains(),
            Self::Failure(_) => None,
            Self::Signal { remains } => remains.as_deref(),
        }
    }
}

impl ForgeSession {
    /// The forge that is named, if one is. Sends no request.
    pub(crate) fn open(
        flags: ForgeArgs,
        push: &PushArgs,
        terminal: &mut Terminal,
    ) -> Result<Option<Self>, Failure> {
        // Without a token the forge itself reports that it needs one.
        let secret = token().ok();
        if let Some(secret) = &secret {
            terminal.hide(secret.copy());
        }
        check_encryption(&flags)?;
        Ok(flags.open()?.map(|forge| Self {
            flags,
            forge,
            timeout: push.timeout(),
            secret,
        }))
    }

    /// The repository's owner and name in the forge's own letters. Refuses what would certainly fail later.
    pub(crate) fn place(
        &self,
        inputs: &Inputs,
        scopes: &[&'static str],
    ) -> Result<(RepoPath, OwnerKind), Failure> {
        let found = Terminal::busy("asking the forge", || {
            wait_for(until_stopped(target::resolve(&*self.forge, inputs, scopes)))
        })?;
        Ok(found.ok_or_else(Failure::cancelled)??)
    }

    /// Compares the settings that the new plan of an update needs with those on the forge.
    pub(crate) fn compare_settings(&self, planned: &mut PlannedUpdate) -> Result<(), Failure> {
        let done = Terminal::busy("asking the forge", || {
            wait_for(until_stopped(planned.compare_settings(&*self.forge)))
        })?;
        Ok(done.ok_or_else(Failure::cancelled)??)
    }

    /// Opens the pull request of an update, or brings it up to date. A forge that asks for a pause gets one of at most
    /// `longest_pause`, and is tried again.
    pub(crate) fn propose(
        &self,
        planned: &mut PlannedUpdate,
        author: &Identity,
        longest_pause: Duration,
    ) -> Result<(), Failure> {
        let (created, generated) = planned.store_for_pull_request(author)?;
        let proposal = loop {
            let error = match self.try_propose(planned, &created, generated.as_ref())? {
                Ok(proposal) => break proposal,
                Err(error) => error,
            };
            let Some(pause) = error.pause().filter(|pause| *pause <= longest_pause) else {
                return Err(error.into());
            };
            let slept = Terminal::busy("waiting, as the forge asks", || {
                wait_for(until_stopped(async { tokio::time::sleep(pause).await }))
            })?;
            slept.ok_or_else(Failure::cancelled)?;
        };
        planned.report.pull_request = Some(proposal);
        planned.report.created = Some(created);
        Ok(())
    }

    /// Brings branch and tags of a local repository to one of the forge.
    pub(crate) fn mirror(
        &self,
        commits: &Commits,
        to: &RepoPath,
    ) -> Result<MirroredRepository, Failure> {
        let push = self.push_from(commits.git_dir());
        let target = MirrorTarget {
            forge: &*self.forge,
            repo: to,
            push: &push,
        };
        let done = Terminal::busy("pushing", || {
            wait_for(until_stopped(target.mirror(commits, signals::stop())))
        })?;
        Ok(done.ok_or_else(Failure::cancelled)??)
    }

    /// Proves by pushes of the token's account that it can write as the plan chose.
    pub(crate) fn prove(
        &self,
        repository: &GeneratedRepo,
        plan: &Plan,
    ) -> Result<WriteProof, Failure> {
        let push = self.push_from(repository.commits.git_dir());
        let repo = OperationsRepo::of(plan, &*self.forge)?;
        let done = Terminal::busy("pushing", || {
            let proof = repo.prove(repository, plan, &push, signals::stop());
            wait_for(until_stopped(proof))
        })?;
        Ok(done.ok_or_else(Failure::cancelled)??)
    }

    /// The push from a local repository.
    fn push_from(&self, repository: &Path) -> GitPush {
        GitPush {
            git: Arc::new(self.flags.git(self.timeout)),
            repository: repository.to_owned(),
            user: self.flags.push_user().to_owned(),
            secret: self.secret.as_ref().map(Secret::copy),
        }
    }

    fn try_propose(
        &self,
        planned: &PlannedUpdate,
        created: &CreatedUpdate,
        generated: Option<&PushedReference>,
    ) -> Result<Result<Proposal, ProposalError>, Failure> {
        let inputs = &planned.plan.inputs;
        let objects = planned.objects();
        let repository =
            git::borrowed(&objects).map_err(|error| Failure::reading(&objects, error))?;
        let push = self.push_from(repository.path());
        let target = ProposalTarget {
            forge: &*self.forge,
            repo: RepoPath {
                owner: inputs.owner.clone(),
                name: inputs.repo.clone(),
            },
            earlier: &[],
            push: &|remote, branch| {
                push.references(remote, slice::from_ref(branch), signals::stop())
            },
        };
        let done = Terminal::busy("opening the pull request", || {
            wait_for(until_stopped(target.propose(planned, created, generated)))
        })?;
        done.ok_or_else(Failure::cancelled)
    }

    /// Pushes the note about a signed commit to its published repository. None if the built repository has no note. A failure
    /// is a warning: the repository is complete without the note.
    pub(crate) fn publish_note(
        &self,
        files: &PublicationFiles,
        published: &PublishedRepo,
        terminal: &mut Terminal,
    ) -> Option<bool> {
        let repository = files.repository();
        let commits = Commits::open(&repository).ok()?;
        let note = PushedReference {
            name: NOTES_REF.to_owned(),
            commit: commits.newest_note().ok()??,
            previous: PreviousObject::Missing,
        };
        let push = self.push_from(&repository);
        let pushed = Terminal::busy("pushing the note", || {
            push.references(&published.remote, slice::from_ref(&note), signals::stop())
        });
        let Err(error) = pushed else {
            return Some(true);
        };
        let message = format!("the note with the signed statement was not pushed: {error}");
        let hint = format!(
            "create the same repository with `--into`, and push the note from there: `git push {} {NOTES_REF}`",
            quote(&self.clean(&published.remote.to_string()))
        );
        terminal.warning(&self.clean(&message), &[hint]);
        Some(false)
    }

    /// Works on a publication until it ends or a signal comes.
    pub(crate) fn run<T>(
        &self,
        files: &PublicationFiles,
        ledger: &mut FileLedger,
        work: impl AsyncFnOnce(&Publisher<'_>, &mut FileLedger) -> Result<T, PublishError>,
    ) -> Result<T, Interrupted> {
        let push = PushHere(self.push_from(&files.repository()));
        let publisher = Publisher {
            forge: &*self.forge,
            push: &push,
            clock: &SystemClock,
        };
        let error = match wait_for(until_stopped(work(&publisher, ledger)))? {
            Some(Ok(done)) => return Ok(done),
            Some(Err(error)) => Some(error),
            None => None,
        };
        let is_stopped = signals::stop().load(Ordering::Relaxed);
        match error {
            Some(error) if !is_stopped || !error.is_about_forge() => Err(Interrupted::Error(error)),
            None | Some(_) => {
                let entries = wait_for(ledger.entries())?.map_err(Failure::from)?;
                let remains = self.remains(&entries)?.map(Box::new);
                Err(Interrupted::Signal { remains })
            }
        }
    }

    /// The failure of a publication that ended early: its cause, what remains on the forge, and how to continue. `into` is
    /// the folder that was created before.
    pub(crate) fn failure(
        &self,
        interrupted: Interrupted,
        files: &PublicationFiles,
        into: Option<&Path>,
    ) -> Failure {
        let left = interrupted.remains().map(|remains| self.cleaned(remains));
        let is_unfinished = interrupted.is_unfinished();
        let failure = match interrupted {
            Interrupted::Failure(failure) => return failure,
            Interrupted::Error(error) => error.into(),
            Interrupted::Signal { remains } => {
                let failure = Failure::interrupted("publication_stopped", "stopped by a signal");
                failure.noted(remains.map_or_else(
                    || "nothing is left on the forge".to_owned(),
                    |remains| remains.to_string(),
                ))
            }
        };
        let path = files.ledger();
        let ledger = path.exists().then(|| path.display().to_string());
        let command = |name| Some(format!("groundplan {name} {}", quote(ledger.as_deref()?)));
        let resume = is_unfinished.then(|| command("resume")).flatten();
        let cleanup = left.as_ref().and_then(|_| command("cleanup"));
        let mut hinted = failure;
        if let Some(resume) = &resume {
            hinted = hinted.hinted(format!("resume it with `{resume}`"));
        }
        if let Some(cleanup) = &cleanup {
            hinted = hinted.hinted(format!("or undo it with `{cleanup}`"));
        }
        hinted.with_fields(&InterruptedJson {
            published: None,
            path: into.map(Path::to_owned),
            left,
            ledger,
            resume,
            cleanup,
        })
    }

    /// The repository that a stopped run may leave, by its ledger alone.
    fn remains(&self, entries: &[LedgerEntry]) -> Result<Option<Remains>, Failure> {
        let (request, stage) = stage::read(entries)?;
        let remains = stage.remains(&request.repo, None);
        Ok(remains.map(|remains| Remains {
            removal: Some(self.forge.removal_command(&remains.repo, remains.id)),
            ..remains
        }))
    }

    /// The remains as JSON, without the token.
    fn cleaned(&self, remains: &Remains) -> Value {
        let mut json = json!(remains);
        for name in ["kept", "removal"] {
            if let Value::String(text) = &mut json[name] {
                *text = self.clean(text);
            }
        }
        json
    }

    /// A published repository as it is printed.
    pub(crate) fn published(
        &self,
        published: &PublishedRepo,
        files: &PublicationFiles,
        has_note: Option<bool>,
    ) -> PublishedJson {
        PublishedJson {
            forge: self.flags.forge,
            full_name: self.clean(&published.full_name),
            id: published.id,
            url: self.clean(&published.remote.to_string()),
            branch: "main",
            commit_id: published.commit.clone(),
            tree_id: published.tree.clone(),
            has_note,
            ledger: files.ledger().to_owned(),
        }
    }

    /// Prints a published repository for people.
    pub(crate) fn print(
        &self,
        published: &PublishedRepo,
        files: &PublicationFiles,
        terminal: &mut Terminal,
    ) -> Result<(), Failure> {
        let url = self.clean(&published.remote.to_string());
        writeln!(
            terminal.out(),
            "{BOLD}Published {}{BOLD:#}, one commit on `main`, read back from the forge:\n  url     {url}\n  commit  {}\n  tree    {}\n  ledger  {}",
            sanitize::line(&self.clean(&published.full_name)),
            published.commit,
            published.tree,
            sanitize::line(&files.ledger().display().to_string()),
        )?;
        Ok(())
    }

    /// Removes the built repository, which is not needed any more. A failure is printed and changes nothing else.
    pub(crate) fn tidy(files: &PublicationFiles, terminal: &mut Terminal) {
        if let Err(Failure::Error(error)) = files.drop_repository() {
            terminal.error(&error.message(), &error.hints());
        }
    }

    /// The text without the token, in any spelling of it.
    fn clean(&self, text: &str) -> String {
        scrub(text, &self.secret.iter().collect::<Vec<_>>())
    }
}

/// Refuses an address that a push would have to send the token to without encryption.
fn check_encryption(flags: &ForgeArgs) -> Result<(), Failure> {
    let Some(url) = flags.forge_url.as_deref() else {
        // The public hosts are reached over https.
        return Ok(());
    };
    let address = format!("{}/owner/name.git", url.trim_end_matches('/'));
    match RemoteUrl::parse(&address) {
        Err(RemoteUrlError::Unencrypted { host })
            if !flags.forge.is_some_and(ForgeKind::is_folder) =>
        {
            let message = format!(
                "cannot push to `{host}` without encryption: `--allow-http` covers API requests only"
            );
            Err(Failure::usage("push_not_encrypted", message).hinted("name the forge by https"))
        }
        _ => Ok(()),
    }
}

/// The result; none when a signal came first, which drops the work.
async fn until_stopped<T>(work: impl Future<Output = T>) -> Option<T> {
    let stop = signals::stop();
    let mut work = pin!(work);
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    std::future::poll_fn(|context| {
        if let Poll::Ready(done) = work.as_mut().poll(context) {
            return Poll::Ready(Some(done));
        }
        while tick.poll_tick(context).is_ready() {
            if stop.load(Ordering::Relaxed) {
                return Poll::Ready(None);
            }
        }
        Poll::Pending
    })
    .await
}
