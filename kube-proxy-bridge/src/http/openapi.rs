//! The interface, described by itself: OpenAPI 3.1 from the table of routes and the types of `wire`.

use std::sync::LazyLock;

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::routes::{Door, Gives, Method, ROUTES, Route, SchemaOf};
use crate::State;

/// `/v1/openapi.json`
pub fn routes() -> Router<State> {
    Router::new().route("/v1/openapi.json", get(openapi))
}

/// `GET /v1/openapi.json`
pub async fn openapi() -> Response {
    // It is the same for the life of the program.
    static TEXT: LazyLock<Bytes> = LazyLock::new(|| Bytes::from(document().to_string()));
    let mut response = TEXT.clone().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The document.
#[must_use]
pub fn document() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    settings.meta_schema = None;
    let mut generator = settings.into_generator();
    let problem = generator.subschema_for::<wire::Problem>().to_value();
    let mut paths = Map::new();
    for route in ROUTES {
        let mut schema = |of: SchemaOf| of(&mut generator).to_value();
        let operation = operation(route, &mut schema);
        let method = match route.method {
            Method::Get => "get",
            Method::Post => "post",
        };
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        if let Value::Object(path) = path {
            path.insert(method.to_owned(), operation);
        }
    }
    let schemas = generator.take_definitions(true);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "kube-proxy-bridge",
            "summary": "Deploys rendered Helm charts and keeps records that helm continues.",
            "version": env!("CARGO_PKG_VERSION"),
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": {
                "Problem": {
                    "description": "What was refused or failed (RFC 9457).",
                    "content": { "application/problem+json": { "schema": problem } },
                },
            },
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer" } },
        },
    })
}

fn operation(route: &Route, schema: &mut dyn FnMut(SchemaOf) -> Value) -> Value {
    let mut operation = json!({
        "summary": route.summary,
        "security": if route.door == Door::Open { json!([]) } else { json!([{ "bearer": [] }]) },
        "parameters": parameters(route),
        "responses": answers(route.gives, schema),
    });
    if let Some(takes) = route.takes {
        operation["requestBody"] =
            json!({ "required": true, "content": { "application/json": { "schema": schema(takes) } } });
    }
    operation
}

/// The segments of the path, the names of the query, and the headers that operations need.
fn parameters(route: &Route) -> Value {
    let text = json!({ "type": "string" });
    let mut parameters = Vec::new();
    for segment in route.path.split('{').skip(1) {
        let name = segment.split('}').next().unwrap_or_default();
        parameters.push(json!({ "name": name, "in": "path", "required": true, "schema": text }));
    }
    for name in route.query {
        parameters.push(json!({ "name": name, "in": "query", "schema": text }));
    }
    if route.method == Method::Post {
        parameters.push(json!({ "name": "X-Bridge", "in": "header", "required": true, "schema": text }));
    }
    if route.path.contains("{release}:") {
        parameters
            .push(json!({ "name": "Idempotency-Key", "in": "header", "required": true, "schema": text }));
    }
    if matches!(route.gives, Gives::Events(_)) && route.query.contains(&"after") {
        parameters.push(json!({ "name": "Last-Event-ID", "in": "header", "schema": text }));
    }
    Value::Array(parameters)
}

fn answers(gives: Gives, schema: &mut dyn FnMut(SchemaOf) -> Value) -> Value {
    let failure = json!({ "$ref": "#/components/responses/Problem" });
    let (status, answer) = match gives {
        Gives::Json(of) => (
            "200",
            json!({ "description": "Done.", "content": { "application/json": { "schema": schema(of) } } }),
        ),
        Gives::JsonOrEvents(of, event) => (
            "200",
            json!({ "description": "Done; or a stream, each message's data is one of the other.", "content": {
                "application/json": { "schema": schema(of) }, "text/event-stream": { "schema": schema(event) },
            } }),
        ),
        Gives::Accepted(of) => (
            "202",
            json!({
                "description": "Begun; `Location` says where to follow it.",
                "headers": { "Location": { "schema": { "type": "string" } } },
                "content": { "application/json": { "schema": schema(of) } },
            }),
        ),
        Gives::Events(of) => (
            "200",
            json!({
                "description": "A stream; each message's data is one of these.",
                "content": { "text/event-stream": { "schema": schema(of) } },
            }),
        ),
        Gives::Text => (
            "200",
            json!({ "description": "Yes.", "content": { "text/plain": { "schema": { "type": "string" } } } }),
        ),
        Gives::Document => (
            "200",
            json!({ "description": "Done.", "content": { "application/json": { "schema": { "type": "object" } } } }),
        ),
    };
    let mut answers = Map::new();
    answers.insert(status.to_owned(), answer);
    answers.insert("default".to_owned(), failure);
    Value::Object(answers)
}
