//! `groundplan new`

use crate::app::command_line::quote;
use crate::app::generated_repos::work_tree_of;
use crate::app::next_steps;
use crate::app::previews::{Prepared, Prevented};
use crate::base::clock::SystemClock;
use crate::cli::args::forge::ForgeArgs;
use crate::cli::args::push::PushArgs;
use crate::cli::args::selection::{ProductArgs, SelectionArgs};
use crate::cli::args::signing::SigningArgs;
use crate::cli::author;
use crate::cli::commands::preview;
use crate::cli::error::{Exit, Failure};
use crate::cli::forge_session::{ForgeSession, PublishedJson};
use crate::cli::output::Format;
use crate::cli::output::render;
use crate::cli::output::render::Detail;
use crate::cli::output::terminal::{BOLD, Terminal};
use crate::cli::prompt::{self, Creation};
use crate::cli::publication_files::PublicationFiles;
use crate::cli::safe_directory;
use crate::cli::signals;
use crate::engine::{self, Preview};
use crate::forge::marker::Marker;
use crate::forge::repository::RepoPath;
use crate::model::digest::GitId;
use crate::model::input::{Identity, RepoName};
use crate::model::plan::Plan;
use crate::model::preflight::{ForgeKind, OwnerKind};
use crate::model::report::Report;
use crate::model::repository_settings::RepositorySettings;
use crate::preflight::{lost_settings, scopes_for};
use crate::publish::file_ledger::FileLedger;
use crate::publish::ledger::PublishRequest;
use crate::publish::{PublishedRepo, Publisher};
use crate::signing::attestation::Attestation;
use crate::signing::key::SigningKey;
use crate::signing::statement::Creator;
use crate::tree::Tree as _;
use crate::tree::ids::Ids;
use crate::tree::repository::{CreatedRepository, EmptyClone, Layout, Target};
use crate::tree::signed::{CommitAttester, NOTES_REF};
use serde::Serialize;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    selection: SelectionArgs,
    /// An empty or missing folder, or an empty clone, for one commit on `main` or on the clone's own branch. Without a
    /// forge, a terminal asks for it.
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// Create only this tree, and fail otherwise.
    #[arg(long, value_name = "TREE_ID", value_parser = GitId::parse)]
    expect: Option<GitId>,
    /// Create a bare repository.
    #[arg(long, requires = "into")]
    bare: bool,
    /// Share the template's objects, as `git clone --shared` does: for a repository that is pushed and
    /// thrown away.
    #[arg(long, requires = "bare")]
    shared: bool,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// File that records the steps on the forge [default: a new one in the user's state folder].
    #[arg(long, value_name = "FILE", requires = "forge")]
    ledger: Option<PathBuf>,
    #[command(flatten)]
    product: ProductArgs,
    #[command(flatten)]
    signing: SigningArgs,
    #[command(flatten)]
    forge: ForgeArgs,
    #[command(flatten)]
    push: PushArgs,
}

/// The new repository as a JSON document.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewJson<'a> {
    path: Option<&'a Path>,
    branch: &'a str,
    author: &'a Identity,
    tree_id: &'a GitId,
    commit_id: &'a GitId,
    /// The key that signed the commit and the statement in its note.
    #[serde(skip_serializing_if = "Option::is_none")]
    signed_by: Option<&'a SigningKeyJson>,
    report: &'a Report,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    next_steps: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    published: Option<PublishedJson>,
}

/// The folder of a new repository, if it gets one here.
struct FolderChoice {
    folder: Option<PathBuf>,
    /// True if the terminal asked for it.
    is_asked: bool,
}

/// The public part of a signing key.
#[derive(Serialize)]
struct SigningKeyJson {
    algorithm: String,
    fingerprint: String,
}

impl SigningKeyJson {
    fn of(key: &SigningKey) -> Self {
        Self {
            algorithm: key.algorithm(),
            fingerprint: key.fingerprint(),
        }
    }
}

/// A new repository: its commit, the clone that took it, and its copy on a forge.
struct Created<'s> {
    folder: Option<&'s Path>,
    ids: CommitIds,
    signed_by: Option<SigningKeyJson>,
    clone: Option<&'s EmptyClone>,
    published: Option<Published<'s>>,
    /// True if the report was shown before the last question.
    is_shown: bool,
}

impl Created<'_> {
    fn branch(&self) -> &str {
        self.clone.map_or("main", |clone| &clone.branch)
    }
}

/// A repository on a forge, and the files of its publication.
struct Published<'s> {
    session: &'s ForgeSession,
    files: PublicationFiles,
    repo: PublishedRepo,
    has_note: Option<bool>,
}

impl Published<'_> {
    fn json(&self) -> PublishedJson {
        self.session
            .published(&self.repo, &self.files, self.has_note)
    }
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let named = args
        .product
        .named(args.into.as_deref(), Some(&args.forge))?;
    let place = args.place(&named.request.repo)?;
    let target = place.folder.as_deref().map(Target::check).transpose()?;
    if let (Some(into), Some(_)) = (&place.folder, clone_of(target.as_ref())) {
        safe_directory::check(into)?;
    }
    let session = ForgeSession::open(args.forge.clone(), &args.push, terminal)?;
    let ledger = args
        .ledger
        .as_deref()
        .map(PublicationFiles::named)
        .transpose()?;
    if let Some(files) = &ledger {
        files.check_unused()?;
    }
    let prepared = args.product.prepare(&named.request, &args.selection)?;
    let key = args.signing.key()?;
    let mut preview = preview::make(&prepared)?;
    preview::sign(&mut preview, key.as_ref())?;
    preview::accept(&prepared, &preview, args.expect.as_ref(), Prevented::Write)?;
    warn_of_lost_settings(args.forge.forge, &preview.report.settings, terminal);
    let was_asked = named.is_asked || place.is_asked || args.selection.is_asked();
    let is_shown = was_asked && args.format == Format::Text;
    if is_shown {
        confirm(&prepared, &preview, terminal)?;
    }
    let commit = engine::first_commit(&preview.plan, &preview.report.recipe_hash);
    let attestation = key.as_ref().map(|key| Attestation {
        key,
        plan: &preview.plan,
        recipe_hash: &preview.report.recipe_hash,
        creator: Creator {
            actor: preview.plan.author.as_str().to_owned(),
            run: None,
        },
    });
    let repository = |layout| CreatedRepository {
        tree: &preview.tree,
        template: prepared.template.repository(),
        commit: &commit,
        signer: attestation.as_ref().map(|one| one as &dyn CommitAttester),
        layout,
    };
    let inputs = &preview.plan.inputs;
    let listing = preview.tree.list()?;
    // The forge is asked before anything is written, and changed after everything is.
    let on_forge = match &session {
        Some(session) => {
            let paths = listing.iter().map(|(path, _)| path);
            Some(session.place(inputs, scopes_for(paths))?)
        }
        None => None,
    };
    if let Some(into) = &place.folder {
        warn_of_nesting(into, terminal);
    }
    let mut ids = None;
    if let Some(target) = &target {
        let written = Terminal::busy("writing the repository", || {
            target.create(&repository(args.layout()), signals::stop())
        })?;
        ids = Some(CommitIds::from(written));
    }
    let mut published = None;
    if let (Some(session), Some(on_forge)) = (&session, on_forge) {
        let publication = Publication {
            session,
            place: on_forge,
            description: inputs.product_name.to_string(),
            settings: &preview.report.settings,
            into: place.folder.as_deref(),
        };
        let (files, repo, has_note) =
            publication.run(ledger, &repository(Layout::Bare), terminal)?;
        ids = ids.or_else(|| Some(CommitIds::of(&repo)));
        published = Some(Published {
            session,
            files,
            repo,
            has_note,
        });
    }
    if let Some(into) = &place.folder {
        terminal.done(format!("created `{}`", into.display()));
    }
    if let Some(Published { repo, .. }) = &published {
        terminal.done(format!("published `{}` at {}", repo.full_name, repo.remote));
    }
    if let Some(key) = &key {
        terminal.done(format!("signed with {}", key.fingerprint()));
    }
    let created = Created {
        folder: place.folder.as_deref(),
        ids: ids.ok_or_else(no_place)?,
        signed_by: key.as_ref().map(SigningKeyJson::of),
        clone: clone_of(target.as_ref()),
        published,
        is_shown,
    };
    args.print(&prepared, &preview, &created, terminal)?;
    Ok(Exit::Success)
}

/// Shows the result that the answers give, and asks for its creation.
fn confirm(
    prepared: &Prepared,
    preview: &Preview<'_>,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let mut detail = Detail::Summary;
    loop {
        let source = &prepared.opened.source;
        render::report(
            preview,
            detail,
            &source.files,
            source.root.as_deref(),
            terminal,
        )?;
        terminal.flush()?;
        match prompt::creation()? {
            Creation::Create => return Ok(()),
            Creation::Cancel => return Err(Failure::cancelled()),
            Creation::ShowDiff => detail = Detail::Normal,
        }
    }
}

fn no_place() -> Failure {
    Failure::usage(
        "target_missing",
        "there is no place to create the repository in",
    )
    .hinted("name a folder with `--into`, or a forge with `--forge`")
}

fn clone_of(target: Option<&Target>) -> Option<&EmptyClone> {
    target.and_then(Target::empty_clone)
}

/// Warns of the settings that a local forge does not keep.
fn warn_of_lost_settings(
    forge: Option<ForgeKind>,
    settings: &RepositorySettings,
    terminal: &mut Terminal,
) {
    let lost = forge.map_or_else(Vec::new, |kind| lost_settings(kind, settings));
    if !lost.is_empty() {
        let message = format!("a local forge does not keep {}", lost.join("; "));
        let hint =
            "set them with `groundplan ops apply` when the repository is on GitHub or Forgejo";
        terminal.warning(&message, &[hint.to_owned()]);
    }
}

/// Warns of a repository inside the work tree of another one, which git does not connect.
fn warn_of_nesting(into: &Path, terminal: &mut Terminal) {
    let parent = match into.canonicalize() {
        Ok(folder) => folder.parent().map(Path::to_owned),
        // Of a folder to be created, only the parent can be found.
        Err(_) => into
            .parent()
            .and_then(|parent| Path::new(".").join(parent).canonicalize().ok()),
    };
    if let Some(top) = parent.and_then(|parent| work_tree_of(&parent)) {
        let message = format!(
            "`{}` is inside the work tree of `{}`, which does not track its files",
            into.display(),
            top.display()
        );
        let hint =
            "name a folder outside, or add it there with `git submodule add` or to `.gitignore`";
        terminal.warning(&message, &[hint.to_owned()]);
    }
}

impl Args {
    /// The place that the flags name, or the answer on a terminal.
    fn place(&self, repo: &RepoName) -> Result<FolderChoice, Failure> {
        if self.into.is_some() || self.forge.forge.is_some() {
            return Ok(FolderChoice {
                folder: self.into.clone(),
                is_asked: false,
            });
        }
        if !Terminal::is_interactive() {
            return Err(no_place());
        }
        Ok(FolderChoice {
            folder: Some(prompt::folder(repo)?),
            is_asked: true,
        })
    }

    fn layout(&self) -> Layout {
        match (self.bare, self.shared) {
            (false, _) => Layout::WorkTree,
            (true, false) => Layout::Bare,
            (true, true) => Layout::BareShared,
        }
    }

    /// Prints the new repository.
    fn print(
        &self,
        prepared: &Prepared,
        preview: &Preview<'_>,
        created: &Created<'_>,
        terminal: &mut Terminal,
    ) -> Result<(), Failure> {
        let Created { ids, published, .. } = created;
        if self.format == Format::Json {
            terminal.json(&NewJson {
                path: created.folder,
                branch: created.branch(),
                author: &preview.plan.author,
                tree_id: &ids.tree,
                commit_id: &ids.commit,
                signed_by: created.signed_by.as_ref(),
                report: &preview.report,
                next_steps: next_steps::of(&prepared.opened.catalog, &preview.plan),
                published: published.as_ref().map(Published::json),
            })?;
            return Ok(());
        }
        if !created.is_shown {
            let source = &prepared.opened.source;
            let root = source.root.as_deref();
            render::report(preview, Detail::Summary, &source.files, root, terminal)?;
        }
        if let Some(key) = &created.signed_by {
            writeln!(
                terminal.out(),
                "Signed: {} {}, with a statement in {NOTES_REF}",
                key.algorithm,
                key.fingerprint
            )?;
        }
        if let Some(published) = published {
            writeln!(terminal.out())?;
            published
                .session
                .print(&published.repo, &published.files, terminal)?;
        }
        let mut steps = next_steps::of(&prepared.opened.catalog, &preview.plan);
        if steps.is_empty() && preview.tree.list()?.get("package.json").is_some() {
            steps.push("npm install".to_owned());
        }
        self.print_next_steps(&preview.plan, &steps, created, terminal)?;
        author::warn_of_placeholder(&preview.plan, terminal);
        Ok(())
    }

    /// Prints the commands that usually follow in the new folder.
    fn print_next_steps(
        &self,
        plan: &Plan,
        steps: &[String],
        created: &Created<'_>,
        terminal: &mut Terminal,
    ) -> Result<(), Failure> {
        let Some(folder) = created.folder else {
            return Ok(());
        };
        let folder = quote(&folder.display().to_string());
        writeln!(
            terminal.out(),
            "\n{BOLD}Created {folder}{BOLD:#}, one commit on `{branch}` by {author}. Next:\n  cd {folder}",
            branch = created.branch(),
            author = plan.author.as_str(),
        )?;
        let has_remote = created.clone.is_some_and(|clone| clone.has_remote);
        let knows_remote = has_remote || created.published.is_some();
        let is_remote = |step: &String| step.starts_with("git remote ");
        let names_remote = steps.iter().any(is_remote);
        for step in steps {
            let is_shown = if is_remote(step) {
                !knows_remote
            } else {
                !self.bare
            };
            if is_shown {
                writeln!(terminal.out(), "  {step}")?;
            }
        }
        let push = format!("git push -u origin {}", quote(created.branch()));
        let (remote, then) = match &created.published {
            Some(published) => (
                Some(published.repo.remote.to_string()),
                "git fetch".to_owned(),
            ),
            None if has_remote => (None, push),
            None if names_remote => (None, push),
            None => (Some(format!("{}.git", plan.inputs.repo_address())), push),
        };
        if let Some(remote) = remote {
            let verb = if has_remote { "set-url" } else { "add" };
            writeln!(
                terminal.out(),
                "  git remote {verb} origin {}",
                quote(&remote)
            )?;
        }
        writeln!(terminal.out(), "  {then}")?;
        Ok(())
    }
}

/// The ids of a repository's one commit.
struct CommitIds {
    tree: GitId,
    commit: GitId,
}

impl CommitIds {
    fn of(published: &PublishedRepo) -> Self {
        Self {
            tree: published.tree.clone(),
            commit: published.commit.clone(),
        }
    }
}

impl From<Ids> for CommitIds {
    fn from(ids: Ids) -> Self {
        Self {
            tree: GitId::of(&ids.tree),
            commit: GitId::of(&ids.commit),
        }
    }
}

/// A repository on its way to a forge.
struct Publication<'p> {
    session: &'p ForgeSession,
    place: (RepoPath, OwnerKind),
    description: String,
    settings: &'p RepositorySettings,
    /// The folder that was created before.
    into: Option<&'p Path>,
}

impl Publication<'_> {
    /// Builds the repository beside its ledger and publishes it. The files go when nothing remains on the forge. Returns
    /// true if the note of a signed commit was pushed, too.
    fn run(
        &self,
        ledger: Option<PublicationFiles>,
        repository: &CreatedRepository<'_>,
        terminal: &mut Terminal,
    ) -> Result<(PublicationFiles, PublishedRepo, Option<bool>), Failure> {
        self.publish(ledger, repository, terminal)
            .map_err(|failure| match self.into {
                Some(into) => failure.noted(format!("the folder `{}` stays", into.display())),
                None => failure,
            })
    }

    fn publish(
        &self,
        ledger: Option<PublicationFiles>,
        repository: &CreatedRepository<'_>,
        terminal: &mut Terminal,
    ) -> Result<(PublicationFiles, PublishedRepo, Option<bool>), Failure> {
        let (place, kind) = self.place.clone();
        let marker = Marker::generate().map_err(|error| {
            Failure::environment(
                "random_numbers_failed",
                "the system gives no random numbers",
            )
            .caused_by(error)
        })?;
        let files = match ledger {
            Some(files) => files,
            None => PublicationFiles::fresh(&place, &marker)?,
        };
        let target = Target::check(&files.repository())?;
        let built = CommitIds::from(target.create(repository, signals::stop())?);
        let request = PublishRequest {
            settings: Box::new(self.settings.clone()),
            ..PublishRequest::new(
                place,
                kind,
                marker,
                built.commit,
                built.tree,
                self.description.clone(),
                &SystemClock,
            )
        };
        let mut ledger = match self.create_ledger(&files) {
            Ok(ledger) => ledger,
            Err(failure) => {
                files.drop_repository()?;
                return Err(failure);
            }
        };
        let publish = async |publisher: &Publisher<'_>, ledger: &mut FileLedger| {
            publisher.publish(ledger, request).await
        };
        let ended = Terminal::busy("publishing", || {
            self.session.run(&files, &mut ledger, publish)
        });
        match ended {
            Ok(published) => {
                let has_note = self.session.publish_note(&files, &published, terminal);
                ForgeSession::tidy(&files, terminal);
                Ok((files, published, has_note))
            }
            Err(interrupted) => {
                if interrupted.leaves_nothing() {
                    files.drop_all()?;
                }
                Err(self.session.failure(interrupted, &files, self.into))
            }
        }
    }

    fn create_ledger(&self, files: &PublicationFiles) -> Result<FileLedger, Failure> {
        files.save(&self.session.flags)?;
        Ok(FileLedger::create(files.ledger())?)
    }
}
