//! The OpenAPI 3.1 document, made from the list of operations and the schemas of their types.

use super::operation::{Content, Credential, Operation, SchemaOf};
use super::operations;
use super::problem::{MEDIA_TYPE, ProblemDocument};
use axum::http::{Method, StatusCode};
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// The document, indented, with a final newline.
pub fn text() -> String {
    format!("{:#}\n", document())
}

fn document() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    settings.meta_schema = None;
    let mut generator = settings.into_generator();
    let mut paths: Map<String, Value> = Map::new();
    let below_v1 = operations::all().into_iter().map(|one| ("/api/v1", one));
    let outside = operations::outside_v1().into_iter().map(|one| ("", one));
    for (prefix, operation) in below_v1.chain(outside) {
        let path = format!("{prefix}{}", operation.path.replace("{*", "{"));
        let method = operation.method.as_str().to_ascii_lowercase();
        let described = describe(&operation, &mut generator);
        let entry = paths.entry(path).or_insert_with(|| json!({}));
        entry[method] = described;
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "groundplan",
            "version": "1",
            "description": "Previews and creates repositories from a catalogue of options.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "security": [{ "token": [] }, { "session": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "description": "A token of `groundplan token create`." },
                "session": { "type": "apiKey", "in": "cookie", "name": "groundplan", "description": "A signed-in browser." },
                "scheduler": { "type": "http", "scheme": "bearer", "description": "The secret CRON_SECRET." },
            },
            "schemas": generator.take_definitions(true),
        },
    })
}

fn describe(operation: &Operation, generator: &mut SchemaGenerator) -> Value {
    let mut described = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "parameters": parameters(operation, generator),
        "responses": responses(operation, generator),
    });
    if let Some(body) = operation.body {
        described["requestBody"] = json!({
            "required": !operation.is_body_optional,
            "content": { "application/json": { "schema": body(generator) } },
        });
    }
    match operation.guarded.credential {
        Credential::User(_) => {}
        Credential::Scheduler => described["security"] = json!([{ "scheduler": [] }]),
        Credential::Nothing => described["security"] = json!([]),
    }
    described
}

fn parameters(operation: &Operation, generator: &mut SchemaGenerator) -> Vec<Value> {
    let in_path = operation
        .path
        .split(['{', '}'])
        .skip(1)
        .step_by(2)
        .map(|name| {
            json!({
                "name": name.trim_start_matches('*'),
                "in": "path",
                "required": true,
                "schema": { "type": "string" },
            })
        });
    let mut parameters: Vec<Value> = in_path.collect();
    parameters.extend(
        operation
            .query
            .into_iter()
            .flat_map(|query| in_query(query, generator)),
    );
    if operation.guarded.keeps_answers {
        parameters.push(json!({
            "name": "Idempotency-Key",
            "in": "header",
            "description": "A repeated request with the same key changes nothing and gets the same answer.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 255 },
        }));
    }
    parameters
}

/// Each field of a type of queries as a parameter.
fn in_query(query: SchemaOf, generator: &mut SchemaGenerator) -> Vec<Value> {
    let reference = query(generator);
    let name = reference
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|path| path.rsplit('/').next())
        .unwrap_or("")
        .to_owned();
    let schema = generator
        .definitions_mut()
        .remove(&name)
        .unwrap_or_else(|| reference.to_value());
    let Some(fields) = schema["properties"].as_object() else {
        return Vec::new();
    };
    let parameter = |(name, field): (&String, &Value)| {
        let mut field = field.clone();
        let description = field
            .as_object_mut()
            .and_then(|field| field.remove("description"));
        let mut parameter = json!({ "name": name, "in": "query", "schema": field });
        if let Some(description) = description {
            parameter["description"] = description;
        }
        parameter
    };
    fields.iter().map(parameter).collect()
}

fn responses(operation: &Operation, generator: &mut SchemaGenerator) -> Value {
    let mut responses = Map::new();
    for (status, content) in &operation.answers {
        // One status may have answers of several media types.
        let response = responses.entry(status.as_str()).or_insert_with(
            || json!({ "description": status.canonical_reason().unwrap_or("Answer") }),
        );
        match content {
            Content::Nothing => {}
            Content::Json(schema) => {
                response["content"]["application/json"] = json!({ "schema": schema(generator) });
            }
            Content::Bytes(media_type) => {
                response["content"][*media_type] = json!({ "schema": { "type": "string" } });
            }
        }
    }
    let problem = generator.subschema_for::<ProblemDocument>();
    for status in failures(operation) {
        let description = status.canonical_reason().unwrap_or("Failure");
        let response = json!({
            "description": description,
            "content": { MEDIA_TYPE: { "schema": problem } },
        });
        responses.insert(status.as_str().to_owned(), response);
    }
    Value::Object(responses)
}

/// The statuses of failures that an operation may answer.
fn failures(operation: &Operation) -> Vec<StatusCode> {
    let mut statuses = vec![
        StatusCode::BAD_REQUEST,
        StatusCode::INTERNAL_SERVER_ERROR,
        StatusCode::SERVICE_UNAVAILABLE,
    ];
    match operation.guarded.credential {
        Credential::User(_) => statuses.extend([StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN]),
        Credential::Scheduler => statuses.push(StatusCode::UNAUTHORIZED),
        Credential::Nothing => {}
    }
    if operation.may_miss {
        statuses.push(StatusCode::NOT_FOUND);
    }
    if operation.body.is_some() {
        statuses.extend([
            StatusCode::REQUEST_TIMEOUT,
            StatusCode::PAYLOAD_TOO_LARGE,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ]);
    }
    statuses.extend([
        StatusCode::CONFLICT,
        StatusCode::PRECONDITION_FAILED,
        StatusCode::UNPROCESSABLE_ENTITY,
        StatusCode::TOO_MANY_REQUESTS,
    ]);
    if operation.method == Method::GET {
        statuses.retain(|status| {
            *status != StatusCode::CONFLICT && *status != StatusCode::PRECONDITION_FAILED
        });
    }
    statuses
}
