//! Which request meets which fault.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use regex::Regex;
use serde_json::{Value, json};

/// What happens to a request.
#[derive(Clone)]
pub enum Fault {
    /// This runs after the API server has answered, before the client hears it.
    After(Arc<dyn Fn() + Send + Sync>),
    /// This is the answer, and the API server hears nothing.
    Answer {
        /// The status.
        status: u16,
        /// Headers besides `Content-Type: application/json` and the length.
        headers: Vec<(String, String)>,
        /// The body.
        body: String,
    },
    /// This runs before the API server hears the request.
    Before(Arc<dyn Fn() + Send + Sync>),
    /// The answer breaks off after so long, as watches do.
    CloseAfter(Duration),
    /// The request goes on after so long.
    Delay(Duration),
    /// There is never an answer, and the API server hears nothing.
    Hang,
    /// The connection is reset when the API server has answered.
    ResetAfter,
    /// The connection is reset before the API server hears the request.
    ResetBefore,
}

impl Fault {
    /// An answer with a `Status` of the API server's kind.
    #[must_use]
    pub fn status(status: u16, reason: &str, message: &str) -> Self {
        let body = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": message, "reason": reason, "code": status,
        });
        Self::answer(status, &body)
    }

    /// An answer in JSON.
    #[must_use]
    pub fn answer(status: u16, body: &Value) -> Self {
        Self::Answer { status, headers: Vec::new(), body: body.to_string() }
    }

    /// The same answer with one more header; other faults have none.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        if let Self::Answer { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// Its name in what the proxy has seen.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::After(_) => "after",
            Self::Answer { .. } => "answer",
            Self::Before(_) => "before",
            Self::CloseAfter(_) => "close-after",
            Self::Delay(_) => "delay",
            Self::Hang => "hang",
            Self::ResetAfter => "reset-after",
            Self::ResetBefore => "reset-before",
        }
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A fault and the requests that meet it.
#[derive(Debug, Clone)]
pub struct Rule {
    method: String,
    target: Regex,
    /// What must not be in the target.
    without: Option<Regex>,
    matches: RangeInclusive<usize>,
    pub(super) fault: Fault,
    n_matched: usize,
}

impl Rule {
    /// For every request of this method (`*`: of any; `PUT|POST`: of these) whose path and query hold this pattern.
    ///
    /// # Panics
    /// On a pattern that is none: it stands in a test.
    #[must_use]
    pub fn new(method: &str, target: &str, fault: Fault) -> Self {
        let target = Regex::new(target).unwrap_or_else(|error| panic!("{error}"));
        let without = None;
        Self { method: method.to_owned(), target, without, matches: 1..=usize::MAX, fault, n_matched: 0 }
    }

    /// For every request that changes something: no dry runs, and no questions about rights.
    ///
    /// # Panics
    /// Never: the patterns stand here.
    #[must_use]
    pub fn writes(fault: Fault) -> Self {
        Self::new("DELETE|PATCH|POST|PUT", "", fault).without("dryRun=All|reviews$")
    }

    /// But not when path and query hold this pattern.
    ///
    /// # Panics
    /// On a pattern that is none: it stands in a test.
    #[must_use]
    pub fn without(mut self, target: &str) -> Self {
        self.without = Some(Regex::new(target).unwrap_or_else(|error| panic!("{error}")));
        self
    }

    /// Only for the n-th such request, counted from 1.
    #[must_use]
    pub fn nth(self, n: usize) -> Self {
        self.only(n..=n)
    }

    /// Only for the first n.
    #[must_use]
    pub fn first(self, n: usize) -> Self {
        self.only(1..=n)
    }

    /// Only for these, counted from 1.
    #[must_use]
    pub fn only(mut self, matches: RangeInclusive<usize>) -> Self {
        self.matches = matches;
        self
    }

    /// Counts the request if it fits, and says whether it is one of those that are meant.
    pub(super) fn meets(&mut self, method: &str, target: &str) -> bool {
        let is_method = self.method == "*" || self.method.split('|').any(|known| known == method);
        let is_out = self.without.as_ref().is_some_and(|without| without.is_match(target));
        if !is_method || is_out || !self.target.is_match(target) {
            return false;
        }
        self.n_matched += 1;
        self.matches.contains(&self.n_matched)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_counts_only_what_fits() {
        let mut rule = Rule::new("PATCH", "/deployments/.*fieldManager=", Fault::Hang).nth(2);
        let mut meets = |method: &str, target: &str| rule.meets(method, target);
        assert!(!meets("PATCH", "/apis/apps/v1/namespaces/x/deployments/a?fieldManager=helm"));
        assert!(!meets("GET", "/apis/apps/v1/namespaces/x/deployments/a?fieldManager=helm"));
        assert!(!meets("PATCH", "/apis/apps/v1/namespaces/x/deployments/a"));
        assert!(meets("PATCH", "/apis/apps/v1/namespaces/x/deployments/b?fieldManager=helm"));
        assert!(!meets("PATCH", "/apis/apps/v1/namespaces/x/deployments/c?fieldManager=helm"));
    }

    #[test]
    fn writes_are_no_dry_runs_and_no_questions() {
        let mut rule = Rule::writes(Fault::Hang);
        assert!(rule.meets("PUT", "/api/v1/namespaces/x/secrets/a"));
        assert!(!rule.meets("GET", "/api/v1/namespaces/x/secrets/a"));
        assert!(!rule.meets("PATCH", "/api/v1/namespaces/x/configmaps/a?dryRun=All&fieldManager=helm"));
        assert!(!rule.meets("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"));
    }
}
