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
use crate::tree::{Tree, TreeMut as _, ids};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// What selections are made of.
#[derive(Clone, Copy)]
pub struct Ground<'g> {
    pub catalog: &'g Catalog,
    pub template: &'g dyn Tree,
    pub pin: &'g TemplatePin,
}

/// A selection and what came of it.
#[derive(Clone, Debug)]
pub struct Proof {
    pub selection: Selection,
    pub outcome: Outcome,
}

/// What came of a selection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The id of the tree that [`content_id`] gives.
    Made(GitId),
    /// It cannot be made, for these reasons.
    Stopped(Vec<Diagnostic>),
    /// It was made twice and came out differently, which no plan may do.
    Unsteady { first: GitId, second: GitId },
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

impl<'g> Ground<'g> {
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

    /// What comes of one selection for the sample product, made once.
    pub fn attempt(&self, selection: &Selection) -> Result<Outcome, PreviewError> {
        match self.preview(selection.clone(), sample_inputs()) {
            Ok(preview) => outcome(preview),
            Err(PreviewError::Selection(findings)) => Ok(Outcome::Stopped(findings)),
            Err(error) => Err(error),
        }
    }

    fn prove(&self, selection: Selection) -> Result<Proof, PreviewError> {
        let outcome = match (self.attempt(&selection)?, self.attempt(&selection)?) {
            (Outcome::Made(first), Outcome::Made(second)) if first != second => {
                Outcome::Unsteady { first, second }
            }
            (first, _) => first,
        };
        Ok(Proof { selection, outcome })
    }
}

/// What comes of each selection for the sample product, each made twice, on all cores.
pub fn prove(ground: Ground<'_>, selections: &[Selection]) -> Result<Vec<Proof>, PreviewError> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some((at, selection)) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            selections.get(at).map(|selection| (at, selection))
        } {
            done.push((at, ground.prove(selection.clone())));
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
    all.into_iter().map(|(_, proof)| proof).collect()
}

/// The tree id of a preview without its provenance file, which names catalogue and program versions: it changes only
/// when what the options and the template give changes. Nothing when the preview cannot proceed.
pub fn content_id(preview: Preview<'_>) -> Result<Option<GitId>, PreviewError> {
    if !preview.report.can_proceed {
        return Ok(None);
    }
    let mut tree = preview.tree;
    tree.remove(preview.plan.provenance_path.as_tree())?;
    Ok(Some(GitId::of(&ids::tree_id(&tree)?)))
}

fn outcome(preview: Preview<'_>) -> Result<Outcome, PreviewError> {
    let report = &preview.report;
    let findings = report.collisions.iter().chain(&report.errors).cloned();
    let findings: Vec<Diagnostic> = findings.collect();
    Ok(content_id(preview)?.map_or(Outcome::Stopped(findings), Outcome::Made))
}
