//! Trials: selections that are built twice in memory.

use crate::catalog::{Catalog, CatalogInput, InputType};
use crate::engine::{self, ActionOutcomes, Preview, PreviewError};
use crate::model::condition::{InputValue, InputValues};
use crate::model::date::Day;
use crate::model::diagnostic::Diagnostic;
use crate::model::digest::GitId;
use crate::model::input::{Identity, Inputs, Owner, ProductName, RepoName};
use crate::model::plan::TemplatePin;
use crate::model::selection::Selection;
use crate::model::slug::Slug;
use crate::resolve::{self, Request};
use crate::tree::overlay::Overlay;
use crate::tree::{Tree, TreeMut as _, ids};
use rayon::prelude::*;

/// The catalogue and the template of a trial.
#[derive(Clone, Copy)]
pub struct TrialInput<'g> {
    pub catalog: &'g Catalog,
    pub template: &'g dyn Tree,
    pub pin: &'g TemplatePin,
}

/// A selection and its outcome.
#[derive(Clone, Debug)]
pub struct Trial {
    pub selection: Selection,
    pub outcome: TrialOutcome,
}

/// The outcome of a selection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrialOutcome {
    /// The id of the tree that [`content`] gives.
    Built(GitId),
    /// The findings that prevent a build.
    Failed(Vec<Diagnostic>),
    /// Two builds had different results, which no plan may have.
    Unstable { first: GitId, second: GitId },
}

/// The inputs of the sample product. They never change, because accepted tree ids depend on them.
pub fn sample_inputs() -> Inputs {
    let is_valid = "a fixed name is valid";
    Inputs {
        product_name: ProductName::parse("Sample Product").expect(is_valid),
        product_slug: Slug::parse("sample-product").expect(is_valid),
        owner: Owner::parse("sample-owner").expect(is_valid),
        repo: RepoName::parse("sample-repo").expect(is_valid),
        date: Day::parse("2026-01-01").expect(is_valid),
        repo_url: None,
        values: InputValues::new(),
    }
}

/// A value that an input can have, if one is found. It never changes, because accepted tree ids depend on it.
fn sample_value(input: &CatalogInput) -> Option<InputValue> {
    let text = |text: &str| InputValue::Text(text.to_owned());
    let candidates = match input.r#type {
        InputType::Boolean => vec![InputValue::Boolean(false)],
        InputType::Integer => [Some(1), input.min, input.max]
            .into_iter()
            .flatten()
            .map(InputValue::Integer)
            .collect(),
        InputType::Choice => {
            let first = input.options.first();
            first
                .map(|option| text(option.as_str()))
                .into_iter()
                .collect()
        }
        InputType::Text => {
            let fixed = [
                "sample",
                "Sample",
                "sample-product",
                "org.example.sample",
                "1",
                "1.0.0",
                "SAMPLE",
            ];
            let least = input.min.and_then(|min| u32::try_from(min).ok());
            let examples = [0, 1, least.unwrap_or(1)]
                .into_iter()
                .filter_map(|repeats| input.pattern.as_ref()?.example(repeats));
            fixed
                .map(text)
                .into_iter()
                .chain(examples.map(InputValue::Text))
                .collect()
        }
    };
    candidates
        .iter()
        .find_map(|candidate| input.value(candidate).ok())
}

impl<'g> TrialInput<'g> {
    /// The preview of a selection for a product.
    pub fn preview(
        &self,
        selection: Selection,
        inputs: Inputs,
    ) -> Result<Preview<'g>, PreviewError> {
        let request = self.request(selection, inputs);
        engine::preview(self.catalog, request, self.template)
    }

    /// The inputs with a value for each input of the catalogue that has no value, and no default that is possible for the
    /// sample product.
    fn with_sample_values(&self, selection: &Selection, mut inputs: Inputs) -> Inputs {
        let author = Identity::default();
        loop {
            let questions = resolve::questions(self.catalog, selection, &inputs, &author);
            let mut open = questions
                .into_iter()
                .filter(|question| question.given.is_none() && !question.has_possible_default());
            let Some((name, value)) = open.find_map(|question| {
                Some((question.input.name.clone(), sample_value(question.input)?))
            }) else {
                return inputs;
            };
            inputs.values.insert(name, value);
        }
    }

    /// The outcomes of the actions of a selection, which may lack options of required categories; `None` if an input has
    /// no value.
    pub fn action_outcomes(
        &self,
        selection: Selection,
        inputs: Inputs,
    ) -> Result<Option<ActionOutcomes>, PreviewError> {
        let request = self.request(selection, inputs);
        let Ok(plan) = resolve::partial(self.catalog, request) else {
            return Ok(None);
        };
        engine::try_actions(&plan, self.template).map(Some)
    }

    fn request(&self, selection: Selection, inputs: Inputs) -> Request {
        Request {
            inputs: self.with_sample_values(&selection, inputs),
            selection,
            author: Identity::default(),
            catalog_source: None,
            template: self.pin.clone(),
        }
    }

    /// The preview of a selection for the sample product, or the findings that prevent a build.
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

    /// The outcome of one build of a selection for the sample product.
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

/// The trial of each selection for the sample product, in order, on all cores.
pub fn verify(input: TrialInput<'_>, selections: &[Selection]) -> Result<Vec<Trial>, PreviewError> {
    let trials: Vec<_> = selections
        .par_iter()
        .map(|selection| input.verify(selection.clone()))
        .collect();
    trials.into_iter().collect()
}

/// The tree of a preview without its provenance file, which contains versions of catalogue and program. It changes only
/// if the content from options or template changes.
pub fn content(preview: Preview<'_>) -> Result<Overlay<'_>, PreviewError> {
    let mut tree = preview.tree;
    tree.remove(preview.plan.provenance_path.as_tree())?;
    Ok(tree)
}
