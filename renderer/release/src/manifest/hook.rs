//! Documents that run at an event of a release instead of belonging to it.
//!
//! Source: helm v4.3.1 `pkg/release/v1/hook.go`, `pkg/release/v1/util/manifest_sorter.go`.

use std::rc::Rc;

use value::Text;
use value::number::parse_int;

use super::Head;

pub(super) const ANNOTATION: &str = "helm.sh/hook";
const WEIGHT: &str = "helm.sh/hook-weight";
const DELETE_POLICY: &str = "helm.sh/hook-delete-policy";
const OUTPUT_LOG_POLICY: &str = "helm.sh/hook-output-log-policy";

/// When a hook runs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the names are Helm's own")]
pub enum Event {
    PreInstall,
    PostInstall,
    PreDelete,
    PostDelete,
    PreUpgrade,
    PostUpgrade,
    PreRollback,
    PostRollback,
    Test,
}

impl Event {
    /// As the annotation writes it; Helm 2's `test-success` is a test too.
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "pre-install" => Self::PreInstall,
            "post-install" => Self::PostInstall,
            "pre-delete" => Self::PreDelete,
            "post-delete" => Self::PostDelete,
            "pre-upgrade" => Self::PreUpgrade,
            "post-upgrade" => Self::PostUpgrade,
            "pre-rollback" => Self::PreRollback,
            "post-rollback" => Self::PostRollback,
            "test" | "test-success" => Self::Test,
            _ => return None,
        })
    }

    /// The name in annotations and release records.
    pub fn name(self) -> &'static str {
        match self {
            Self::PreInstall => "pre-install",
            Self::PostInstall => "post-install",
            Self::PreDelete => "pre-delete",
            Self::PostDelete => "post-delete",
            Self::PreUpgrade => "pre-upgrade",
            Self::PostUpgrade => "post-upgrade",
            Self::PreRollback => "pre-rollback",
            Self::PostRollback => "post-rollback",
            Self::Test => "test",
        }
    }
}

/// One hook.
#[derive(Clone, Debug)]
pub struct Hook {
    /// Path of the file that it was rendered from.
    pub path: Rc<str>,
    /// The document, trimmed at its start alone.
    pub content: Text,
    /// What it says it is.
    pub head: Rc<Head>,
    /// When it runs.
    pub events: Vec<Event>,
    /// Lower runs earlier.
    pub weight: i64,
    /// When Helm deletes it again; as written, in lower case.
    pub delete_policies: Vec<String>,
    /// When Helm prints its logs; as written, in lower case.
    pub output_log_policies: Vec<String>,
}

impl Hook {
    pub(super) fn new(path: Rc<str>, content: Text, head: Rc<Head>, events: Vec<Event>) -> Self {
        let list = |annotation| {
            head.annotation(annotation).map(|text| items(&text.to_string_lossy())).unwrap_or_default()
        };
        Self {
            weight: head.annotation(WEIGHT).and_then(|text| parse_int(text.as_bytes(), 10).ok()).unwrap_or(0),
            delete_policies: list(DELETE_POLICY),
            output_log_policies: list(OUTPUT_LOG_POLICY),
            path,
            content,
            head,
            events,
        }
    }

    /// Whether it runs at `helm test`.
    pub fn is_test(&self) -> bool {
        self.events.contains(&Event::Test)
    }
}

/// The events of an annotation; `None` when any of them is unknown.
pub(super) fn events(annotation: &str) -> Option<Vec<Event>> {
    items(annotation).iter().map(|name| Event::named(name)).collect()
}

fn items(list: &str) -> Vec<String> {
    list.split(',').map(|item| item.trim().to_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_unknown_event_makes_the_whole_hook_unknown() {
        assert_eq!(events(" Pre-Install ,test-success"), Some(vec![Event::PreInstall, Event::Test]));
        assert_eq!(events("pre-install,crd-install"), None);
        assert_eq!(events(""), None);
    }
}
