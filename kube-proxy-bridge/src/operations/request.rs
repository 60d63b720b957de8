//! What a plan is asked for, and its hash: two that are the same are the same plan.

use sha2::{Digest as _, Sha256};
use tokio::sync::watch;
use wire::{ApplyOptions, OperationKind, PlannedChart, RecordSize, Uninstall};

use crate::documents::{HookItem, Item};
use crate::hex::hex;

/// What would be done.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Install, upgrade, rollback or uninstall.
    pub operation: OperationKind,
    /// The release's namespace.
    pub namespace: &'a str,
    /// The release's name.
    pub release: &'a str,
    /// The last revision; 0 when there is none.
    pub current_revision: u32,
    /// The revision that `base` is; 0 when there is none.
    pub base_revision: u32,
    /// The revision that would be written; 0 when none.
    pub next_revision: u32,
    /// The objects of the base revision.
    pub base: &'a [Item],
    /// Its hooks.
    pub base_hooks: &'a [HookItem],
    /// What is to be, in the order in which it is written; nothing for an uninstall.
    pub new: &'a [Item],
    /// The hooks that would run.
    pub hooks: &'a [HookItem],
    /// The files of `crds/` that are applied first.
    pub crds: &'a [Item],
    /// How; what is decided about conflicts among it, remembered decisions included.
    pub options: &'a ApplyOptions,
    /// How, of an uninstall.
    pub uninstall: Option<&'a Uninstall>,
    /// The chart that it was rendered from.
    pub chart: Option<&'a PlannedChart>,
    /// A hash of what else the record would keep.
    pub contents: &'a str,
    /// Whether live objects that no manifest names are looked for.
    pub orphans: bool,
    /// Kinds that older revisions had, by `apiVersion` and `kind`.
    pub kinds: &'a [(String, String)],
    /// What is known already: documents that are dropped.
    pub warnings: &'a [String],
    /// How large the record would be.
    pub record: Option<RecordSize>,
    /// Who is told how far it is.
    pub progress: Option<&'a Progress>,
}

/// How many objects of a plan were looked at, and of how many.
#[derive(Debug, Default)]
pub struct Progress(watch::Sender<(u32, u32)>);

impl Progress {
    /// Changes with every object; what came in between may be passed over.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<(u32, u32)> {
        self.0.subscribe()
    }

    pub(super) fn begin(&self, total: usize) {
        self.0.send_replace((0, u32::try_from(total).unwrap_or(u32::MAX)));
    }

    pub(super) fn step(&self) {
        self.0.send_modify(|(done, _)| *done = done.saturating_add(1));
    }
}

/// What was submitted, as a hash: objects, hooks, definitions and the options that decide what is sent.
#[must_use]
pub fn digest(request: &Request<'_>) -> String {
    let mut hash = Sha256::new();
    let mut add = |text: &[u8]| {
        hash.update(text.len().to_be_bytes());
        hash.update(text);
    };
    add(&json(&request.operation));
    add(request.namespace.as_bytes());
    add(request.release.as_bytes());
    for (group, items) in [request.new, request.crds, request.base].into_iter().enumerate() {
        add(&group.to_be_bytes());
        for item in items {
            add(item.source.as_bytes());
            add(&json(item.object.as_map()));
        }
    }
    for hook in request.hooks {
        add(hook.text.as_bytes());
    }
    if let Some(chart) = request.chart {
        add(chart.digest.as_bytes());
    }
    add(request.contents.as_bytes());
    let options = request.options;
    add(&json(&options.conflicts));
    add(&json(&options.recreate));
    add(&json(&options.on_failure));
    // Which plan it goes with is no part of what is asked for.
    add(&json(&request.uninstall.map(|asked| Uninstall {
        plan_id: None,
        expected_revision: None,
        ..asked.clone()
    })));
    for switch in [options.create_namespace, options.take_ownership, options.prune, options.no_hooks] {
        add(&[u8::from(switch)]);
    }
    hex(&hash.finalize())
}

fn json(value: &impl serde::Serialize) -> Vec<u8> {
    // Maps and plain data of ours always are JSON.
    serde_json::to_vec(value).unwrap_or_default()
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;
    use wire::{Conflicts, FieldChoice, ObjectConflicts};

    use super::*;
    use crate::object::Object;

    pub(in super::super) fn request<'a>(new: &'a [Item], options: &'a ApplyOptions) -> Request<'a> {
        Request {
            operation: OperationKind::Install,
            namespace: "shop",
            release: "web",
            current_revision: 0,
            base_revision: 0,
            next_revision: 1,
            base: &[],
            base_hooks: &[],
            new,
            hooks: &[],
            crds: &[],
            options,
            uninstall: None,
            chart: None,
            contents: "",
            orphans: false,
            kinds: &[],
            warnings: &[],
            record: None,
            progress: None,
        }
    }

    pub(in super::super) fn item(value: &str) -> Item {
        let object =
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": value}});
        Item { object: Object::from_value(object).expect("a map"), source: "c/templates/a.yaml".to_owned() }
    }

    #[test]
    fn the_digest_knows_what_is_sent_and_not_how_long_it_may_take() {
        let options = ApplyOptions::default();
        let (one, two) = ([item("1")], [item("2")]);
        let first = digest(&request(&one, &options));
        assert_eq!(first.len(), 64);
        assert_eq!(first, digest(&request(&one, &ApplyOptions { deadline_seconds: 1, ..options.clone() })));
        assert_ne!(first, digest(&request(&two, &options)));
        assert_ne!(first, digest(&request(&one, &ApplyOptions { take_ownership: true, ..options.clone() })));
        let decided = ObjectConflicts {
            object: one[0].object.reference(),
            fields: [(".data.a".to_owned(), FieldChoice::Force)].into(),
        };
        let decided = ApplyOptions {
            conflicts: Conflicts { objects: vec![decided], ..Conflicts::default() },
            ..options.clone()
        };
        assert_ne!(first, digest(&request(&one, &decided)));
        let back = ApplyOptions { on_failure: wire::OnFailure::Rollback, ..options.clone() };
        assert_ne!(first, digest(&request(&one, &back)));
    }

    #[test]
    fn the_digest_of_an_uninstall_knows_what_is_deleted() {
        let options = ApplyOptions::default();
        let of = |asked: &Uninstall| digest(&Request { uninstall: Some(asked), ..request(&[], &options) });
        let plain = Uninstall::default();
        let planned = Uninstall { plan_id: Some("p".into()), expected_revision: Some(3), ..plain.clone() };
        assert_eq!(of(&plain), of(&planned));
        for other in [
            Uninstall { keep_history: true, ..plain.clone() },
            Uninstall { delete_hooks: true, ..plain.clone() },
            Uninstall { delete_orphans: true, ..plain.clone() },
            Uninstall { cascade: wire::Cascade::Orphan, ..plain.clone() },
        ] {
            assert_ne!(of(&plain), of(&other), "{other:?}");
        }
    }
}
