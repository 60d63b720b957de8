//! The text that a scraper reads.

use super::*;

#[test]
fn every_name_of_the_interface_is_there() {
    let metrics = Metrics::new();
    let (second, code) = (Duration::from_secs(1), Code::Conflict);
    metrics.operation_ended("shop", OperationKind::Install, Outcome::Failed, Some(code), second);
    metrics.operation_phase(OperationKind::Install, OperationState::Applying, second);
    let running = metrics.operation_running(OperationKind::Upgrade);
    drop(metrics.operation_queued(OperationKind::Upgrade));
    metrics.object(Action::Create);
    metrics.rollback("shop", Trigger::OnFailure, Outcome::Success);
    metrics.hook("pre-install", Finding::Success, second);
    metrics.hook("evil\"} 1", Finding::Success, second);
    metrics.plan(Finding::Clean, second);
    metrics.conflict(ConflictKind::Autoscaler, Resolution::Yield);
    metrics.drift_check(Finding::Changes, 3);
    metrics.drift_detected(ConflictKind::Kubectl);
    metrics.orphans_detected(2);
    metrics.recovery("shop", RecoverAction::Resume, FoundState::PendingInstall, second);
    metrics.record_written(5000);
    metrics.record_write_failed(code);
    metrics.ready(KindClass::Workload, second);
    metrics.kubernetes_call("patch", 2, true, second, true);
    metrics.watch_restarted(Restart::Expired);
    metrics.auth_failed("session");
    metrics.policy_denied("helm-record");
    metrics.rate_limited("/v1/plans");
    let stream = metrics.stream_open();
    metrics.stream_dropped();
    let hits = metrics.hits(Place::Plan);
    (0..4).for_each(|_| hits.one());
    metrics.release_ended("shop", "web", OperationKind::Upgrade, true);
    metrics.release_ended("shop", "web", OperationKind::Upgrade, false);
    metrics.release_ended("shop", "web", OperationKind::Rollback, true);
    let text = metrics.text();
    for line in [
        "kpb_operations_total{type=\"install\",result=\"failed\",reason=\"conflict\"} 1",
        "kpb_operation_duration_seconds_count{type=\"install\",result=\"failed\"} 1",
        "kpb_operation_phase_duration_seconds_count{type=\"install\",phase=\"applying\"} 1",
        "kpb_operations_in_progress{type=\"upgrade\"} 1",
        "kpb_operation_queue_length{type=\"upgrade\"} 0",
        "kpb_operation_queue_wait_seconds_count 1",
        "kpb_objects_total{action=\"create\"} 1",
        "kpb_rollbacks_total{trigger=\"on-failure\",result=\"success\"} 1",
        "kpb_hooks_total{event=\"pre-install\",result=\"success\"} 1",
        "kpb_hooks_total{event=\"other\",result=\"success\"} 1",
        "kpb_hook_duration_seconds_count{event=\"pre-install\",result=\"success\"} 1",
        "kpb_plans_total{result=\"clean\"} 1",
        "kpb_plan_duration_seconds_count{result=\"clean\"} 1",
        "kpb_conflicts_total{owner_class=\"autoscaler\",resolution=\"yield\"} 1",
        "kpb_drift_checks_total{result=\"changes\"} 1",
        "kpb_drift_detected_total{owner_class=\"kubectl\"} 1",
        "kpb_drifted_objects 3",
        "kpb_orphans_detected_total 2",
        "kpb_recoveries_total{action=\"resume\",found_state=\"pending-install\"} 1",
        "kpb_recovery_duration_seconds_count{action=\"resume\",found_state=\"pending-install\"} 1",
        "kpb_recovery_duration_seconds_count{action=\"rollback\",found_state=\"failed\"} 1",
        "kpb_record_bytes_bucket{le=\"8192.0\"} 1",
        "kpb_record_write_failures_total{reason=\"conflict\"} 1",
        "kpb_time_to_ready_seconds_count{kind_class=\"workload\"} 1",
        "kpb_k8s_requests_total{verb=\"patch\",code=\"2xx\",dry_run=\"true\"} 1",
        "kpb_k8s_request_duration_seconds_count{verb=\"patch\",code=\"2xx\",dry_run=\"true\"} 1",
        "kpb_k8s_retries_total{verb=\"patch\"} 1",
        "kpb_watch_restarts_total{reason=\"expired\"} 1",
        "kpb_auth_failures_total{reason=\"session\"} 1",
        "kpb_policy_denied_total{rule=\"helm-record\"} 1",
        "kpb_rate_limited_total{route=\"/v1/plans\"} 1",
        "kpb_sse_streams 1",
        "kpb_sse_dropped_total 1",
        "kpb_redactions_total{where=\"plan\"} 4",
        "kpb_build_info{version=",
    ] {
        assert!(text.lines().any(|found| found.starts_with(line)), "{line}\n{text}");
    }
    drop((running, stream));
    assert!(metrics.text().contains("kpb_operations_in_progress{type=\"upgrade\"} 0"));
    assert!(metrics.text().contains("kpb_sse_streams 0"));
    if cfg!(target_os = "linux") {
        for name in ["process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds"] {
            let line = text.lines().find(|line| line.starts_with(name)).expect(name);
            let value: f64 = line.split(' ').nth(1).and_then(|value| value.parse().ok()).expect("a number");
            assert!(value >= 0.0, "{line}");
        }
    }
}
#[test]
fn counters_name_namespaces_when_asked_and_only_so_many() {
    let count = |metrics: &Metrics, namespace: &str| {
        metrics.rollback(namespace, Trigger::User, Outcome::Success);
        metrics.recovery(namespace, RecoverAction::Abandon, FoundState::Other, Duration::ZERO);
        metrics.operation_ended(namespace, OperationKind::Test, Outcome::Success, None, Duration::ZERO);
    };
    let metrics = Metrics::new();
    count(&metrics, "shop");
    assert!(!metrics.text().contains("shop"), "{}", metrics.text());
    let metrics = Metrics::by_namespace();
    for n in 0..NAMESPACES + 2 {
        count(&metrics, &format!("shop-{n}"));
    }
    count(&metrics, "shop-0");
    let text = metrics.text();
    let last = NAMESPACES - 1;
    for line in [
        "kpb_rollbacks_total{trigger=\"user\",result=\"success\",namespace=\"shop-0\"} 2",
        &format!(
            "kpb_recoveries_total{{action=\"abandon\",found_state=\"other\",namespace=\"shop-{last}\"}} 1"
        ),
        "kpb_operations_total{type=\"test\",result=\"success\",reason=\"\",namespace=\"(others)\"} 2",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(!text.contains(&format!("shop-{NAMESPACES}\"")));
}
