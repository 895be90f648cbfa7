//! Selections made for real, each twice, without leaving anything behind.

use crate::catalog::Catalog;
use crate::engine::{self, Preview, PreviewError};
use crate::model::date::Day;
use crate::model::diagnostic::Diagnostic;
use crate::model::digest::GitId;
use crate::model::input::{Identity, Inputs, Owner, ProductName, RepoName};
use crate::model::plan::TemplatePin;
use crate::model::selection::Selection;
use crate::model::slug::Slug;
use crate::resolve::Request;
use crate::tree::overlay::Overlay;
use crate::tree::{Tree, TreeMut as _, ids};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// What selections are made of.
#[derive(Clone, Copy)]
pub struct TrialInput<'g> {
    pub catalog: &'g Catalog,
    pub template: &'g dyn Tree,
    pub pin: &'g TemplatePin,
}

/// A selection and what came of it.
#[derive(Clone, Debug)]
pub struct Trial {
    pub selection: Selection,
    pub outcome: TrialOutcome,
}

/// What came of a selection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrialOutcome {
    /// The id of the tree that [`content`] gives.
    Built(GitId),
    /// It cannot be made, for these reasons.
    Failed(Vec<Diagnostic>),
    /// It was made twice and came out differently, which no plan may do.
    Unstable { first: GitId, second: GitId },
}

/// The product that selections are made for where none is asked for: the same everywhere and for ever, for ids hang on it.
pub fn sample_inputs() -> Inputs {
    let is_valid = "a fixed name is valid";
    Inputs {
        product_name: ProductName::parse("Sample Product").expect(is_valid),
        product_slug: Slug::parse("sample-product").expect(is_valid),
        owner: Owner::parse("sample-owner").expect(is_valid),
        repo: RepoName::parse("sample-repo").expect(is_valid),
        date: Day::parse("2026-01-01").expect(is_valid),
    }
}

impl<'g> TrialInput<'g> {
    /// What one selection gives for a product.
    pub fn preview(
        &self,
        selection: Selection,
        inputs: Inputs,
    ) -> Result<Preview<'g>, PreviewError> {
        let request = Request {
            selection,
            inputs,
            author: Identity::default(),
            template: self.pin.clone(),
        };
        engine::preview(self.catalog, request, self.template)
    }

    /// What one selection gives for the sample product, or the findings that keep it from being made.
    pub fn sample(
        &self,
        selection: &Selection,
    ) -> Result<Result<Preview<'g>, Vec<Diagnostic>>, PreviewError> {
        match self.preview(selection.clone(), sample_inputs()) {
            Ok(preview) if preview.report.can_proceed => Ok(Ok(preview)),
            Ok(preview) => Ok(Err(preview.report.obstacles().cloned().collect())),
            Err(PreviewError::Selection(findings)) => Ok(Err(findings)),
            Err(error) => Err(error),
        }
    }

    /// What comes of one selection for the sample product, made once.
    pub fn attempt(&self, selection: &Selection) -> Result<TrialOutcome, PreviewError> {
        Ok(match self.sample(selection)? {
            Ok(preview) => TrialOutcome::Built(GitId::of(&ids::tree_id(&content(preview)?)?)),
            Err(findings) => TrialOutcome::Failed(findings),
        })
    }

    fn verify(&self, selection: Selection) -> Result<Trial, PreviewError> {
        let outcome = match (self.attempt(&selection)?, self.attempt(&selection)?) {
            (TrialOutcome::Built(first), TrialOutcome::Built(second)) if first != second => {
                TrialOutcome::Unstable { first, second }
            }
            (first, _) => first,
        };
        Ok(Trial { selection, outcome })
    }
}

/// What comes of each selection for the sample product, each made twice, on all cores.
pub fn verify(input: TrialInput<'_>, selections: &[Selection]) -> Result<Vec<Trial>, PreviewError> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some((at, selection)) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            selections.get(at).map(|selection| (at, selection))
        } {
            done.push((at, input.verify(selection.clone())));
        }
        done
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut all = thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        let join = |worker: thread::ScopedJoinHandle<'_, Vec<_>>| {
            worker
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        workers.into_iter().flat_map(join).collect::<Vec<_>>()
    });
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, trial)| trial).collect()
}

/// The tree of a preview without its provenance file, which names catalogue and program versions: it changes only when
/// what the options and the template give changes.
pub fn content(preview: Preview<'_>) -> Result<Overlay<'_>, PreviewError> {
    let mut tree = preview.tree;
    tree.remove(preview.plan.provenance_path.as_tree())?;
    Ok(tree)
}
