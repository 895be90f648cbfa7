//! `groundplan new`

use super::choice::{ProductArgs, SelectionArgs};
use super::exit::{Exit, Failure};
use super::forge::ForgeArgs;
use super::publish::Desk;
use super::push::PushArgs;
use super::render::{self, Detail, quote};
use super::state::State;
use super::terminal::{BOLD, Terminal};
use super::{Format, preview, signals};
use crate::base::clock::{Clock as _, SystemClock};
use crate::engine;
use crate::forge::marker::Marker;
use crate::forge::repository::RepoPath;
use crate::model::digest::GitId;
use crate::model::preflight::OwnerKind;
use crate::preflight::scopes_for;
use crate::publish::Publisher;
use crate::publish::file_ledger::FileLedger;
use crate::publish::ledger::PublishRequest;
use crate::publish::outcome::PublishedRepo;
use crate::tree::Tree as _;
use crate::tree::ids::Ids;
use crate::tree::repository::{CreatedRepository, Layout, Target};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    selection: SelectionArgs,
    /// An empty or absent folder, which becomes a git repository with one commit on `main`.
    #[arg(long, value_name = "DIR", required_unless_present = "forge")]
    into: Option<PathBuf>,
    /// Refuse to make anything but this tree.
    #[arg(long, value_name = "TREE_ID", value_parser = GitId::parse)]
    expect: Option<GitId>,
    /// Make a bare repository, without files beside it.
    #[arg(long, requires = "into")]
    bare: bool,
    /// Leave the template's objects where they are, as `git clone --shared` does: for a repository that is pushed and
    /// thrown away.
    #[arg(long, requires = "bare")]
    shared: bool,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The file that records what is done on the forge [default: a new one in the user's state folder].
    #[arg(long, value_name = "FILE", requires = "forge")]
    ledger: Option<PathBuf>,
    #[command(flatten)]
    product: ProductArgs,
    #[command(flatten)]
    forge: ForgeArgs,
    #[command(flatten)]
    push: PushArgs,
}

impl Args {
    fn layout(&self) -> Layout {
        match (self.bare, self.shared) {
            (false, _) => Layout::WorkTree,
            (true, false) => Layout::Bare,
            (true, true) => Layout::BareShared,
        }
    }
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let target = args.into.as_deref().map(Target::check).transpose()?;
    let desk = Desk::open(args.forge.clone(), &args.push)?;
    let named = args.ledger.as_deref().map(State::named).transpose()?;
    if let Some(state) = &named {
        state.check_unused()?;
    }
    let Some(prepared) = args
        .product
        .prepare(&args.selection, args.format, terminal)?
    else {
        return Ok(Exit::Findings);
    };
    let Some(preview) = preview::make(&prepared, args.format, terminal)? else {
        return Ok(Exit::Findings);
    };
    let report = &preview.report;
    let summary = |terminal: &mut Terminal| {
        let root = prepared.root.as_deref();
        render::report(&preview, Detail::Summary, &prepared.files, root, terminal)
    };
    let Some(tree_id) = report.tree_id.as_ref().filter(|_| report.can_proceed) else {
        match args.format {
            Format::Json => terminal.json(report)?,
            Format::Text => summary(terminal)?,
        }
        return Ok(Exit::Findings);
    };
    preview::check_expected(args.expect.as_ref(), tree_id, "nothing was written")?;
    let commit = engine::first_commit(&preview.plan, &report.recipe_hash);
    let made = |layout| CreatedRepository {
        tree: &preview.tree,
        template: prepared.template.repository(),
        commit: &commit,
        layout,
    };
    let inputs = &preview.plan.inputs;
    let listing = preview.tree.list()?;
    // The forge is asked before anything is written, and told after everything is.
    let place = desk.as_ref();
    let place = place.map(|desk| {
        let paths = listing.iter().map(|(path, _)| path);
        desk.place(inputs, scopes_for(paths))
    });
    let place = place.transpose()?;
    let mut ids = None;
    if let Some(target) = &target {
        let work = Terminal::working("writing the repository");
        let written = target.create(&made(args.layout()), signals::stop());
        drop(work);
        ids = Some(Written::from(written?));
    }
    let mut published = None;
    if let (Some(desk), Some(place)) = (&desk, place) {
        let made = made(Layout::Bare);
        let publication = Publication {
            desk,
            place,
            description: inputs.product_name.to_string(),
            into: args.into.as_deref(),
            format: args.format,
        };
        let done = publication.run(named, &made, terminal);
        let (state, done) = done.map_err(|failure| publication.with_what_stays(failure))?;
        ids = ids.or(Some(Written {
            tree: done.tree.clone(),
            commit: done.commit.clone(),
        }));
        published = Some((desk, state, done));
    }
    let Some(ids) = ids else {
        return Err(Failure::Usage {
            message: "there is no place to make it at".to_owned(),
            hint: "name a folder with `--into`, or a forge with `--forge`".to_owned(),
        });
    };
    if args.format == Format::Json {
        let mut result = json!({
            "path": args.into,
            "branch": "main",
            "treeId": ids.tree,
            "commitId": ids.commit,
            "report": report,
        });
        if let Some((desk, state, published)) = &published {
            result["published"] = desk.published(published, state);
        }
        terminal.json(&result)?;
        return Ok(Exit::Fine);
    }
    summary(terminal)?;
    if let Some((desk, state, published)) = &published {
        writeln!(terminal.out())?;
        desk.print(published, state, terminal)?;
    }
    let Some(folder) = &args.into else {
        return Ok(Exit::Fine);
    };
    let folder = quote(&folder.display().to_string());
    writeln!(
        terminal.out(),
        "\n{BOLD}CreatedRepository {folder}{BOLD:#}, one commit on `main`. Next:\n  cd {folder}"
    )?;
    if !args.bare && listing.get("package.json").is_some() {
        writeln!(terminal.out(), "  npm install")?;
    }
    let (remote, then) = match &published {
        Some((_, _, published)) => (published.remote.to_string(), "git fetch"),
        None => (
            format!("https://github.com/{}/{}.git", inputs.owner, inputs.repo),
            "git push -u origin main",
        ),
    };
    let remote = quote(&remote);
    writeln!(terminal.out(), "  git remote add origin {remote}\n  {then}")?;
    Ok(Exit::Fine)
}

/// What was made, wherever it stands.
struct Written {
    tree: GitId,
    commit: GitId,
}

impl From<Ids> for Written {
    fn from(ids: Ids) -> Self {
        Self {
            tree: GitId::of(&ids.tree),
            commit: GitId::of(&ids.commit),
        }
    }
}

/// A repository on its way to a forge.
struct Publication<'p> {
    desk: &'p Desk,
    place: (RepoPath, OwnerKind),
    description: String,
    /// The folder that was made before.
    into: Option<&'p Path>,
    format: Format,
}

impl Publication<'_> {
    /// Builds the repository beside its ledger and publishes it. When nothing is left on the forge, nothing stays here.
    fn run(
        &self,
        named: Option<State>,
        made: &CreatedRepository<'_>,
        terminal: &mut Terminal,
    ) -> Result<(State, PublishedRepo), Failure> {
        let (place, kind) = self.place.clone();
        let marker = Marker::generate().map_err(|error| Failure::Environment {
            message: format!("the system gives no random numbers: {error}"),
            hint: None,
        })?;
        let state = named.map_or_else(|| State::fresh(&place, &marker), Ok)?;
        let built = Target::check(&state.repository())?;
        let built = Written::from(built.create(made, signals::stop())?);
        let order = PublishRequest {
            place,
            kind,
            marker,
            commit: built.commit,
            tree: built.tree,
            description: self.description.clone(),
            asked_at: SystemClock.now() / 1000,
        };
        let ledger = state.save(&self.desk.flags);
        let ledger = ledger.and_then(|()| Ok(FileLedger::create(state.ledger())?));
        let mut ledger = match ledger {
            Ok(ledger) => ledger,
            Err(failure) => {
                state.drop_repository()?;
                return Err(self.desk.scrubbed(failure));
            }
        };
        let work = Terminal::working("publishing");
        let publish = async |publisher: &Publisher<'_>, ledger: &mut FileLedger| {
            publisher.publish(ledger, order).await
        };
        let ended = self.desk.run(&state, &mut ledger, publish)?;
        drop(work);
        match ended {
            Ok(published) => {
                self.desk.tidy(&state, terminal);
                Ok((state, published))
            }
            Err(broken) => {
                if broken.leaves_nothing() {
                    state.drop_all()?;
                }
                let (into, format) = (self.into, self.format);
                Err(self.desk.account(broken, &state, into, format, terminal)?)
            }
        }
    }

    /// The folder that was made is part of the account.
    fn with_what_stays(&self, failure: Failure) -> Failure {
        let Some(into) = self.into else {
            return failure;
        };
        failure.reworded(|message, hint| {
            let message = format!("{message}; `{}` was made and stays", into.display());
            (message, hint.to_owned())
        })
    }
}
