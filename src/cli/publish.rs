//! What `new --forge`, `resume` and `cleanup` share: the forge's answers before, the run, and the account after it.

use super::Format;
use super::cache::git;
use super::exit::Failure;
use super::forge::{ForgeArgs, token, wait_for};
use super::push::{PushArgs, PushHere};
use super::render::quote;
use super::signals;
use super::state::State;
use super::terminal::{BOLD, Terminal};
use crate::base::clock::SystemClock;
use crate::forge::Forge;
use crate::forge::repository::RepoPath;
use crate::model::input::Inputs;
use crate::model::preflight::{ForgeKind, OwnerKind};
use crate::model::remote::{RemoteUrl, RemoteUrlError};
use crate::preflight::target;
use crate::publish::Publisher;
use crate::publish::file_ledger::FileLedger;
use crate::publish::git_push::GitPush;
use crate::publish::ledger::{Ledger as _, LedgerEntry};
use crate::publish::outcome::{PublishError, PublishedRepo, Remains, RemainsKind};
use crate::publish::stage::{self, Stage};
use crate::scrub::scrub;
use crate::secret::Secret;
use serde_json::{Value, json};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Duration;

/// A forge, and with what it is asked.
pub(super) struct Desk {
    pub(super) flags: ForgeArgs,
    forge: Box<dyn Forge>,
    timeout: Duration,
    secret: Option<Secret>,
}

/// Why a run ended before its end.
pub(super) enum Broken {
    Error(PublishError),
    /// By a signal. What it was doing then may have an effect.
    Stopped {
        left: Option<Box<Remains>>,
    },
}

impl Broken {
    /// Whether nothing of the run is on the forge.
    pub(super) fn leaves_nothing(&self) -> bool {
        matches!(
            self,
            Self::Error(PublishError::NothingLeft { .. }) | Self::Stopped { left: None }
        )
    }

    fn left(&self) -> Option<&Remains> {
        match self {
            Self::Error(PublishError::Left { left, .. }) => Some(left),
            Self::Error(_) => None,
            Self::Stopped { left } => left.as_deref(),
        }
    }
}

impl Desk {
    /// The forge that is named, if one is. Nothing is asked yet.
    pub(super) fn open(flags: ForgeArgs, push: &PushArgs) -> Result<Option<Self>, Failure> {
        let secret = token().ok();
        let forge = check(&flags).and_then(|()| flags.open());
        let forge = forge.map_err(|failure| scrubbed(failure, secret.as_ref()))?;
        Ok(forge.map(|forge| Self {
            flags,
            forge,
            timeout: push.timeout(),
            secret,
        }))
    }

    /// Where a repository is to stand, in the forge's own letters. Refuses what would certainly fail later.
    pub(super) fn place(
        &self,
        inputs: &Inputs,
        scopes: &[&'static str],
    ) -> Result<(RepoPath, OwnerKind), Failure> {
        let work = Terminal::working("asking the forge");
        let asked = wait_for(until_stopped(target::resolve(&*self.forge, inputs, scopes)))?;
        drop(work);
        let asked = asked.ok_or(Failure::Cancelled)?;
        asked.map_err(|error| self.scrubbed(error.into()))
    }

    /// Does one thing with a ledger, until it ends or a signal comes.
    pub(super) fn run<T>(
        &self,
        state: &State,
        ledger: &mut FileLedger,
        work: impl AsyncFnOnce(&Publisher<'_>, &mut FileLedger) -> Result<T, PublishError>,
    ) -> Result<Result<T, Broken>, Failure> {
        let push = PushHere(GitPush {
            git: Arc::new(git(
                self.flags.forge.is_some_and(ForgeKind::is_folder),
                self.timeout,
            )),
            repository: state.repository(),
            user: self.flags.push_user().to_owned(),
            secret: self.secret.as_ref().map(Secret::copy),
        });
        let publisher = Publisher {
            forge: &*self.forge,
            push: &push,
            clock: &SystemClock,
        };
        let ended = wait_for(until_stopped(work(&publisher, ledger)))?;
        let error = match ended {
            Some(Ok(done)) => return Ok(Ok(done)),
            Some(Err(error)) => Some(error),
            None => None,
        };
        let is_stopped = signals::stop().load(Ordering::Relaxed);
        Ok(Err(match error {
            Some(error @ (PublishError::NothingLeft { .. } | PublishError::Left { .. }))
                if !is_stopped =>
            {
                Broken::Error(error)
            }
            None | Some(PublishError::NothingLeft { .. } | PublishError::Left { .. }) => {
                let entries = wait_for(ledger.entries())??;
                let left = self.left(&entries)?.map(Box::new);
                Broken::Stopped { left }
            }
            Some(error) => Broken::Error(error),
        }))
    }

    /// Says what broke off, what is left there and what was made here, and how to go on. In JSON the account is the
    /// result.
    pub(super) fn account(
        &self,
        broken: Broken,
        state: &State,
        into: Option<&Path>,
        format: Format,
        terminal: &mut Terminal,
    ) -> Result<Failure, Failure> {
        let left = broken.left().cloned();
        let failure = match broken {
            Broken::Error(error) => error.into(),
            Broken::Stopped { left } => {
                let left = left.map_or("nothing was left behind".to_owned(), |left| {
                    left.to_string()
                });
                Failure::Stopped {
                    message: format!("stopped by a signal; {left}"),
                    hint: String::new(),
                }
            }
        };
        let path = state.ledger();
        let is_there = path.exists();
        let shown = quote(&path.display().to_string());
        let next = is_there.then(|| {
            [
                format!("groundplan resume {shown}"),
                format!("groundplan cleanup {shown}"),
            ]
        });
        let failure = failure.reworded(|message, hint| {
            let steps = match &next {
                Some([resume, cleanup]) => {
                    format!("go on with `{resume}`\n      or take it back with `{cleanup}`")
                }
                None => String::new(),
            };
            let parts = [hint, &steps].into_iter().filter(|part| !part.is_empty());
            let hint = parts.collect::<Vec<_>>().join("\n      ");
            (message.to_owned(), hint)
        });
        let failure = self.scrubbed(failure);
        if format == Format::Json {
            let message = failure.message();
            let left = left.map(|left| self.written(&left));
            let [resume, cleanup] = next.map_or([None, None], |next| next.map(Some));
            terminal.json(&json!({
                "published": null,
                "error": message,
                "path": into,
                "left": left,
                "ledger": is_there.then(|| path.display().to_string()),
                "resume": resume,
                "cleanup": cleanup,
            }))?;
        }
        Ok(failure)
    }

    /// What a run that was stopped may have left, by its ledger alone.
    fn left(&self, entries: &[LedgerEntry]) -> Result<Option<Remains>, Failure> {
        let (order, stage) = stage::read(entries)?;
        let kind = match &stage {
            Stage::Begun | Stage::Gone => return Ok(None),
            Stage::Creating { .. } => RemainsKind::MayAppear,
            Stage::Created(_) | Stage::Pushing { .. } | Stage::Deleting { .. } => {
                RemainsKind::Unfinished
            }
            Stage::Pushed(_) | Stage::Describing { .. } | Stage::Published(_) => {
                RemainsKind::Complete
            }
        };
        let id = stage.made().map(|made| made.id);
        Ok(Some(Remains {
            removal: self.forge.removal_command(&order.place, id),
            place: order.place,
            id,
            kind,
            kept: None,
        }))
    }

    fn written(&self, left: &Remains) -> Value {
        let kind = match left.kind {
            RemainsKind::MayAppear => "may_appear",
            RemainsKind::Unfinished => "unfinished",
            RemainsKind::Complete => "complete",
        };
        json!({
            "fullName": left.place.to_string(),
            "id": left.id,
            "kind": kind,
            "kept": left.kept.as_ref().map(|kept| self.clean(&kept.to_string())),
            "removal": self.clean(&left.removal),
        })
    }

    /// A published repository as it is printed.
    pub(super) fn published(&self, published: &PublishedRepo, state: &State) -> Value {
        json!({
            "forge": self.flags.forge,
            "fullName": self.clean(&published.full_name),
            "id": published.id,
            "url": self.clean(&published.remote.to_string()),
            "branch": "main",
            "commitId": published.commit,
            "treeId": published.tree,
            "ledger": state.ledger(),
        })
    }

    /// Prints a published repository for people.
    pub(super) fn print(
        &self,
        published: &PublishedRepo,
        state: &State,
        terminal: &mut Terminal,
    ) -> Result<(), Failure> {
        let url = self.clean(&published.remote.to_string());
        writeln!(
            terminal.out(),
            "{BOLD}PublishedRepo {}{BOLD:#}, one commit on `main`, read back from the forge:\n  url     {url}\n  commit  {}\n  tree    {}\n  ledger  {}",
            self.clean(&published.full_name),
            published.commit,
            published.tree,
            state.ledger().display(),
        )?;
        Ok(())
    }

    /// Removes what is not needed any more. That it could not be removed takes nothing from what was done.
    pub(super) fn tidy(&self, state: &State, terminal: &mut Terminal) {
        if let Err(failure) = state.drop_repository() {
            let (message, hint) = self.scrubbed(failure).into_parts();
            terminal.error(&message, hint.as_deref());
        }
    }

    /// Where the token's shape and spellings are taken out before a text leaves the process.
    fn clean(&self, text: &str) -> String {
        scrub(text, &self.secret.iter().collect::<Vec<_>>())
    }

    /// The failure, whose texts are about to leave the process.
    pub(super) fn scrubbed(&self, failure: Failure) -> Failure {
        scrubbed(failure, self.secret.as_ref())
    }
}

/// Refuses what a push could not reach, before anything is made there.
fn check(flags: &ForgeArgs) -> Result<(), Failure> {
    let url = flags.forge_url.as_deref().unwrap_or_default();
    let address = format!("{}/owner/name.git", url.trim_end_matches('/'));
    match RemoteUrl::parse(&address) {
        Err(RemoteUrlError::Unencrypted { host })
            if !flags.forge.is_some_and(ForgeKind::is_folder) =>
        {
            Err(Failure::Usage {
                message: format!(
                    "`{host}` would get the push without encryption, and only this machine may: `--allow-http` is for questions"
                ),
                hint: "name the forge by https".to_owned(),
            })
        }
        _ => Ok(()),
    }
}

fn scrubbed(failure: Failure, secret: Option<&Secret>) -> Failure {
    let secrets: Vec<&Secret> = secret.into_iter().collect();
    failure.reworded(|message, hint| (scrub(message, &secrets), scrub(hint, &secrets)))
}

/// The result, or nothing when a signal came first: then the work is dropped where it stands.
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
