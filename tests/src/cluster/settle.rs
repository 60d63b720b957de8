//! What a cluster needs before the first chart comes: a node, and the rights of its users.

use std::time::SystemTime;

use serde_json::{Value, json};

use crate::kube::Api;

/// The line that every pod's log holds.
pub(super) const LOG_LINE: &str = "hello from the hook";

/// Creates the node, the namespace `team`, and what the users may do.
pub(super) fn introduce(api: &Api) -> Result<(), String> {
    let room = json!({ "cpu": "640", "memory": "2560Gi", "pods": "10000" });
    let labels = json!({ "kubernetes.io/hostname": "node-1", "kubernetes.io/os": "linux" });
    // Both kinds, or kwok takes the address away whenever it makes the node ready again, and with it every log.
    let addresses = json!([
        { "type": "InternalIP", "address": "127.0.0.1" },
        { "type": "Hostname", "address": "127.0.0.1" },
    ]);
    let node = json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": { "name": "node-1", "labels": labels },
        "status": { "addresses": addresses, "capacity": room, "allocatable": room },
    });
    api.create("/api/v1/nodes", &node)?;
    api.create(
        "/api/v1/namespaces",
        &json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "team" } }),
    )?;
    let bindings = "/apis/rbac.authorization.k8s.io/v1";
    api.create(&format!("{bindings}/clusterrolebindings"), &binding("ClusterRoleBinding", "viewer", "view"))?;
    api.create(
        &format!("{bindings}/namespaces/team/rolebindings"),
        &binding("RoleBinding", "team", "admin"),
    )?;
    Ok(())
}

fn binding(kind: &str, user: &str, role: &str) -> Value {
    let group = "rbac.authorization.k8s.io";
    json!({
        "apiVersion": format!("{group}/v1"), "kind": kind,
        "metadata": { "name": format!("chartroom-test-{user}") },
        "roleRef": { "apiGroup": group, "kind": "ClusterRole", "name": role },
        "subjects": [{ "apiGroup": group, "kind": "User", "name": user }],
    })
}

/// Whether the node takes pods, and the controllers have given the first namespace its account.
pub(super) fn is_settled(api: &Api) -> Result<bool, String> {
    let node = api.get("/api/v1/nodes/node-1")?;
    let conditions = node["status"]["conditions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let ready = conditions.iter().any(|it| it["type"] == "Ready" && it["status"] == "True");
    // A new node is tainted until its controller has seen that it is ready.
    let open = node["spec"]["taints"].as_array().is_none_or(Vec::is_empty);
    Ok(ready && open && api.find("/api/v1/namespaces/default/serviceaccounts/default")?.is_some())
}

/// A log in the format of container runtimes, with the time of this start.
pub(super) fn pod_log() -> String {
    let seconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    format!("{} stdout F {LOG_LINE}\n", rfc3339(seconds))
}

/// `2026-11-21T18:54:19.000000000Z`, from seconds since 1970.
fn rfc3339(seconds: u64) -> String {
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    // Years that begin in March have their odd day at the end (Hinnant, `civil_from_days`).
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.000000000Z")
}

#[cfg(test)]
mod tests {
    #[test]
    fn times_are_written_as_logs_have_them() {
        assert_eq!(super::rfc3339(0), "1970-01-01T00:00:00.000000000Z");
        assert_eq!(super::rfc3339(951_868_799), "2000-02-29T23:59:59.000000000Z");
        assert_eq!(super::rfc3339(1_795_287_259), "2026-11-21T18:54:19.000000000Z");
    }
}
