//! Every route of the bridge, one row each: who may call, what it costs, what it takes and gives.
//!
//! The guard opens nothing that has no row here, and the OpenAPI document is made from the same rows.

use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::auth::rate::Class;

/// One route.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// How it is called.
    pub method: Method,
    /// As OpenAPI writes it: `{name}` is one segment, and a verb may follow the last one.
    pub path: &'static str,
    /// Who may call.
    pub door: Door,
    /// What a call costs.
    pub class: Class,
    /// How large its body may be.
    pub size: Size,
    /// The longest the handler may take until it answers, in seconds.
    pub seconds: u64,
    /// Names it takes in the query.
    pub query: &'static [&'static str],
    /// What it is for, in words.
    pub summary: &'static str,
    /// The body's type.
    pub takes: Option<SchemaOf>,
    /// The answer.
    pub gives: Gives,
}

/// How a route is called. HEAD goes where GET goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// It reads.
    Get,
    /// It does something, or needs a body.
    Post,
}

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Everybody whom the host and origin checks let through.
    Open,
    /// Who proved who they are.
    Caller,
}

/// How large a body may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// There is none.
    None,
    /// 1 MiB.
    Small,
    /// 16 MiB, and 24 MiB when it comes compressed: rendered charts.
    Large,
}

/// What a route answers when all is well.
#[derive(Clone, Copy, Debug)]
pub enum Gives {
    /// 200 and this type.
    Json(SchemaOf),
    /// 200 and the first type; for who takes events, a stream of the second.
    JsonOrEvents(SchemaOf, SchemaOf),
    /// 202, this type, and where it is.
    Accepted(SchemaOf),
    /// 200 and a stream of this type, one a message.
    Events(SchemaOf),
    /// 200 and text.
    Text,
    /// 200 and a document that describes itself.
    Document,
}

/// Describes a type.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

const fn get(path: &'static str, gives: Gives, summary: &'static str) -> Route {
    Route {
        method: Method::Get,
        path,
        door: Door::Caller,
        class: Class::Read,
        size: Size::None,
        seconds: 30,
        query: &[],
        summary,
        takes: None,
        gives,
    }
}

const fn post(path: &'static str, takes: SchemaOf, gives: Gives, summary: &'static str) -> Route {
    Route {
        method: Method::Post,
        class: Class::Operation,
        size: Size::Small,
        takes: Some(takes),
        ..get(path, gives, summary)
    }
}

impl Route {
    const fn open(self) -> Self {
        Self { door: Door::Open, ..self }
    }

    const fn asks(self, query: &'static [&'static str]) -> Self {
        Self { query, ..self }
    }

    const fn of(self, class: Class) -> Self {
        Self { class, ..self }
    }

    const fn large(self) -> Self {
        Self { size: Size::Large, ..self }
    }

    const fn within(self, seconds: u64) -> Self {
        Self { seconds, ..self }
    }

    /// The path without its verb: what the router knows.
    #[must_use]
    pub fn template(&self) -> &'static str {
        match self.path.rfind("}:") {
            Some(at) => &self.path[..=at],
            None => self.path,
        }
    }

    /// The verb after the last segment.
    #[must_use]
    pub fn verb(&self) -> Option<&'static str> {
        self.path.rfind("}:").map(|at| &self.path[at + 2..])
    }
}

const ACCEPTED: Gives = Gives::Accepted(schema::<wire::OperationCreated>);

/// All of them.
pub const ROUTES: &[Route] = &[
    get("/livez", Gives::Text, "Whether the bridge runs").open(),
    get("/readyz", Gives::Text, "Whether the bridge can do its work").open().asks(&["verbose"]),
    get("/v1/openapi.json", Gives::Document, "This document").open(),
    get("/v1/session", Gives::Json(schema::<wire::Session>), "Who am I, and to what").open(),
    post(
        "/v1/session:exchange",
        schema::<wire::SessionExchange>,
        Gives::Json(schema::<wire::SessionToken>),
        "A launch code for a session token",
    )
    .open()
    .of(Class::Read),
    get(
        "/v1/capabilities",
        Gives::Json(schema::<wire::Capabilities>),
        "What the cluster can do, as charts see it",
    ),
    get("/v1/namespaces", Gives::Json(schema::<wire::Namespaces>), "Namespaces and what may be done there"),
    post(
        "/v1/lookup",
        schema::<wire::Lookup>,
        Gives::Json(schema::<wire::LookupAnswer>),
        "What a render looked up, in one batch",
    )
    .of(Class::Read),
    post(
        "/v1/plans",
        schema::<wire::PlanRequest>,
        Gives::JsonOrEvents(schema::<wire::Plan>, schema::<wire::PlanEvent>),
        "What would happen, tried out by the API server",
    )
    .of(Class::Plan)
    .large()
    .within(120),
    get("/v1/plans/{id}", Gives::Json(schema::<wire::Plan>), "A plan that was made before"),
    get("/v1/releases", Gives::Json(schema::<wire::Releases>), "Releases, by their records").asks(&[
        "namespace",
        "status",
        "selector",
        "limit",
        "continue",
    ]),
    get(
        "/v1/namespaces/{namespace}/releases/{release}",
        Gives::Json(schema::<wire::ReleaseState>),
        "A release's last revision and who holds it",
    ),
    get(
        "/v1/namespaces/{namespace}/releases/{release}/revisions",
        Gives::Json(schema::<wire::Revisions>),
        "A release's history",
    ),
    get(
        "/v1/namespaces/{namespace}/releases/{release}/revisions/{revision}",
        Gives::Json(schema::<wire::RevisionDetail>),
        "One revision, by sections",
    )
    .asks(&["sections", "reveal"]),
    get(
        "/v1/namespaces/{namespace}/releases/{release}/revisions/{revision}/diff/{other}",
        Gives::Json(schema::<wire::RevisionDiff>),
        "What differs between two revisions",
    ),
    get(
        "/v1/namespaces/{namespace}/releases/{release}/resources",
        Gives::Json(schema::<wire::Resources>),
        "A release's live objects and how they are",
    ),
    get(
        "/v1/namespaces/{namespace}/releases/{release}/drift",
        Gives::Json(schema::<wire::Drift>),
        "What the cluster has that the release did not set",
    )
    .of(Class::Plan)
    .within(120),
    get(
        "/v1/namespaces/{namespace}/releases/{release}/orphans",
        Gives::Json(schema::<wire::Orphans>),
        "Objects that the release left behind",
    )
    .within(120),
    get(
        "/v1/namespaces/{namespace}/releases/{release}/logs",
        Gives::Events(schema::<wire::LogLines>),
        "What the containers of an object write",
    )
    .asks(&["object", "container", "follow"]),
    post(
        "/v1/namespaces/{namespace}/releases/{release}:apply",
        schema::<wire::Apply>,
        ACCEPTED,
        "Install or upgrade",
    )
    .large(),
    post(
        "/v1/namespaces/{namespace}/releases/{release}:rollback",
        schema::<wire::Rollback>,
        ACCEPTED,
        "Go back to a revision",
    ),
    post(
        "/v1/namespaces/{namespace}/releases/{release}:uninstall",
        schema::<wire::Uninstall>,
        ACCEPTED,
        "Delete everything the release has",
    ),
    post(
        "/v1/namespaces/{namespace}/releases/{release}:test",
        schema::<wire::TestRun>,
        ACCEPTED,
        "Run the release's tests",
    ),
    post(
        "/v1/namespaces/{namespace}/releases/{release}:recover",
        schema::<wire::Recover>,
        ACCEPTED,
        "Find a way out of an operation that was cut off",
    ),
    post(
        "/v1/namespaces/{namespace}/releases/{release}:cleanup",
        schema::<wire::Cleanup>,
        ACCEPTED,
        "Delete orphans",
    ),
    get("/v1/operations", Gives::Json(schema::<wire::Operations>), "Operations of this caller")
        .asks(&["active"]),
    get("/v1/operations/{id}", Gives::Json(schema::<wire::Operation>), "One operation and how far it is"),
    get("/v1/operations/{id}/events", Gives::Events(schema::<wire::Event>), "What happens in an operation")
        .asks(&["after"]),
    get("/v1/operations/{id}/record", Gives::Text, "The record that could not be written"),
    post("/v1/operations/{id}:cancel", schema::<Empty>, ACCEPTED, "Stop before the next object"),
    post("/v1/operations/{id}:decide", schema::<wire::Decide>, ACCEPTED, "Answer a prompt"),
];

/// A body that says nothing: `{}`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Empty {}

/// What a request asks for.
#[derive(Debug)]
pub enum Found {
    /// This route.
    Route(&'static Route),
    /// There is no such verb.
    NoVerb,
    /// The path has routes, for other methods; these.
    OtherMethod(&'static str),
    /// The router knows the path and the table does not: closed.
    Unlisted,
}

/// The row of a request: what the router matched, how it is called, and the path as it came.
#[must_use]
pub fn find(matched: &str, method: &axum::http::Method, path: &str) -> Found {
    let method = match *method {
        axum::http::Method::GET | axum::http::Method::HEAD => Some(Method::Get),
        axum::http::Method::POST => Some(Method::Post),
        _ => None,
    };
    let verb = path.rsplit('/').next().and_then(|segment| segment.rsplit_once(':')).map(|(_, verb)| verb);
    let (mut reads, mut does) = (false, false);
    for route in ROUTES.iter().filter(|route| route.template() == matched) {
        reads |= route.method == Method::Get;
        does |= route.method == Method::Post;
        if Some(route.method) == method && (route.verb().is_none() || route.verb() == verb) {
            return Found::Route(route);
        }
    }
    match (reads, does, method) {
        (false, false, _) => Found::Unlisted,
        (_, true, Some(Method::Post)) => Found::NoVerb,
        (true, true, _) => Found::OtherMethod("GET, HEAD, POST"),
        (true, false, _) => Found::OtherMethod("GET, HEAD"),
        (false, true, _) => Found::OtherMethod("POST"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_rows_are_the_same_request() {
        let all: BTreeSet<_> = ROUTES.iter().map(|route| (route.path, route.method == Method::Get)).collect();
        assert_eq!(all.len(), ROUTES.len());
    }

    #[test]
    fn a_verb_is_part_of_the_last_segment() {
        let find =
            |method: &str, path: &str, matched: &str| find(matched, &method.parse().expect("a method"), path);
        let release = "/v1/namespaces/{namespace}/releases/{release}";
        let apply = find("POST", "/v1/namespaces/a/releases/b:apply", release);
        assert!(matches!(apply, Found::Route(route) if route.verb() == Some("apply")));
        let read = find("HEAD", "/v1/namespaces/a/releases/b", release);
        assert!(matches!(read, Found::Route(route) if route.method == Method::Get));
        assert!(matches!(find("POST", "/v1/namespaces/a/releases/b:x", release), Found::NoVerb));
        assert!(matches!(find("POST", "/v1/namespaces/a/releases/b", release), Found::NoVerb));
        assert!(matches!(find("PUT", "/x", release), Found::OtherMethod("GET, HEAD, POST")));
        assert!(matches!(find("POST", "/livez", "/livez"), Found::OtherMethod("GET, HEAD")));
        assert!(matches!(find("GET", "/x", "/x"), Found::Unlisted));
        let exchange = find("POST", "/v1/session:exchange", "/v1/session:exchange");
        assert!(matches!(exchange, Found::Route(route) if route.door == Door::Open));
    }

    #[test]
    fn what_does_something_needs_a_caller() {
        for route in ROUTES {
            let does = route.class != Class::Read;
            assert!(!does || route.door == Door::Caller, "{}", route.path);
            assert!(route.path.starts_with("/v1/") || route.door == Door::Open, "{}", route.path);
        }
    }
}
