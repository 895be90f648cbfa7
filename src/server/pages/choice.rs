//! The choice on Configure: catalogue, options and names, as the address of the page contains them.

use super::fields::Fields;
use crate::app::catalogs::OpenedCatalog;
use crate::app::choices::{self, KnownNames};
use crate::app::tokens;
use crate::catalog::SelectionType;
use crate::model::condition::{InputValue, InputValues};
use crate::model::date::Day;
use crate::model::input::{Owner, ProductName, RepoName};
use crate::model::plan::Plan;
use crate::model::selection::Selection;
use crate::model::slug::Slug;
use crate::resolve::{self, Question};
use crate::server::api::selection::PreviewRequest;
use crate::server::guard::Signed;
use crate::server::problem::Problem;
use crate::server::state::ServerState;
use crate::store::product::Product;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::sync::Arc;

/// A choice, completed with the product's names and, in an address without options, with the catalogue's defaults.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub(super) opened: Arc<OpenedCatalog>,
    pub(super) name: Field,
    pub(super) slug: Field,
    pub(super) owner: Field,
    pub(super) repo: Field,
    pub(super) date: Field,
    pub(super) selection: Selection,
    /// The values given for inputs that apply to the selection.
    pub(super) inputs: InputValues,
}

/// A field of the form, with the reason why its value cannot be used.
#[derive(Clone, Debug, Default)]
pub(super) struct Field {
    pub(super) value: String,
    pub(super) error: Option<String>,
}

impl Field {
    /// The field with a value, which `parse` checks; an empty one is absent.
    fn checked<T, E: Display>(value: &str, parse: impl Fn(&str) -> Result<T, E>) -> Self {
        let error = match value {
            "" => None,
            text => parse(text).err().map(|error| error.to_string()),
        };
        Self {
            value: value.to_owned(),
            error,
        }
    }

    fn parsed<T, E>(&self, parse: impl Fn(&str) -> Result<T, E>) -> Option<T> {
        parse(&self.value).ok()
    }
}

impl Choice {
    /// The choice that the fields of a form or an address make for a product.
    pub(super) async fn of(
        state: &ServerState,
        signed: &Signed,
        product: &Product,
        fields: &Fields,
    ) -> Result<Self, Problem> {
        let slug = match fields.get("catalog") {
            Some(slug) => slug.to_owned(),
            None => default_catalog(state),
        };
        let opened = state.catalog(&slug).await?;
        let owner = match fields.get("owner") {
            Some(owner) => owner.to_owned(),
            None => default_owner(state, signed).await?,
        };
        let own_slug = (Slug::from_title(&product.name)
            .map(|slug| slug.to_string())
            .as_deref()
            != Some(&product.slug))
        .then_some(product.slug.as_str());
        let text = |name: &str, default: &str| fields.get(name).unwrap_or(default).to_owned();
        let mut choice = Self {
            inputs: given_inputs(&opened, fields),
            name: Field::checked(&text("name", &product.name), ProductName::parse),
            slug: Field::checked(&text("slug", own_slug.unwrap_or_default()), Slug::parse),
            owner: Field::checked(&owner, Owner::parse),
            repo: Field::checked(&text("repo", &product.slug), RepoName::parse),
            date: Field::checked(&text("date", ""), Day::parse),
            selection: selection(&opened, fields),
            opened,
        };
        let asked = choice.questions();
        let given = asked.into_iter().filter_map(|question| {
            let given = question.given?;
            Some((question.input.name.clone(), given))
        });
        choice.inputs = given.collect();
        Ok(choice)
    }

    /// The inputs that apply to the selection. While a field has an error, defaults come from the sample product.
    pub(super) fn questions(&self) -> Vec<Question<'_>> {
        let names = KnownNames {
            name: self.name.parsed(ProductName::parse),
            slug: self.slug.parsed(Slug::parse),
            owner: self.owner.parsed(Owner::parse),
            repo: self.repo.parsed(RepoName::parse),
            date: self.date.parsed(Day::parse),
        };
        choices::questions(
            &self.opened.catalog,
            &self.selection,
            names,
            self.inputs.clone(),
        )
    }

    /// The request of the preview; `None` while a field has an error.
    pub(super) fn request(&self) -> Option<PreviewRequest> {
        let optional = |field: &Field| (!field.value.is_empty()).then(|| field.value.clone());
        let has_errors = self.fields().any(|(_, field)| field.error.is_some());
        if has_errors {
            return None;
        }
        Some(PreviewRequest {
            catalog: self.opened.catalog.slug().clone(),
            defaults: false,
            selection: self.selection.clone().into(),
            inputs: self.inputs.clone(),
            name: self.name.parsed(ProductName::parse)?,
            slug: optional(&self.slug).and_then(|text| Slug::parse(&text).ok()),
            owner: self.owner.parsed(Owner::parse)?,
            repo: self.repo.parsed(RepoName::parse)?,
            date: optional(&self.date).and_then(|text| Day::parse(&text).ok()),
            author: None,
            template: None,
        })
    }

    /// The fields of the product, by their names in the form.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&'static str, &Field)> {
        [
            ("name", &self.name),
            ("slug", &self.slug),
            ("owner", &self.owner),
            ("repo", &self.repo),
            ("date", &self.date),
        ]
        .into_iter()
    }

    /// All fields that make this choice again.
    pub(super) fn to_fields(&self) -> Fields {
        let mut pairs = vec![("catalog".to_owned(), self.opened.catalog.slug().to_string())];
        for (name, field) in self.fields() {
            if !field.value.is_empty() {
                pairs.push((name.to_owned(), field.value.clone()));
            }
        }
        for (name, value) in &self.inputs {
            pairs.push((name.to_string(), value.to_string()));
        }
        for option in self.selection.options() {
            pairs.push((option.category().to_owned(), option.option().to_owned()));
        }
        pairs.into_iter().collect()
    }
}

/// The values of inputs in the fields; an empty field is absent.
fn given_inputs(opened: &OpenedCatalog, fields: &Fields) -> InputValues {
    let inputs = opened.catalog.file().inputs.iter();
    inputs
        .filter_map(|input| {
            let text = fields.get(input.name.as_str())?;
            let value = InputValue::Text(text.to_owned());
            (!text.is_empty()).then(|| (input.name.clone(), value))
        })
        .collect()
}

/// The options in the fields. An address without any option, of a catalogue that requires some or without any other
/// field, gets the catalogue's defaults.
fn selection(opened: &OpenedCatalog, fields: &Fields) -> Selection {
    let catalog = &opened.catalog;
    let mut selection = Selection::default();
    for category in catalog.categories() {
        let values: Vec<&str> = fields.values(category.slug.as_str()).collect();
        let values = match category.selection {
            SelectionType::Single => values.last().copied().into_iter().collect(),
            SelectionType::Multi => values,
        };
        for option in values.into_iter().filter_map(|text| Slug::parse(text).ok()) {
            selection.insert(category.slug.clone(), option);
        }
    }
    let names: BTreeSet<&str> = fields.iter().map(|(name, _)| name).collect();
    let is_new = names.iter().all(|name| *name == "catalog");
    let must_choose = catalog
        .categories()
        .iter()
        .any(|category| category.required);
    if selection.is_empty() && (is_new || must_choose) {
        resolve::fill_with_defaults(catalog, &mut selection);
    }
    selection
}

/// The first catalogue of the server.
fn default_catalog(state: &ServerState) -> String {
    state.catalogs.keys().next().cloned().unwrap_or_default()
}

/// The login of the user's stored token, else the user's name.
async fn default_owner(state: &ServerState, signed: &Signed) -> Result<String, Problem> {
    let stored = tokens::stored(&state.database, &signed.caller).await?;
    let login = stored.map(|token| token.login);
    let mut candidates = login.into_iter().chain([signed.account.username.clone()]);
    let usable = candidates.find(|name| Owner::parse(name).is_ok());
    Ok(usable.unwrap_or_else(|| "owner".to_owned()))
}

/// The query that makes the choice of a plan again.
pub(super) fn query_of(plan: &Plan) -> String {
    let inputs = &plan.inputs;
    let names = [
        ("catalog", plan.catalog.to_string()),
        ("name", inputs.product_name.to_string()),
        ("slug", inputs.product_slug.to_string()),
        ("owner", inputs.owner.to_string()),
        ("repo", inputs.repo.to_string()),
    ];
    let options = plan.recipe.selections.options();
    let values = inputs.values.iter();
    names
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .chain(values.map(|(name, value)| (name.to_string(), value.to_string())))
        .chain(options.map(|one| (one.category().to_owned(), one.option().to_owned())))
        .collect::<Fields>()
        .query()
}
