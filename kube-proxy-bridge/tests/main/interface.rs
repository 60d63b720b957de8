//! The interface describes itself, and what it says is what is there.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use kube_proxy_bridge::http::routes::{Door, Method, ROUTES};
use serde_json::{Value, json};

use crate::harness::{Ask, Bridge};
use crate::tokens;

/// Every `$ref` of a document.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                match value {
                    Value::String(target) if name == "$ref" => {
                        found.insert(target.clone());
                    }
                    value => references(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_document_has_every_route_and_every_type_it_names() {
    let answer = Bridge::page().send(Ask::get("/v1/openapi.json")).await;
    assert_eq!(answer.status, StatusCode::OK);
    let document = answer.json();
    assert_eq!(document["openapi"], "3.1.0");
    for route in ROUTES {
        let method = if route.method == Method::Get { "get" } else { "post" };
        let operation = &document["paths"][route.path][method];
        assert!(operation["summary"].is_string(), "{} {method}", route.path);
        assert!(operation["responses"]["default"]["$ref"].is_string(), "{}", route.path);
        assert_eq!(operation["security"].as_array().map(Vec::is_empty), Some(route.door == Door::Open));
        assert_eq!(operation["requestBody"].is_object(), route.takes.is_some(), "{}", route.path);
    }
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(
        found.contains("#/components/schemas/Plan") && found.contains("#/components/schemas/Apply"),
        "{found:?}"
    );
    for reference in found {
        let pointer = reference.strip_prefix('#').expect("inside the document");
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    // Types that the page sends refuse what they do not know, and the document says so.
    assert_eq!(document["components"]["schemas"]["Apply"]["additionalProperties"], false);
}

#[tokio::test]
async fn every_row_of_the_table_is_answered() {
    let unlimited = |setup: &mut kube_proxy_bridge::Setup| {
        setup.settings.rates.plans_per_second = 1e6;
        setup.settings.rates.operations_per_minute = 1e6;
    };
    let access = kube_proxy_bridge::config::Access::Local;
    // One that answers, because the bridge is patient with one that does not.
    let (server, _) = tokens::listener().await;
    let bridge = Bridge::with(access, &server, unlimited).await;
    let token = bridge.sign_in().await;
    let mut missing = Vec::new();
    for route in ROUTES {
        let path = route
            .path
            .replace("{namespace}", "shop")
            .replace("{release}", "web")
            .replace("{id}", "x_1")
            .replace("{revision}", "2")
            .replace("{other}", "1");
        // Whatever it says, it is the route's own word: the router and the gate have none of these.
        let ask = match route.method {
            Method::Get => Ask::get(&path),
            Method::Post => Ask::post(&path, &json!({ "nothing": "known" })),
        };
        let answer = bridge.send(ask.bearer(&token)).await;
        let unrouted = ["There is no such route.", "There is no such verb.", "is not answered here."];
        if !answer.status.is_success() && unrouted.iter().any(|sentence| answer.body.contains(sentence)) {
            missing.push(route.path);
        }
    }
    assert_eq!(missing, [""; 0]);
}
