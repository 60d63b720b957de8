use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use release::record::{Info, Limits, Record, Time, encode};
use serde_json::json;
use wire::{ApplyMode, Code, Lock, LockVerdict, OperationKind, RecoverAction, RevisionSummary, Status};

use super::lock::{Patience, verdict};
use super::*;
use crate::object::Object;

fn entry(revision: u32, status: Status) -> Entry {
    Entry {
        head: Head { name: "web".to_owned(), revision, ..Head::default() },
        summary: RevisionSummary { revision, status, ..RevisionSummary::default() },
    }
}

fn history(entries: &[(u32, Status)]) -> History {
    History::new("web", entries.iter().map(|(revision, status)| entry(*revision, *status)).collect())
}

fn revisions(entries: &[&Entry]) -> Vec<u32> {
    entries.iter().map(|entry| entry.head.revision).collect()
}

fn secret(name: &str, data: &str) -> Object {
    Object::from_value(json!({
        "metadata": {"name": name, "namespace": "shop", "labels": {"name": "web", "status": "deployed", "team": "blue"}},
        "data": {"release": STANDARD.encode(data)},
    }))
    .expect("a map")
}

fn record() -> Record {
    Record {
        name: "web".to_owned(),
        namespace: "shop".to_owned(),
        version: 3,
        info: Info { status: "deployed".to_owned(), ..Info::default() },
        ..Record::default()
    }
}

#[test]
fn the_base_is_the_deployed_one_else_a_failed_or_superseded_last() {
    use Status::{Deployed, Failed, PendingUpgrade, Superseded, Uninstalled, Uninstalling};
    let base = |entries: &[(u32, Status)]| {
        history(entries).base().map(|entry| entry.head.revision).map_err(|problem| problem.code)
    };
    assert_eq!(base(&[(1, Superseded), (2, Deployed)]), Ok(2));
    assert_eq!(base(&[(1, Superseded), (2, Deployed), (3, Failed), (4, Failed)]), Ok(2));
    assert_eq!(base(&[(1, Deployed), (2, Deployed), (3, Failed)]), Ok(2));
    assert_eq!(base(&[(1, Superseded), (2, Failed)]), Ok(2));
    assert_eq!(base(&[(1, Superseded)]), Ok(1));
    assert_eq!(base(&[(1, Deployed), (2, PendingUpgrade)]), Err(Code::ReleaseLocked));
    assert_eq!(base(&[(1, Uninstalled)]), Err(Code::NotFound));
    assert_eq!(base(&[(1, Uninstalling)]), Err(Code::NotFound));
    assert_eq!(base(&[]), Err(Code::NotFound));
}

#[test]
fn an_operation_starts_from_what_is_there() {
    let kind = |mode, entries: &[(u32, Status)]| {
        let found = history(entries);
        found.start(mode).map(|(kind, base)| (kind, base.map(|entry| entry.head.revision)))
    };
    let code = |mode, entries: &[(u32, Status)]| kind(mode, entries).expect_err("refused").code;
    assert_eq!(kind(ApplyMode::Auto, &[]), Ok((OperationKind::Install, None)));
    assert_eq!(code(ApplyMode::Upgrade, &[]), Code::NotFound);
    assert_eq!(code(ApplyMode::Install, &[(1, Status::PendingInstall)]), Code::NameInUse);
    let there = [(1, Status::Deployed), (2, Status::Failed)];
    assert_eq!(kind(ApplyMode::Auto, &there), Ok((OperationKind::Upgrade, Some(1))));
    let gone = [(1, Status::Superseded), (2, Status::Uninstalled)];
    assert_eq!(kind(ApplyMode::Auto, &gone), Ok((OperationKind::Install, Some(2))));
    assert_eq!(code(ApplyMode::Upgrade, &gone), Code::NotFound);
}

#[test]
fn a_way_back_leads_to_a_revision_that_is_there() {
    let found = history(&[(1, Status::Superseded), (2, Status::Superseded), (4, Status::Deployed)]);
    let back = |to| found.way_back(to).map(|(last, target)| (last.head.revision, target.head.revision));
    assert_eq!(back(2), Ok((4, 2)));
    assert_eq!(back(0).expect_err("3 is missing").detail, "release has no 3 version");
    assert_eq!(history(&[]).way_back(1).expect_err("nothing").detail, "release: not found: web");
    assert!(found.expect(None).is_ok() && found.expect(Some(4)).is_ok());
    let moved = found.expect(Some(2)).expect_err("it moved on");
    assert_eq!(
        (moved.code, moved.detail.as_str()),
        (Code::RevisionMismatch, "the last revision is 4, not 2")
    );
}

#[test]
fn trimming_makes_room_for_one_and_spares_the_deployed_one() {
    use Status::{Deployed, Failed, Superseded};
    let failing = history(&[(1, Deployed), (2, Failed), (3, Failed), (4, Failed), (5, Failed)]);
    assert_eq!(revisions(&failing.surplus(3)), [2, 3, 4]);
    assert!(failing.surplus(0).is_empty());
    assert_eq!(revisions(&failing.surplus(1)), [2, 3, 4, 5]);
    let plain = history(&[(4, Superseded), (5, Superseded), (6, Deployed)]);
    assert_eq!(revisions(&plain.surplus(3)), [4]);
    assert!(plain.surplus(10).is_empty());
}

#[test]
fn what_cannot_be_read_is_not_trimmed_and_not_taken_for_deployed() {
    let mut corrupt = entry(2, Status::Deployed);
    corrupt.summary.corrupt = Some("the stored record is not base64".to_owned());
    let found = History::new("web", vec![entry(1, Status::Superseded), corrupt, entry(3, Status::Failed)]);
    assert_eq!(found.deployed(), None);
    assert_eq!(revisions(&found.surplus(1)), [1, 3]);
    assert_eq!(found.anomalies(), ["revision 2 cannot be read: the stored record is not base64"]);
    assert_eq!(found.last_good(3).map(|entry| entry.head.revision), Some(1));
}

#[test]
fn several_deployed_revisions_and_labels_that_lie_are_told() {
    let mut lying = entry(1, Status::Failed);
    lying.head.labels.insert("status".to_owned(), "deployed".to_owned());
    let found = History::new("web", vec![lying, entry(2, Status::Deployed), entry(3, Status::Deployed)]);
    assert_eq!(found.deployed().map(|entry| entry.head.revision), Some(3));
    assert_eq!(
        found.anomalies(),
        [
            "revisions 2, 3 are all marked deployed; the highest counts",
            "revision 1 is failed in its record and deployed in its label"
        ]
    );
}

#[test]
fn a_record_is_held_against_its_secret() {
    let text = encode(&record()).stored;
    let own =
        Revision::read(&secret("sh.helm.release.v1.web.v3", &text), &Limits::default()).expect("a record");
    assert_eq!(own.mismatch(), None);
    assert_eq!(own.summary().labels, BTreeMap::from([("team".to_owned(), "blue".to_owned())]));
    let other =
        Revision::read(&secret("sh.helm.release.v1.api.v4", &text), &Limits::default()).expect("a record");
    assert_eq!(
        other.mismatch().as_deref(),
        Some(
            "its name is \"web\" in the record and \"api\" on the Secret; \
             its revision is \"3\" in the record and \"4\" on the Secret"
        )
    );
    assert_eq!(other.refuse_mismatch(false).map_err(|problem| problem.code), Err(Code::RecordMismatch));
    assert_eq!(other.refuse_mismatch(true), Ok(()));
}

#[test]
fn a_record_that_cannot_be_read_is_told_from_its_labels() {
    let found = Revision::read(&secret("sh.helm.release.v1.web.v3", "rubbish!"), &Limits::default())
        .expect("an entry");
    let summary = found.summary();
    assert_eq!((summary.revision, summary.status), (3, Status::Deployed));
    assert_eq!(summary.corrupt.as_deref(), Some("the stored record is not base64"));
    assert_eq!(found.record().map_err(|problem| problem.code), Err(Code::RecordCorrupt));
    let empty =
        Object::from_value(json!({"metadata": {"name": "sh.helm.release.v1.web.v3"}})).expect("a map");
    let found = Revision::read(&empty, &Limits::default()).expect("an entry");
    assert_eq!(found.summary().corrupt.as_deref(), Some("the Secret has no key `release`"));
    assert!(Revision::read(&secret("token", "x"), &Limits::default()).is_none());
}

fn judge(last: &Entry) -> Lock {
    let now = Time::parse("2026-11-21T12:00:00Z").expect("a time");
    verdict(last, &now, &Patience::default())
}

fn pending(heartbeat: Option<&str>, written: &str, phase: &str) -> Entry {
    let mut last = entry(8, Status::PendingUpgrade);
    last.head.writer = Some(Writer { manager: "Helm".to_owned(), time: Time::parse(written) });
    let notes = [
        (annotation::OPERATION, heartbeat.map(|_| "op_1")),
        (annotation::INSTANCE, heartbeat.map(|_| "bridge-a")),
        (annotation::HEARTBEAT, heartbeat),
        (annotation::PHASE, Some(phase).filter(|phase| !phase.is_empty())),
    ];
    last.head.annotations =
        notes.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect();
    last
}

#[test]
fn a_release_that_is_not_pending_is_free() {
    for status in [Status::Deployed, Status::Failed, Status::Superseded, Status::Uninstalled, Status::Unknown]
    {
        assert_eq!(judge(&entry(1, status)).verdict, LockVerdict::Free);
    }
}

#[test]
fn a_bridge_is_at_work_as_long_as_its_heart_beats() {
    let running = judge(&pending(Some("2026-11-21T11:59:01Z"), "2026-11-21T11:00:00Z", "applying"));
    assert_eq!((running.verdict, running.operation.as_deref()), (LockVerdict::Running, Some("op_1")));
    assert!(running.offers.is_empty());
    let ahead = judge(&pending(Some("2026-11-21T12:05:00Z"), "2026-11-21T11:00:00Z", ""));
    assert_eq!(ahead.verdict, LockVerdict::Running);
    let crashed = judge(&pending(Some("2026-11-21T11:59:00Z"), "2026-11-21T11:59:59Z", "applying"));
    assert_eq!(crashed.verdict, LockVerdict::Crashed);
    assert_eq!(crashed.offers, [RecoverAction::Resume, RecoverAction::Rollback, RecoverAction::Abandon]);
    assert_eq!(crashed.message, "revision 8 is pending-upgrade: bridge-a gave no sign for 60 s");
    // The cluster's own stamp counts more than what a bridge says of the time.
    let mut odd = pending(Some("2026-11-21T11:00:00Z"), "2026-11-21T11:59:59Z", "applying");
    odd.head.beat = Time::parse("2026-11-21T11:59:58Z");
    assert_eq!(judge(&odd).verdict, LockVerdict::Running);
    let mut odd = pending(Some("2026-11-21T13:00:00Z"), "2026-11-21T11:59:59Z", "applying");
    odd.head.beat = Time::parse("2026-11-21T11:58:00Z");
    assert_eq!(judge(&odd).verdict, LockVerdict::Crashed);
    let laid_down = judge(&pending(Some("2026-11-21T11:59:59Z"), "2026-11-21T11:59:59Z", INTERRUPTED));
    assert_eq!(laid_down.verdict, LockVerdict::Crashed);
}

#[test]
fn helm_is_given_the_time_of_its_longest_timeout() {
    let young = judge(&pending(None, "2026-11-21T11:45:01Z", ""));
    assert_eq!((young.verdict, young.offers.len()), (LockVerdict::Foreign, 0));
    assert_eq!(
        young.message,
        "revision 8 is pending-upgrade: Helm wrote it 14 min ago and is probably at work"
    );
    let stale = judge(&pending(None, "2026-11-21T11:45:00Z", ""));
    assert_eq!(stale.verdict, LockVerdict::ForeignStale);
    assert_eq!(stale.offers, [RecoverAction::Rollback, RecoverAction::Abandon]);
    assert_eq!(stale.confirm, "web/8");
    let mut uninstalling = pending(None, "2026-11-20T11:45:00Z", "");
    uninstalling.summary.status = Status::Uninstalling;
    assert_eq!(judge(&uninstalling).verdict, LockVerdict::ForeignStale);
    assert_eq!(judge(&pending(None, "never", "")).verdict, LockVerdict::Foreign);
}

#[test]
fn what_the_page_sends_becomes_a_chart_with_every_list_written_out() {
    let sent: wire::ChartRecord = serde_json::from_value(json!({
        "metadata": {"name": "web", "version": "1.0.0", "apiVersion": "v2"},
        "templates": [{"name": "templates/a.yaml", "data": "YTogMQ=="}],
        "files": [{"name": "LICENSE", "data": "eA=="}, {"name": "crds/a.yaml", "data": ""}],
        "lock": {"generated": "2026-01-01T00:00:00Z", "digest": "sha256:x", "dependencies": []},
    }))
    .expect("a chart");
    let chart = chart_to_record(&sent, true).expect("a chart");
    assert_eq!(chart.files.as_ref().map(Vec::len), Some(1));
    assert_eq!(chart.lock.as_ref().map(|lock| lock.digest.as_str()), Some("sha256:x"));
    for (field, value) in [
        ("metadata", json!({"name": "web"})),
        ("metadata", json!({"name": ["secret"], "version": "1"})),
        ("lock", json!("secret")),
        ("schema", json!("secret!")),
    ] {
        let mut wrong = serde_json::to_value(&sent).expect("JSON");
        wrong[field] = value;
        let wrong: wire::ChartRecord = serde_json::from_value(wrong).expect("a chart");
        let problem = chart_to_record(&wrong, false).expect_err(field);
        assert_eq!(problem.code, Code::InvalidRequest);
        assert!(!problem.detail.contains("secret"), "{}", problem.detail);
    }
}
