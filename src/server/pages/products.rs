//! Products: the list, a new one, and the page of one.

use super::fields::{Fields, QueryFields};
use super::frame::{Frame, Html, web_address};
use super::run_list::RunLine;
use super::time::Moment;
use crate::app::products::{self, NewProduct};
use crate::app::runs;
use crate::model::input::ProductName;
use crate::model::slug::Slug;
use crate::server::guard::Signed;
use crate::server::page::{Page, PageQuery};
use crate::server::problem::Problem;
use crate::server::state::ServerState;
use crate::store::id::ProductId;
use crate::store::product::Product;
use crate::store::run::RunFilter;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use std::sync::Arc;

/// The number of runs on the page of a product.
const RUNS: u32 = 20;

#[derive(Template)]
#[template(path = "products.html")]
struct ProductsPage {
    frame: Frame,
    products: Vec<ProductLine>,
    next: Option<String>,
    form: NewProductForm,
}

/// A line of the list.
struct ProductLine {
    product: Product,
    created: Moment,
}

/// The form of a new product, as it was filled in.
#[derive(Default)]
struct NewProductForm {
    name: String,
    slug: String,
    code: String,
    /// The slug that the product will have, or the reason why it cannot be created.
    check: Option<Result<String, String>>,
}

#[derive(Template)]
#[template(path = "product.html")]
struct ProductPage {
    frame: Frame,
    product: Product,
    created: Moment,
    runs: Vec<RunLine>,
}

impl ProductPage {
    /// The address of the repository for a browser.
    fn web_url(&self) -> Option<&str> {
        self.product.repo_url.as_deref().and_then(web_address)
    }
}

/// `GET /`
pub(super) async fn list(
    State(state): State<Arc<ServerState>>,
    QueryFields(query): QueryFields,
    signed: Signed,
    frame: Frame,
) -> Result<Response, Problem> {
    let form = NewProductForm::of(&query).checked(&state, &signed).await?;
    page(&state, &signed, frame, &query, form).await
}

/// `POST /products`
pub(super) async fn create(
    State(state): State<Arc<ServerState>>,
    signed: Signed,
    frame: Frame,
    fields: Fields,
) -> Result<Response, Problem> {
    let mut form = NewProductForm::of(&fields);
    match form.parse() {
        Ok((new, _)) => match products::create(&state.database, &signed.caller, &new, None).await {
            Ok(product) => {
                let to = format!("{}/products/{}", frame.base, product.id);
                return Ok(Redirect::to(&to).into_response());
            }
            Err(error) => {
                let problem = Problem::from(error);
                form.check = Some(Err(problem.detail().to_owned()));
                let page = page(&state, &signed, frame, &Fields::default(), form).await?;
                return Ok((problem.status(), page).into_response());
            }
        },
        Err(reason) => form.check = Some(Err(reason)),
    }
    let page = page(&state, &signed, frame, &Fields::default(), form).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// `GET /products/{id}`
pub(super) async fn show(
    State(state): State<Arc<ServerState>>,
    Path(id): Path<String>,
    signed: Signed,
    frame: Frame,
) -> Result<Html<impl Template>, Problem> {
    let product = find(&state, &signed, &id).await?;
    let filter = RunFilter {
        product: Some(product.id.clone()),
        limit: Some(RUNS),
        ..RunFilter::default()
    };
    let runs = runs::list_for(state.database.as_ref(), &signed.caller, filter).await?;
    let now = state.clock().now();
    Ok(Html(ProductPage {
        frame,
        created: Moment::new(product.created_at, now),
        runs: runs.into_iter().map(|run| RunLine::new(run, now)).collect(),
        product,
    }))
}

/// The caller's product with an id.
pub(super) async fn find(
    state: &ServerState,
    signed: &Signed,
    id: &str,
) -> Result<Product, Problem> {
    let id = ProductId::parse(id).map_err(|_| Problem::not_found())?;
    Ok(products::find(&state.database, &signed.caller, &id).await?)
}

async fn page(
    state: &ServerState,
    signed: &Signed,
    frame: Frame,
    query: &Fields,
    form: NewProductForm,
) -> Result<Response, Problem> {
    let page = PageQuery {
        after: query.get("after").map(str::to_owned),
        limit: None,
    };
    let limit = page.limit()?;
    let after = page.cursor()?;
    let found = products::list(&state.database, &signed.caller, &after, limit + 1).await?;
    let found = Page::of(found, limit, |product| product.id.to_string());
    let now = state.clock().now();
    let row = |product: Product| ProductLine {
        created: Moment::new(product.created_at, now),
        product,
    };
    Ok(Html(ProductsPage {
        frame,
        products: found.items.into_iter().map(row).collect(),
        next: found.next,
        form,
    })
    .into_response())
}

impl NewProductForm {
    fn of(fields: &Fields) -> Self {
        let text = |name: &str| fields.text(name).to_owned();
        Self {
            name: text("name"),
            slug: text("slug"),
            code: text("code"),
            check: None,
        }
    }

    /// The product that the form describes and its slug, or the reason why there is none.
    fn parse(&self) -> Result<(NewProduct, Slug), String> {
        let optional = |text: &str, what: &str| {
            if text.is_empty() {
                return Ok(None);
            }
            Slug::parse(text)
                .map(Some)
                .map_err(|error| format!("the {what}: {error}"))
        };
        let name = ProductName::parse(&self.name).map_err(|error| format!("the name: {error}"))?;
        let slug_of_name = Slug::from_title(name.as_str());
        let Some(slug) = optional(&self.slug, "slug")?.or(slug_of_name) else {
            return Err("the name gives no slug; enter one".to_owned());
        };
        let code = optional(&self.code, "code")?;
        let new = NewProduct {
            name,
            slug: Some(slug.clone()),
            code,
        };
        Ok((new, slug))
    }

    /// The form with the result of its check, once a name was entered.
    async fn checked(mut self, state: &ServerState, signed: &Signed) -> Result<Self, Problem> {
        if self.name.is_empty() {
            return Ok(self);
        }
        self.check = Some(match self.parse() {
            Err(reason) => Err(reason),
            Ok((_, slug)) => {
                let slug = slug.to_string();
                match find(state, signed, &slug).await {
                    Ok(_) => Err(format!("there is a product `{slug}` already")),
                    Err(problem) if problem.status() == StatusCode::NOT_FOUND => Ok(slug),
                    Err(problem) => return Err(problem),
                }
            }
        });
        Ok(self)
    }
}
