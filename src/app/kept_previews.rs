//! Previews that are kept for a day: their files, with the origin of each line.

use super::caller::Caller;
use super::error::AppError;
use super::explanation::{self, ExplainedLine};
use crate::engine;
use crate::error::{Class, Explain, Hint};
use crate::model::content::{File, Mode};
use crate::model::digest::{Digest, DigestError, GitId};
use crate::model::path::TreePath;
use crate::model::plan::Plan;
use crate::model::report::{Change, Report};
use crate::resolve::stored::{Accepted, Expected, StoredPlanReader};
use crate::store::id::UserId;
use crate::store::preview::{NewPreview, StoredPreview};
use crate::store::sql::Database;
use crate::template::TemplateStore;
use crate::tree::Tree as _;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard, PoisonError};
use thiserror::Error;

/// A file of a preview.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PreviewFile {
    pub path: TreePath,
    pub mode: Mode,
    /// In bytes.
    pub size: usize,
    /// The text; null for a binary file.
    pub content: Option<String>,
    /// The difference from the template; null for an unchanged file.
    pub change: Option<Change>,
    /// The origin of each line of a text.
    pub lines: Vec<ExplainedLine>,
}

/// A preview or a file of it that does not exist.
#[derive(Debug, Error)]
pub enum KeptPreviewError {
    #[error("there is no preview of tree {tree}")]
    NoPreview { tree: GitId },
    #[error("the preview has no file `{path}`")]
    NoFile { path: TreePath },
    #[error("the kept preview is damaged")]
    Damaged { source: DigestError },
}

/// The previews that this process has just kept: a preview that is computed again is not written again.
#[derive(Debug, Default)]
pub struct RecentPreviews(Mutex<Recent>);

#[derive(Debug, Default)]
struct Recent {
    /// The start of this list, in milliseconds since 1970.
    since: i64,
    /// The plan hash of each preview.
    plans: BTreeMap<(UserId, GitId), Digest>,
}

/// A computed preview, with its report as JSON too.
pub struct ComputedPreview {
    pub plan: Plan,
    pub report: Report,
    pub text: String,
}

impl RecentPreviews {
    /// The largest number of previews.
    const MOST: usize = 10_000;

    /// Begins a new list when the time of the present one is over. True if it did.
    fn renew(&self, now: i64) -> bool {
        let mut recent = self.lock();
        let is_over = now - recent.since >= StoredPreview::UNWRITTEN;
        if is_over || recent.plans.len() >= Self::MOST {
            *recent = Recent {
                since: now,
                ..Recent::default()
            };
        }
        is_over
    }

    fn contains(&self, key: &(UserId, GitId), plan: &Digest) -> bool {
        self.lock().plans.get(key) == Some(plan)
    }

    fn insert(&self, key: (UserId, GitId), plan: Digest) {
        self.lock().plans.insert(key, plan);
    }

    fn lock(&self) -> MutexGuard<'_, Recent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps the preview of a result that can be created. Others have no tree id to be found by.
pub async fn keep(
    database: &Database,
    recent: &RecentPreviews,
    caller: &Caller,
    preview: &ComputedPreview,
    now: i64,
) -> Result<(), AppError> {
    let report = &preview.report;
    let Some(tree) = super::previews::accepted_tree(report) else {
        return Ok(());
    };
    if recent.renew(now) {
        database.remove_old_previews().await?;
    }
    let key = (caller.user().clone(), tree.clone());
    if recent.contains(&key, &report.plan_hash) {
        return Ok(());
    }
    let kept = NewPreview {
        tree,
        plan: &preview.plan,
        report: &preview.text,
    };
    database.keep_preview(caller.user(), &kept).await?;
    recent.insert(key, report.plan_hash.clone());
    Ok(())
}

/// A preview of the caller of the last day, validated again.
pub async fn find(
    database: &Database,
    plans: &StoredPlanReader,
    caller: &Caller,
    tree: &GitId,
) -> Result<Accepted, AppError> {
    let found = database.kept_preview(caller.user(), tree).await?;
    let kept = found.ok_or_else(|| KeptPreviewError::NoPreview { tree: tree.clone() })?;
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    let digest = |field: &str| {
        Digest::parse(&text(&kept.report[field]))
            .map_err(|source| KeptPreviewError::Damaged { source })
    };
    let inputs = &kept.plan["inputs"];
    let accepted = plans.read(
        kept.plan.clone(),
        kept.report.clone(),
        &Expected {
            recipe_hash: &digest("recipeHash")?,
            catalog_version: &digest("catalogVersion")?,
            tree: Some(tree.as_str()),
            repo: &format!("{}/{}", text(&inputs["owner"]), text(&inputs["repo"])),
        },
    )?;
    Ok(accepted)
}

/// One file of a kept preview.
pub fn file(
    templates: &TemplateStore,
    accepted: &Accepted,
    path: &TreePath,
) -> Result<PreviewFile, AppError> {
    let template = templates.open(&accepted.plan, &AtomicBool::new(false))?;
    let (report, tree) = engine::build(&accepted.plan, template.tree())?;
    let file = tree
        .read(path)?
        .ok_or_else(|| KeptPreviewError::NoFile { path: path.clone() })?;
    let change = report
        .changes
        .into_iter()
        .find(|change| change.path == *path);
    let content = file.text().map(str::to_owned);
    let lines = match &content {
        Some(_) => explanation::explain(&accepted.plan, template.tree(), path)?.lines,
        None => Vec::new(),
    };
    Ok(PreviewFile {
        path: path.clone(),
        mode: file.mode,
        size: file.bytes.len(),
        content,
        change,
        lines,
    })
}

/// All files of a kept preview, by path.
pub fn files(
    templates: &TemplateStore,
    accepted: &Accepted,
) -> Result<Vec<(TreePath, File)>, AppError> {
    let template = templates.open(&accepted.plan, &AtomicBool::new(false))?;
    let (_, tree) = engine::build(&accepted.plan, template.tree())?;
    let mut files = Vec::new();
    for (path, _) in tree.list()?.iter() {
        let path = TreePath::of_checked(path);
        if let Some(file) = tree.read(&path)? {
            files.push((path, file));
        }
    }
    Ok(files)
}

impl Explain for KeptPreviewError {
    fn class(&self) -> Class {
        match self {
            Self::NoPreview { .. } | Self::NoFile { .. } => Class::Refused,
            Self::Damaged { .. } => Class::Environment,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoPreview { .. } => "preview_not_found",
            Self::NoFile { .. } => "file_not_found",
            Self::Damaged { .. } => "preview_damaged",
        }
    }

    fn hint(&self) -> Option<Hint> {
        Some(match self {
            Self::NoPreview { .. } | Self::Damaged { .. } => {
                "make the preview again; it is kept for a day".into()
            }
            Self::NoFile { .. } => "see `fileTree` of the preview".into(),
        })
    }
}
