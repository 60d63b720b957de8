//! What a caller may do, asked of the API server and remembered for half a minute.
//!
//! It belongs to one identity, as everything here; a refusal that was met in between makes it be asked again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::{Value, json};

use super::call::{Call, Verb};
use super::objects::read_object;
use super::{Cluster, Error};
use crate::object::Object;

const FRESH: Duration = Duration::from_secs(30);
/// Answers of one caller; more and they are asked for again.
const LIMIT: usize = 4096;

/// Verb, group, resource, namespace.
type Question = [String; 4];

/// The answers that one caller got.
#[derive(Debug, Default)]
pub(super) struct Reviews(Mutex<HashMap<Question, (Instant, bool)>>);

impl Reviews {
    fn known(&self, question: &Question, now: Instant) -> Option<bool> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, allowed) = known.get(question)?;
        (now.duration_since(*at) < FRESH).then_some(*allowed)
    }

    fn keep(&self, question: Question, allowed: bool, now: Instant) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= LIMIT {
            known.clear();
        }
        known.insert(question, (now, allowed));
    }

    /// Forgets everything: rights have changed.
    pub(super) fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Cluster {
    /// Whether the caller may do `verb` to this resource; in all namespaces when `namespace` is empty.
    ///
    /// # Errors
    /// The call's.
    pub async fn can(&self, verb: &str, group: &str, resource: &str, namespace: &str) -> Result<bool, Error> {
        let question = [verb, group, resource, namespace].map(str::to_owned);
        if let Some(known) = self.0.reviews.known(&question, Instant::now()) {
            return Ok(known);
        }
        let body = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {"group": group, "namespace": namespace, "resource": resource, "verb": verb}},
        });
        let answer = self.review("authorization.k8s.io", "selfsubjectaccessreviews", &body).await?;
        let allowed = answer.pointer("/status/allowed") == Some(&Value::Bool(true));
        self.0.reviews.keep(question, allowed, Instant::now());
        Ok(allowed)
    }

    /// The name that the cluster knows the caller by; `None` when it does not say.
    ///
    /// Cost: one call.
    ///
    /// # Errors
    /// The call's; a cluster before 1.28 serves no such question.
    pub async fn username(&self) -> Result<Option<String>, Error> {
        let body = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
        let answer = self.review("authentication.k8s.io", "selfsubjectreviews", &body).await?;
        let name = answer.pointer("/status/userInfo/username").and_then(Value::as_str);
        Ok(name.filter(|name| !name.is_empty()).map(str::to_owned))
    }

    /// Asks a question of the group's v1 that stores nothing, so it may be asked again.
    async fn review(&self, group: &str, resource: &str, body: &Value) -> Result<Object, Error> {
        let body = ("application/json", Bytes::from(body.to_string()));
        let target = format!("/apis/{group}/v1/{resource}");
        let call =
            Call { is_idempotent: true, ..Call::write(Verb::Create, target, resource.to_owned(), body) };
        read_object(resource, &self.send(call).await?.body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_known_for_half_a_minute_and_until_a_refusal() {
        let reviews = Reviews::default();
        let question = || ["list", "", "secrets", "shop"].map(str::to_owned);
        let now = Instant::now();
        assert_eq!(reviews.known(&question(), now), None);
        reviews.keep(question(), true, now);
        assert_eq!(reviews.known(&question(), now + Duration::from_secs(29)), Some(true));
        assert_eq!(reviews.known(&question(), now + FRESH), None);
        assert_eq!(reviews.known(&["list", "", "secrets", "other"].map(str::to_owned), now), None);
        reviews.forget();
        assert_eq!(reviews.known(&question(), now), None);
    }
}
