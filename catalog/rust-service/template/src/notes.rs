//! Notes: an example of a resource with its routes, rules and queries. Replace it with yours.

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use time::OffsetDateTime;

use crate::app;
use crate::database::Pool;
use crate::error::Error;

const MAX_LENGTH: usize = 10_000;
const MAX_LIMIT: i64 = 100;

#[derive(Serialize, FromRow)]
struct Note {
    id: i64,
    text: String,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

#[derive(Deserialize)]
struct NewNote {
    text: String,
}

#[derive(Deserialize)]
struct Page {
    /// The id of the last note of the previous page
    #[serde(default)]
    after: i64,
    #[serde(default = "default_limit")]
    limit: i64,
}

fn default_limit() -> i64 {
    20
}

pub fn routes() -> Router<app::State> {
    Router::new()
        .route("/", get(list).post(create))
        .route("/{id}", get(find).delete(remove))
}

async fn list(
    State(state): State<app::State>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<Vec<Note>>, Error> {
    let Query(page) = page?;
    if !(1..=MAX_LIMIT).contains(&page.limit) {
        return Err(Error::Invalid(format!("limit must be 1 to {MAX_LIMIT}")));
    }
    let query = "select id, text, created_at from notes where id > $1 order by id limit $2";
    let notes = sqlx::query_as(query)
        .bind(page.after)
        .bind(page.limit)
        .fetch_all(&state.database)
        .await?;
    Ok(Json(notes))
}

async fn create(
    State(state): State<app::State>,
    note: Result<Json<NewNote>, JsonRejection>,
) -> Result<impl IntoResponse, Error> {
    let Json(note) = note?;
    let note = insert(&state.database, note.text.trim()).await?;
    let location = [(LOCATION, format!("/notes/{}", note.id))];
    Ok((StatusCode::CREATED, location, Json(note)))
}

async fn insert(database: &Pool, text: &str) -> Result<Note, Error> {
    if text.is_empty() || text.chars().count() > MAX_LENGTH {
        let detail = format!("text must have 1 to {MAX_LENGTH} characters");
        return Err(Error::Invalid(detail));
    }
    let query = "insert into notes (text) values ($1) returning id, text, created_at";
    Ok(sqlx::query_as(query).bind(text).fetch_one(database).await?)
}

async fn find(State(state): State<app::State>, Path(id): Path<i64>) -> Result<Json<Note>, Error> {
    let query = "select id, text, created_at from notes where id = $1";
    let note = sqlx::query_as(query)
        .bind(id)
        .fetch_one(&state.database)
        .await?;
    Ok(Json(note))
}

async fn remove(State(state): State<app::State>, Path(id): Path<i64>) -> Result<StatusCode, Error> {
    let result = sqlx::query("delete from notes where id = $1")
        .bind(id)
        .execute(&state.database)
        .await?;
    match result.rows_affected() {
        0 => Err(Error::NotFound),
        _ => Ok(StatusCode::NO_CONTENT),
    }
}
