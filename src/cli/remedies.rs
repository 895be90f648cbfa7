//! What each error of the layers below means to a person: its code, its sentence, and what to do.

use crate::cli::error::Failure;
use crate::engine::PreviewError;
use crate::error::chain;
use crate::git::mirror::MirrorError;
use crate::git::{GitError, GitFailure};
use crate::impact::ImpactError;
use crate::sweep::rounds::SweepError;
use crate::template::TemplateError;
use crate::tree::TreeError;
use crate::tree::git::GitTreeError;
use crate::tree::ids::ObjectsError;
use crate::tree::repository::RepositoryError;
use crate::tree::worktree::WorkTreeError;

/// What to do about an object that cannot be read. What was known of its template is forgotten by then.
const DAMAGED: &str = "a copy in the template cache is fetched anew when you run this again, without `--offline`; check your own repository with `git fsck`";

fn refused(message: String, hint: &str) -> Failure {
    let hint = hint.to_owned();
    Failure::Refused { message, hint }
}

fn environment(message: String, hint: &str) -> Failure {
    let hint = Some(hint.to_owned());
    Failure::Environment { message, hint }
}

impl From<TreeError> for Failure {
    fn from(error: TreeError) -> Self {
        let is_damage = matches!(error, TreeError::Object { .. });
        Self::Environment {
            message: chain(&error),
            hint: is_damage.then(|| DAMAGED.to_owned()),
        }
    }
}

impl From<ObjectsError> for Failure {
    fn from(error: ObjectsError) -> Self {
        if let ObjectsError::Tree(error) = error {
            return error.into();
        }
        Self::Environment {
            message: chain(&error),
            hint: None,
        }
    }
}

impl From<PreviewError> for Failure {
    fn from(error: PreviewError) -> Self {
        match error {
            PreviewError::Tree(error) => error.into(),
            PreviewError::Objects(error) => error.into(),
            PreviewError::AnotherTemplate { .. } => Self::Refused {
                message: error.to_string(),
                hint: "use the template the plan names, or make a new plan".to_owned(),
            },
            PreviewError::Selection(_) => {
                let hint = "see the findings".to_owned();
                Self::Refused {
                    message: error.to_string(),
                    hint,
                }
            }
        }
    }
}

impl From<RepositoryError> for Failure {
    fn from(error: RepositoryError) -> Self {
        let hint = match &error {
            RepositoryError::Tree(TreeError::Object { .. })
            | RepositoryError::Objects(ObjectsError::Tree(TreeError::Object { .. })) => DAMAGED,
            RepositoryError::Stopped => return Self::Cancelled,
            RepositoryError::NotEmpty { .. } => {
                "name an empty folder, or one that does not exist yet; nothing was written"
            }
            RepositoryError::NotAFolder { .. } => {
                "name an empty folder, or one that does not exist yet"
            }
            RepositoryError::CurrentFolder { .. } => {
                "run it in the folder above, with `--into NAME`"
            }
            RepositoryError::NoParent { .. } => "make that folder first, or check the path",
            RepositoryError::Io { .. }
            | RepositoryError::Tree(_)
            | RepositoryError::Objects(_)
            | RepositoryError::Git { .. } => {
                "nothing was written; check permissions and free space"
            }
        };
        Self::Environment {
            message: chain(&error),
            hint: Some(hint.to_owned()),
        }
    }
}

impl From<WorkTreeError> for Failure {
    fn from(error: WorkTreeError) -> Self {
        let message = chain(&error);
        let refused = |hint| refused(message.clone(), hint);
        let environment = |hint| environment(message.clone(), hint);
        match error {
            WorkTreeError::Link { .. } => refused("name the folder that it leads to"),
            WorkTreeError::NotATop { .. }
            | WorkTreeError::Repository(GitTreeError::NotARepository { .. }) => refused(
                "name the top folder of a repository; a new one is made with `groundplan new`",
            ),
            WorkTreeError::Bare { .. } => refused("clone it, and name the clone"),
            WorkTreeError::Busy { .. } => refused("finish or abort that first; see `git status`"),
            WorkTreeError::Detached { .. } => refused("switch to a branch with `git switch`"),
            WorkTreeError::Sparse { .. } => {
                refused("write the whole index with `git sparse-checkout init --no-sparse-index`")
            }
            WorkTreeError::Locked { .. } => environment(
                "wait for it to end; when no git runs there, remove `index.lock` from its git folder",
            ),
            WorkTreeError::Changed { .. } => refused("run it again; nothing was added"),
            WorkTreeError::Stopped => Self::Cancelled,
            WorkTreeError::Repository(error) => error.into(),
            WorkTreeError::Tree(_) | WorkTreeError::Objects(_) | WorkTreeError::Git { .. } => {
                environment("check permissions and free space, then run it again")
            }
        }
    }
}

impl From<GitTreeError> for Failure {
    fn from(error: GitTreeError) -> Self {
        let is_named_wrongly = matches!(
            error,
            GitTreeError::NotARepository { .. }
                | GitTreeError::NoReference { .. }
                | GitTreeError::NoFolder { .. }
        );
        let hint = match &error {
            GitTreeError::NotARepository { .. } => {
                "name a git repository; without `--ref`, `--template` takes the files of a folder as they are"
            }
            GitTreeError::NoReference { .. } => "name a tag, a branch or a full commit id",
            GitTreeError::NoFolder { .. } => "check the path in that version of the template",
            GitTreeError::Shallow { .. } => "fetch the rest with `git fetch --unshallow`",
            GitTreeError::TooLarge { .. } => "compare the first commit with git itself",
            GitTreeError::Refused(_) => "see the findings",
            GitTreeError::Object { .. } => DAMAGED,
        };
        if is_named_wrongly {
            return Self::Refused {
                message: chain(&error),
                hint: hint.to_owned(),
            };
        }
        Self::Environment {
            message: chain(&error),
            hint: Some(hint.to_owned()),
        }
    }
}

impl From<MirrorError> for Failure {
    fn from(error: MirrorError) -> Self {
        let message = chain(&error);
        match error {
            MirrorError::Git { error, older } => of_git(message, &error, older.is_some()),
            MirrorError::NotCached { .. } => environment(
                message,
                "leave `--offline` out once, or run `groundplan mirror add` while there is a network",
            ),
            MirrorError::Broken { .. } => {
                environment(message, "leave `--offline` out: it is fetched anew")
            }
            MirrorError::NotACommit { .. } => refused(message, "name a branch, a tag or a commit"),
            MirrorError::Moved { .. } => refused(
                message,
                "preview again and look at what changed; a tag that moves is worth a question to its owner",
            ),
            MirrorError::Busy { .. } => environment(message, "wait for it to end, and try again"),
            MirrorError::NotOurs { .. } => environment(
                message,
                "name another folder with `--cache-dir` or GROUNDPLAN_CACHE_DIR",
            ),
            MirrorError::Io { .. } => environment(
                message,
                "check permissions and free space, name another folder with `--cache-dir`, or use what is there with `--offline`",
            ),
        }
    }
}

fn of_git(message: String, error: &GitError, is_older_there: bool) -> Failure {
    let later = if is_older_there {
        "try again later; what the cache holds from before is used with `--offline`"
    } else {
        "try again later"
    };
    match error {
        GitError::Stopped => Failure::Cancelled,
        GitError::NotInstalled => environment(message, "install git, or put its folder into PATH"),
        GitError::TooOld { .. } => environment(message, "install a newer git"),
        GitError::Start { .. } => {
            environment(message, "check that it is a program that this user may run")
        }
        GitError::FileNotAllowed { .. } => refused(
            message,
            "allow them with `--allow-file` or GROUNDPLAN_ALLOW_FILE=1",
        ),
        GitError::TimedOut { .. } if is_older_there => environment(message, later),
        GitError::TimedOut { .. } => environment(
            message,
            "try again later, or give it longer with `--git-timeout`",
        ),
        GitError::TooLarge { .. } => refused(
            message,
            "a template is a small repository: check the address",
        ),
        GitError::Failed { why, .. } => match why {
            GitFailure::NotEmpty => refused(
                message,
                "push into an empty repository, or give it another name",
            ),
            GitFailure::WorkflowScope => refused(
                message,
                "give the token the scope `workflow`, or leave workflow files out",
            ),
            GitFailure::Declined => refused(
                message,
                "see its rules: protected branches, hooks, found secrets",
            ),
            GitFailure::TooLargeForIt => refused(message, "keep large files out of the template"),
            GitFailure::Network | GitFailure::Unknown => environment(message, later),
            GitFailure::RepositoryNotFound => refused(
                message,
                "check the address; a private repository needs a token in GROUNDPLAN_GIT_TOKEN",
            ),
            GitFailure::RefNotFound => {
                refused(message, "check the name of the branch, tag or commit")
            }
            GitFailure::AccessRefused => refused(
                message,
                "set GROUNDPLAN_GIT_TOKEN to a token that may read it; for ssh, load the key into the agent and add the host to known_hosts",
            ),
            GitFailure::Redirected => {
                refused(message, "write the new address: redirects are not followed")
            }
            GitFailure::Corrupt => refused(
                message,
                "the repository holds what git refuses: tell its owner, or name another reference",
            ),
        },
    }
}

impl From<TemplateError> for Failure {
    fn from(error: TemplateError) -> Self {
        let message = error.to_string();
        let refused = |hint: String| Self::Refused { message, hint };
        match error {
            TemplateError::Moved { planned, .. } => refused(format!(
                "preview again and look at what changed, or take the planned commit itself with `--ref {planned}`"
            )),
            TemplateError::Mirror(error) => error.into(),
            TemplateError::Git(error) => error.into(),
            TemplateError::Objects(error) => error.into(),
            TemplateError::Refused { .. } => refused("remove or rename those files".to_owned()),
            TemplateError::Folder => {
                refused("name the repository with `--template` and `--ref`".to_owned())
            }
            TemplateError::Unknown(_) | TemplateError::NoCatalog(_) => {
                refused("name the folder that holds the catalogue with `--catalogs`".to_owned())
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
