//! `GET …/logs`: what the containers of a release's object write, as server-sent events.
//!
//! The object is one of the release, so that the route is no way to read the logs of a namespace. Values of the release's
//! Secrets are hidden, and nothing in a line steers a terminal.

use std::time::Duration;

use axum::extract::State as Shared;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use bytes::Bytes;
use futures::StreamExt as _;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use wire::{Code, LogLines, ObjectRef, Problem};

use super::body::{Arguments, server_sent};
use super::error::Failure;
use super::path::ReleasePath;
use crate::State;
use crate::auth::Caller;
use crate::documents;
use crate::kube::Cluster;
use crate::metrics::Place;
use crate::object::Object;
use crate::operations::{drift, resources};
use crate::redact::Redaction;
use crate::releases::{Store, newest_heads, show};

const KEEP_ALIVE: Duration = Duration::from_secs(15);
const WRITE_STALL: Duration = Duration::from_secs(30);
/// Messages on their way to the reader.
const AHEAD: usize = 16;
/// The lines that were written before.
const TAIL: u32 = 200;
/// Containers that are read at the same time.
const CONTAINERS: usize = 20;

/// The route of this file.
pub fn routes() -> Router<State> {
    Router::new().route("/v1/namespaces/{namespace}/releases/{release}/logs", get(logs))
}

/// `GET …/logs?object=Deployment/web&container=&follow=`
pub async fn logs(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    path: ReleasePath,
    arguments: Arguments,
) -> Result<Response, Failure> {
    let wanted = arguments.get("object").ok_or_else(|| {
        Failure::new(
            Code::InvalidRequest,
            "`object` is missing: `Kind/name` of an object of the release, or `Pod/name`.",
        )
    })?;
    let follow = arguments.is_set("follow");
    let cluster = state.cluster(&caller)?;
    let heads = newest_heads(&cluster, Some(&path.namespace), &format!("name={}", path.release)).await?;
    let head = heads.get(&(path.namespace.clone(), path.release.clone())).ok_or_else(|| {
        let sentence = format!("There is no release {} in namespace {}.", path.release, path.namespace);
        Failure::new(Code::NotFound, sentence)
    })?;
    let record =
        Store::new(&cluster, &path.namespace).expect(&path.release, head.revision).await?.into_record()?;
    let redactor = state.redactor(Place::Log);
    let work = move || {
        let hidden = show::secrets(&record, &redactor);
        let hooks =
            record.hooks.iter().flat_map(|hook| documents::objects(&hook.manifest, "").unwrap_or_default());
        let items = documents::read_stored(&record.manifest)?.into_iter().map(|item| item.object);
        Ok::<_, Problem>((items.chain(hooks).collect::<Vec<Object>>(), hidden))
    };
    let (objects, hidden) = tokio::task::spawn_blocking(work).await.map_err(|_| Failure::internal())??;
    let pods = pods(&cluster, &objects, &path.namespace, wanted).await?;
    let only = arguments.get("container");
    let containers: Vec<(String, String, String)> = pods
        .iter()
        .flat_map(|pod| {
            containers(pod)
                .map(move |name| (pod.namespace().to_owned(), pod.name().to_owned(), name.to_owned()))
        })
        .filter(|(_, _, name)| only.is_none_or(|only| only == name))
        .take(CONTAINERS)
        .collect();
    if containers.is_empty() {
        let sentence =
            format!("{wanted} is no object of the release with pods, or none of them has such a container.");
        return Err(Failure::new(Code::NotFound, sentence));
    }
    let place = state.operations().streams().open(caller.identity())?;
    let open = state.metrics().stream_open();
    let (sender, receiver) = mpsc::channel::<Bytes>(AHEAD);
    tokio::spawn(async move {
        let mut readers = JoinSet::new();
        for (namespace, pod, container) in containers {
            let (cluster, hidden, sender) = (cluster.clone(), hidden.clone(), sender.clone());
            readers.spawn(read(cluster, hidden, sender, namespace, pod, container, follow));
        }
        loop {
            tokio::select! {
                ended = readers.join_next() => if ended.is_none() { break },
                () = sleep(KEEP_ALIVE) => if !send(&sender, Bytes::from_static(b": ka\n\n")).await { break },
                () = state.operations().draining() => break,
                () = sender.closed() => break,
            }
        }
        drop((place, open));
    });
    Ok(server_sent(receiver))
}

/// The pods of the object that is wanted: `Kind/name`, as plans write it with group and namespace, or `Pod/name` of one of
/// the release's workloads.
async fn pods(
    cluster: &Cluster,
    objects: &[Object],
    namespace: &str,
    wanted: &str,
) -> Result<Vec<Object>, Problem> {
    let mut of_others = Vec::new();
    for object in objects {
        let Some(reference) = drift::place(cluster, namespace, object.reference()).await? else { continue };
        let is_wanted = is_named(&reference, wanted);
        if !is_wanted && !wanted.starts_with("Pod/") {
            continue;
        }
        let Some(live) = cluster.get(&reference).await? else { continue };
        let found = resources::pods(cluster, &live).await?;
        if is_wanted {
            return Ok(found);
        }
        of_others.extend(found);
    }
    of_others.retain(|pod| wanted.strip_prefix("Pod/") == Some(pod.name()));
    of_others.truncate(1);
    Ok(of_others)
}

fn is_named(object: &ObjectRef, wanted: &str) -> bool {
    wanted.strip_prefix(object.kind.as_str()).and_then(|rest| rest.strip_prefix('/')) == Some(&object.name)
        || object.to_string() == wanted
}

fn containers(pod: &Object) -> impl Iterator<Item = &str> {
    let lists = ["/spec/initContainers", "/spec/containers"];
    let all = lists.into_iter().filter_map(|list| pod.pointer(list).and_then(Value::as_array)).flatten();
    all.filter_map(|container| container.get("name").and_then(Value::as_str))
}

/// Brings one container's log to the reader.
async fn read(
    cluster: Cluster,
    hidden: Redaction,
    sender: mpsc::Sender<Bytes>,
    namespace: String,
    pod: String,
    container: String,
    follow: bool,
) {
    let told = |lines: Vec<String>, problem: Option<String>| {
        let lines = LogLines { pod: pod.clone(), container: container.clone(), lines, problem };
        let json = serde_json::to_string(&lines).unwrap_or_default();
        Bytes::from(format!("event: log\ndata: {json}\n\n"))
    };
    let lines = match cluster.log_lines(&namespace, &pod, &container, TAIL, follow).await {
        Ok(lines) => lines,
        Err(error) => {
            send(&sender, told(Vec::new(), Some(hidden.told(&error.message)))).await;
            return;
        }
    };
    let mut lines = std::pin::pin!(lines);
    while let Some(lines) = lines.next().await {
        let lines = lines.iter().map(|line| hidden.told(line)).collect();
        if !send(&sender, told(lines, None)).await {
            return;
        }
    }
}

/// Whether the reader took it in time.
async fn send(sender: &mpsc::Sender<Bytes>, bytes: Bytes) -> bool {
    matches!(timeout(WRITE_STALL, sender.send(bytes)).await, Ok(Ok(())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_named_shortly_or_in_full() {
        let web = ObjectRef {
            api_version: "apps/v1".to_owned(),
            kind: "Deployment".to_owned(),
            namespace: Some("shop".to_owned()),
            name: "web".to_owned(),
        };
        for (wanted, found) in [
            ("Deployment/web", true),
            ("apps/Deployment/shop/web", true),
            ("Deployment/web/", false),
            ("Deployment/we", false),
            ("StatefulSet/web", false),
            ("apps/Deployment/other/web", false),
        ] {
            assert_eq!(is_named(&web, wanted), found, "{wanted}");
        }
    }
}
