//! Configure: all categories and options of a catalogue on one page, with the result beside them. The address is the
//! choice.

use super::choice::Choice;
use super::fields::{Fields, QueryFields};
use super::frame::{Frame, Html};
use super::products;
use super::result::{Outcome, ResultView};
use crate::app::{choices, owners};
use crate::catalog::{Catalog, Category, InputType, OptionEntry, SelectionType};
use crate::forge::Forge;
use crate::forge::repository::{Availability, RepoPath};
use crate::model::action::RiskLevel;
use crate::model::preflight::OwnerStanding;
use crate::model::selection::Selection;
use crate::resolve::Question;
use crate::server::guard::Signed;
use crate::server::problem::Problem;
use crate::server::rates::Rated;
use crate::server::state::ServerState;
use crate::store::product::Product;
use askama::Template;
use axum::extract::{Path, State};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// The longest wait for the forge while a person looks at the form.
const FORGE_WAIT: Duration = Duration::from_secs(2);

#[derive(Template)]
#[template(path = "configure.html")]
struct ConfigurePage {
    frame: Frame,
    product: Product,
    catalogs: Vec<CatalogTab>,
    choice: Choice,
    groups: Vec<OptionGroup>,
    inputs: Vec<InputField>,
    owners: Vec<Suggestion>,
    /// The reason why there are no suggestions.
    owners_note: Option<String>,
    result: ResultView,
    /// The query of this choice.
    query: String,
}

/// A catalogue to choose from.
struct CatalogTab {
    slug: String,
    title: String,
    is_current: bool,
}

/// A category with its options.
struct OptionGroup {
    category: Category,
    options: Vec<OptionView>,
}

/// An option as the form shows it.
struct OptionView {
    id: String,
    slug: String,
    title: String,
    description: Option<String>,
    is_selected: bool,
    is_default: bool,
    has_decision_record: bool,
    /// The risk level that the recipe states.
    risk: Option<&'static str>,
    /// The reason why the option cannot be selected now.
    obstacle: Option<String>,
}

/// An input of the catalogue as the form shows it.
struct InputField {
    name: String,
    title: String,
    help: Option<String>,
    /// The given value; empty for none.
    value: String,
    default: Option<String>,
    /// The values to choose from; empty for a field of text.
    options: Vec<String>,
    error: Option<String>,
}

impl From<Question<'_>> for InputField {
    fn from(question: Question<'_>) -> Self {
        let Question {
            input,
            given,
            default,
        } = question;
        let problem = given.as_ref().and_then(|given| input.value(given).err());
        Self {
            name: input.name.to_string(),
            title: input.title.to_string(),
            help: input.help.as_ref().map(ToString::to_string),
            value: given.map_or_else(String::new, |value| value.to_string()),
            default: default.map(|value| value.to_string()),
            options: match input.r#type {
                InputType::Boolean => vec!["true".to_owned(), "false".to_owned()],
                InputType::Choice => input.options.iter().map(ToString::to_string).collect(),
                InputType::Text | InputType::Integer => Vec::new(),
            },
            error: problem.map(|problem| format!("Expected {}.", problem.expected)),
        }
    }
}

/// An owner that the forge offers.
struct Suggestion {
    login: String,
    standing: &'static str,
    class: &'static str,
    reason: Option<String>,
}

/// `GET /products/{id}/bootstrap`
pub(super) async fn show(
    State(state): State<Arc<ServerState>>,
    Path(id): Path<String>,
    QueryFields(fields): QueryFields,
    signed: Signed,
    frame: Frame,
) -> Result<Html<impl Template>, Problem> {
    state.count(Rated::Preview, &signed.caller)?;
    let product = products::find(&state, &signed, &id).await?;
    let chosen = fields.without(&["before", "changed"]);
    let choice = Choice::of(&state, &signed, &product, &chosen).await?;
    let before = match fields.get("before") {
        Some(before) => {
            let before = Fields::parse(before.as_bytes());
            Some(Choice::of(&state, &signed, &product, &before).await?)
        }
        None => None,
    };
    let is_live = before.is_some();
    let mut result = ResultView::of(&state, signed.caller.user(), &choice, before.as_ref()).await?;
    let changed = fields.text("changed");
    if matches!(changed, "repo" | "owner") {
        result.name_check = Some(name_check(&state, &signed, &choice).await);
    }
    // A live update replaces the result, not the suggestions.
    let (owners, owners_note) = if is_live {
        (Vec::new(), None)
    } else {
        suggestions(&state, &signed).await
    };
    let catalog = &choice.opened.catalog;
    Ok(Html(ConfigurePage {
        catalogs: tabs(&state, catalog),
        groups: groups(catalog, &choice.selection),
        inputs: choice.questions().into_iter().map(Into::into).collect(),
        query: choice.to_fields().query(),
        frame,
        product,
        choice,
        owners,
        owners_note,
        result,
    }))
}

fn tabs(state: &ServerState, current: &Catalog) -> Vec<CatalogTab> {
    let tab = |(slug, opened): (&String, &Arc<crate::app::catalogs::OpenedCatalog>)| CatalogTab {
        slug: slug.clone(),
        title: opened.catalog.file().title.to_string(),
        is_current: current.slug().as_str() == slug,
    };
    state.catalogs.iter().map(tab).collect()
}

fn groups(catalog: &Catalog, selection: &Selection) -> Vec<OptionGroup> {
    let group = |category: &Category| {
        let of_category = |entry: &OptionEntry<'_>| entry.category.slug == category.slug;
        OptionGroup {
            category: category.clone(),
            options: catalog
                .options()
                .filter(of_category)
                .map(|entry| OptionView::new(catalog, selection, &entry))
                .collect(),
        }
    };
    catalog.categories().iter().map(group).collect()
}

impl OptionGroup {
    fn is_single(&self) -> bool {
        self.category.selection == SelectionType::Single
    }

    /// True if no option of the group is selected, and none must be.
    fn is_none_selected(&self) -> bool {
        !self.options.iter().any(|option| option.is_selected)
    }
}

impl OptionView {
    fn new(catalog: &Catalog, selection: &Selection, entry: &OptionEntry<'_>) -> Self {
        let reference = entry.reference();
        let is_selected = selection.contains(&reference);
        let obstacle = if is_selected {
            None
        } else {
            choices::obstacle(catalog, selection, entry)
        };
        Self {
            id: format!("{}--{}", entry.category.slug, entry.option.slug),
            slug: entry.option.slug.to_string(),
            title: entry.option.title.to_string(),
            description: entry.option.description.as_ref().map(ToString::to_string),
            is_selected,
            is_default: entry.option.default,
            has_decision_record: choices::has_decision_record(catalog, &reference),
            risk: choices::stated_risk(catalog, &reference).map(RiskLevel::word),
            obstacle,
        }
    }
}

/// The owners that the forge offers, or the reason why it offers none. None of them is hidden.
async fn suggestions(state: &ServerState, signed: &Signed) -> (Vec<Suggestion>, Option<String>) {
    let forge = match state.forge_of(signed.caller.user()).await {
        Ok(forge) => forge,
        Err(problem) => return (Vec::new(), Some(problem.detail().to_owned())),
    };
    let host = state.forge.host.clone();
    let listing = owners::list(forge.as_ref(), state.forge.kind, host, state.clock());
    let Ok(listed) = timeout(FORGE_WAIT, listing).await else {
        return (
            Vec::new(),
            Some("the forge did not answer in time".to_owned()),
        );
    };
    match listed {
        Ok(list) => {
            let note = (!list.is_complete)
                .then(|| "the forge may hide further organisations from the token".to_owned());
            (
                list.owners.into_iter().map(Suggestion::from).collect(),
                note,
            )
        }
        Err(error) => (Vec::new(), Some(Problem::from(error).detail().to_owned())),
    }
}

impl From<owners::OwnerEntry> for Suggestion {
    fn from(owner: owners::OwnerEntry) -> Self {
        Self {
            standing: owner.standing.as_str(),
            class: match owner.standing {
                OwnerStanding::Visible => "good",
                OwnerStanding::Unknown => "medium",
                OwnerStanding::PolicyBlocked => "bad",
            },
            login: owner.login,
            reason: owner.reason,
        }
    }
}

/// The answer of the forge about the repository's name, in words.
async fn name_check(state: &ServerState, signed: &Signed, choice: &Choice) -> String {
    let Some(request) = choice.request() else {
        return String::new();
    };
    let path = RepoPath {
        owner: request.owner,
        name: request.repo,
    };
    let unknown = "It is not known if the name is free.".to_owned();
    let Ok(forge) = state.forge_of(signed.caller.user()).await else {
        return unknown;
    };
    let found = timeout(FORGE_WAIT, is_taken(forge.as_ref(), &path)).await;
    match found {
        Ok(Some(true)) => format!("{path} is taken."),
        Ok(Some(false)) => format!("{path} is free, as far as the token can see."),
        Ok(None) | Err(_) => unknown,
    }
}

async fn is_taken(forge: &dyn Forge, path: &RepoPath) -> Option<bool> {
    match forge.availability(path).await {
        Ok(Availability::Taken { .. }) => Some(true),
        Ok(Availability::Free | Availability::Moved) => Some(false),
        Err(error) => {
            tracing::debug!(%error, "the forge did not tell if a name is free");
            None
        }
    }
}
