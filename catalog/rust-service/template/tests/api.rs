//! Tests of the API. Each test has a new database with all migrations.

use axum::Router;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{Method, Request, Response, StatusCode};
use clap::Parser as _;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use __PRODUCT_SLUG_SNAKE__::app::{self, State};
use __PRODUCT_SLUG_SNAKE__::config::Config;
use __PRODUCT_SLUG_SNAKE__::database::Pool;

fn service(pool: Pool) -> Router {
    let config = Config::parse_from(["test", "--database-url=unused"]);
    app::router(State::new(pool, &config))
}

async fn send(service: &Router, method: Method, uri: &str, body: Body) -> Response<Body> {
    let request = Request::builder()
        .method(method)
        .uri(uri)
        .header(CONTENT_TYPE, "application/json")
        .body(body)
        .unwrap();
    service.clone().oneshot(request).await.unwrap()
}

async fn get(service: &Router, uri: &str) -> Response<Body> {
    send(service, Method::GET, uri, Body::empty()).await
}

async fn post(service: &Router, uri: &str, body: &Value) -> Response<Body> {
    send(service, Method::POST, uri, Body::from(body.to_string())).await
}

async fn read(response: Response<Body>) -> Value {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    serde_json::from_slice(&bytes).unwrap()
}

#[sqlx::test]
async fn a_created_note_is_found_and_listed(pool: Pool) {
    let service = service(pool);
    let created = post(&service, "/notes", &json!({ "text": " Buy milk " })).await;
    assert_eq!(created.status(), StatusCode::CREATED);
    let location = created.headers()[LOCATION].to_str().unwrap().to_owned();
    let created = read(created).await;
    assert_eq!(created["text"], "Buy milk");

    assert_eq!(read(get(&service, &location).await).await, created);
    assert_eq!(read(get(&service, "/notes").await).await, json!([created]));
}

#[sqlx::test]
async fn a_long_list_is_read_in_pages(pool: Pool) {
    let service = service(pool);
    for text in ["one", "two", "three"] {
        post(&service, "/notes", &json!({ "text": text })).await;
    }
    let first = read(get(&service, "/notes?limit=2").await).await;
    assert_eq!(first.as_array().unwrap().len(), 2);
    let next = format!("/notes?limit=2&after={}", first[1]["id"]);
    let second = read(get(&service, &next).await).await;
    assert_eq!(second.as_array().unwrap().len(), 1);
    assert_eq!(second[0]["text"], "three");
}

#[sqlx::test]
async fn a_removed_note_is_not_found(pool: Pool) {
    let service = service(pool);
    let note = read(post(&service, "/notes", &json!({ "text": "Old" })).await).await;
    let uri = format!("/notes/{}", note["id"]);
    let remove = || send(&service, Method::DELETE, &uri, Body::empty());
    assert_eq!(remove().await.status(), StatusCode::NO_CONTENT);
    assert_eq!(remove().await.status(), StatusCode::NOT_FOUND);
    assert_eq!(get(&service, &uri).await.status(), StatusCode::NOT_FOUND);
}

#[sqlx::test]
async fn invalid_requests_are_refused_with_problem_details(pool: Pool) {
    let service = service(pool);
    for body in [json!({ "text": " " }), json!({}), json!("text")] {
        let response = post(&service, "/notes", &body).await;
        assert_eq!(
            response.status(),
            StatusCode::UNPROCESSABLE_ENTITY,
            "{body}"
        );
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
        assert!(read(response).await["detail"].is_string());
    }
    for uri in ["/notes?limit=0", "/notes?limit=many"] {
        let response = get(&service, uri).await;
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY, "{uri}");
    }
}

#[sqlx::test]
async fn the_service_is_ready_while_the_database_answers(pool: Pool) {
    let service = service(pool.clone());
    assert_eq!(get(&service, "/ready").await.status(), StatusCode::OK);
    pool.close().await;
    let response = get(&service, "/ready").await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(get(&service, "/health").await.status(), StatusCode::OK);
}
