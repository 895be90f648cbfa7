//! The playground: a recipe that an author tries in place of an option's own. Nothing is stored.

use super::changes::words;
use super::fields::{Fields, QueryFields};
use super::findings::FindingList;
use super::frame::{Frame, Html};
use super::preview::is_of;
use super::result::Summary;
use crate::app::catalogs::OpenedCatalog;
use crate::app::choices;
use crate::app::playground::{self, RecipeTrial, TrialResult, recipe_path};
use crate::model::report::{Change, Report};
use crate::model::slug::OptionRef;
use crate::server::api::previews::on_a_core;
use crate::server::guard::Signed;
use crate::server::problem::Problem;
use crate::server::rates::Rated;
use crate::server::state::ServerState;
use askama::Template;
use axum::extract::State;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "playground.html")]
struct PlaygroundPage {
    frame: Frame,
    catalogs: Vec<Choosable>,
    options: Vec<Choosable>,
    slug: String,
    option: Option<OptionRef>,
    text: String,
    trial: Option<TrialView>,
}

/// A value of a list to choose from.
struct Choosable {
    value: String,
    title: String,
    is_chosen: bool,
}

/// The findings and the result of a recipe.
struct TrialView {
    findings: FindingList,
    result: Option<ResultOfRecipe>,
}

struct ResultOfRecipe {
    summary: Summary,
    /// The titles of the selection's options.
    options: Vec<String>,
    /// The files that the option of the recipe changes.
    changes: Vec<ChangeOfRecipe>,
}

struct ChangeOfRecipe {
    word: &'static str,
    class: &'static str,
    path: String,
    diff: Option<String>,
}

/// `GET /playground`
pub(super) async fn show(
    State(state): State<Arc<ServerState>>,
    QueryFields(query): QueryFields,
    _: Signed,
    frame: Frame,
) -> Result<Html<impl Template>, Problem> {
    let opened = chosen_catalog(&state, &query).await?;
    let option = chosen_option(&opened, &query);
    let path = option
        .as_ref()
        .map(|option| recipe_path(opened.catalog.slug(), option));
    let file = path.and_then(|path| opened.source.files.get(&path));
    let text = file.and_then(|file| file.text()).unwrap_or_default();
    Ok(Html(PlaygroundPage::new(
        &state, frame, &opened, option, text,
    )))
}

/// `POST /playground`
pub(super) async fn build(
    State(state): State<Arc<ServerState>>,
    signed: Signed,
    frame: Frame,
    fields: Fields,
) -> Result<Html<impl Template>, Problem> {
    state.count(Rated::Preview, &signed.caller)?;
    let opened = chosen_catalog(&state, &fields).await?;
    let text = fields.document("text");
    let option = chosen_option(&opened, &fields);
    let mut page = PlaygroundPage::new(&state, frame, &opened, option.clone(), &text);
    if let Some(option) = option {
        let trial = on_a_core(&state, move |state| {
            let cache = || (state.cache)();
            let trial = playground::try_recipe(&opened, &option, text.clone(), &cache)?;
            Ok(TrialView::new(trial, &opened, &option, &text))
        });
        page.trial = Some(trial.await?);
    }
    Ok(Html(page))
}

/// The catalogue that the fields name, else the first one.
async fn chosen_catalog(
    state: &ServerState,
    fields: &Fields,
) -> Result<Arc<OpenedCatalog>, Problem> {
    let first = || state.catalogs.keys().next().map_or("", String::as_str);
    let slug = fields.get("catalog").unwrap_or_else(first);
    Ok(state.catalog(slug).await?)
}

/// The option that the fields name, else the first one of the catalogue.
fn chosen_option(opened: &OpenedCatalog, fields: &Fields) -> Option<OptionRef> {
    let named = fields
        .get("option")
        .and_then(|text| OptionRef::parse(text).ok())
        .filter(|option| choices::find(&opened.catalog, option).is_some());
    let mut options = opened.catalog.options();
    named.or_else(|| options.next().map(|entry| entry.reference()))
}

impl PlaygroundPage {
    fn new(
        state: &ServerState,
        frame: Frame,
        opened: &OpenedCatalog,
        option: Option<OptionRef>,
        text: &str,
    ) -> Self {
        let catalog = &opened.catalog;
        let catalogs = state.catalogs.iter().map(|(slug, offered)| Choosable {
            value: slug.clone(),
            title: offered.catalog.file().title.to_string(),
            is_chosen: slug == catalog.slug().as_str(),
        });
        let options = catalog.options().map(|entry| {
            let reference = entry.reference();
            Choosable {
                title: choices::title(catalog, &reference),
                is_chosen: option.as_ref() == Some(&reference),
                value: reference.to_string(),
            }
        });
        Self {
            catalogs: catalogs.collect(),
            options: options.collect(),
            slug: catalog.slug().to_string(),
            option,
            text: text.to_owned(),
            trial: None,
            // A form that was answered here is no address to come back to.
            frame: Frame {
                here: "/playground".to_owned(),
                ..frame
            },
        }
    }
}

impl TrialView {
    fn new(trial: RecipeTrial, opened: &OpenedCatalog, option: &OptionRef, text: &str) -> Self {
        let path = recipe_path(opened.catalog.slug(), option);
        let result = |result: TrialResult| {
            let titles = result.selection.options();
            ResultOfRecipe {
                options: titles
                    .map(|option| choices::title(&opened.catalog, &option))
                    .collect(),
                changes: changes(&result.report, option),
                summary: Summary::new(result.report),
            }
        };
        Self {
            findings: FindingList::of(&trial.findings, &path, text),
            result: trial.result.map(result),
        }
    }
}

/// The files that an option changes.
fn changes(report: &Report, option: &OptionRef) -> Vec<ChangeOfRecipe> {
    let own = report.changes.iter().filter(|change| is_of(change, option));
    let line = |change: &Change| {
        let (word, class) = words(change.change);
        ChangeOfRecipe {
            word,
            class,
            path: change.path.to_string(),
            diff: change.diff.clone(),
        }
    };
    own.map(line).collect()
}
