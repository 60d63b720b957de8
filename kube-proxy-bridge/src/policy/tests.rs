//! The gate as tables.

use serde_json::{Value, json};

use super::*;

fn config(change: impl FnOnce(&mut PolicyConfig)) -> PolicyConfig {
    let mut config = PolicyConfig::default();
    change(&mut config);
    config
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

fn local() -> PolicyConfig {
    PolicyConfig::default()
}

fn shared() -> PolicyConfig {
    config(|config| config.shared = true)
}

/// The rule that `object`, of a namespaced kind or not, breaks in a release in `shop`.
#[track_caller]
fn rule(config: &PolicyConfig, object: Value, namespaced: bool) -> Option<String> {
    let policy = Policy::new(config).expect("good words");
    let object = Object::from_value(object).expect("a map");
    let subject = Subject { object: &object, namespaced };
    policy.check(&[subject], "shop").err().map(|problem| {
        assert_eq!(problem.code, Code::PolicyDenied);
        assert_eq!(problem.objects.len(), 1);
        problem.rule.expect("a rule")
    })
}

fn object(api_version: &str, kind: &str, more: Value) -> Value {
    let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}});
    merge(&mut object, more);
    object
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

#[test]
fn t8_a_chart_cannot_write_a_release_record() {
    for (object, is_record) in [
        (object("v1", "Secret", json!({"metadata": {"name": "sh.helm.release.v1.web.v1"}})), true),
        (object("v1", "Secret", json!({"metadata": {"generateName": "sh.helm.release.v1.web.v"}})), true),
        (object("v1", "Secret", json!({"metadata": {"labels": {"owner": "helm"}}})), true),
        (object("v1", "Secret", json!({"type": "helm.sh/release.v1"})), true),
        (object("v1", "ConfigMap", json!({"metadata": {"name": "sh.helm.release.v1.web.v1"}})), true),
        (object("v1", "ConfigMap", json!({"metadata": {"labels": {"owner": "helm"}}})), true),
        (object("v1", "Secret", json!({"metadata": {"labels": {"owner": "team"}}, "type": "Opaque"})), false),
        (object("apps/v1", "Deployment", json!({"metadata": {"labels": {"owner": "helm"}}})), false),
        (object("example.org/v1", "Secret", json!({"type": "helm.sh/release.v1"})), false),
    ] {
        let expected = is_record.then(|| "helm-record".to_owned());
        for config in
            [local(), shared(), config(|config| config.allow_kinds = words(&["Secret", "ConfigMap"]))]
        {
            assert_eq!(rule(&config, object.clone(), true), expected, "{object}");
        }
    }
    let allowed = config(|config| config.allow_kinds = words(&["helm-record"]));
    assert!(Policy::new(&allowed).is_err());
}

#[test]
fn t9_the_namespace_that_counts_is_the_one_that_is_written_to() {
    let in_namespace =
        |namespace: &str| object("v1", "ConfigMap", json!({"metadata": {"namespace": namespace}}));
    let none = object("v1", "ConfigMap", json!({}));
    let only_shop = config(|config| config.namespaces = words(&["shop", "team-*"]));
    let denied = config(|config| config.deny_namespaces = words(&["prod", "shop-*"]));
    let own = config(|config| config.own_namespace = Some("bridge".to_owned()));
    let system = config(|config| config.namespaces = words(&["*", "kube-system"]));
    let system_denied = config(|config| {
        config.namespaces = words(&["*", "kube-system"]);
        config.deny_namespaces = words(&["kube-system"]);
    });
    for (config, object, expected) in [
        (&local(), none.clone(), None),
        (&local(), in_namespace("other"), None),
        (&local(), in_namespace("kube-system"), Some("namespace-denied")),
        (&shared(), in_namespace("kube-public"), Some("namespace-denied")),
        (&only_shop, none.clone(), None),
        (&only_shop, in_namespace("team-a"), None),
        (&only_shop, in_namespace("other"), Some("namespace-not-listed")),
        (&only_shop, in_namespace("kube-system"), Some("namespace-denied")),
        (&denied, in_namespace("prod"), Some("namespace-denied")),
        (&denied, in_namespace("shop-1"), Some("namespace-denied")),
        (&denied, in_namespace("shop"), None),
        (&own, in_namespace("bridge"), Some("namespace-denied")),
        (&system, in_namespace("kube-system"), None),
        (&system, in_namespace("kube-public"), Some("namespace-denied")),
        (&system_denied, in_namespace("kube-system"), Some("namespace-denied")),
    ] {
        assert_eq!(rule(config, object.clone(), true).as_deref(), expected, "{config:?} {object}");
    }
}

#[test]
fn t9_scope_comes_from_discovery_and_not_from_the_object() {
    // A namespace field on what has no namespace does not make it belong to one.
    let widget = object("example.org/v1", "Widget", json!({"metadata": {"namespace": "shop"}}));
    assert_eq!(rule(&shared(), widget.clone(), false).as_deref(), Some("cluster-scoped"));
    assert_eq!(rule(&shared(), widget.clone(), true), None);
    assert_eq!(rule(&local(), widget.clone(), false), None);
    let allowed = config(|config| {
        config.shared = true;
        config.allow_kinds = words(&["example.org/Widget"]);
    });
    assert_eq!(rule(&allowed, widget, false), None);
}

#[test]
fn t9_whoever_writes_a_namespace_writes_to_it() {
    let namespace = |name: &str| object("v1", "Namespace", json!({"metadata": {"name": name}}));
    assert_eq!(rule(&local(), namespace("kube-system"), false).as_deref(), Some("namespace-denied"));
    assert_eq!(rule(&local(), namespace("shop"), false), None);
    assert_eq!(rule(&shared(), namespace("shop"), false).as_deref(), Some("cluster-scoped"));
    let allowed = config(|config| {
        config.shared = true;
        config.namespaces = words(&["shop"]);
        config.allow_kinds = words(&["Namespace"]);
    });
    assert_eq!(rule(&allowed, namespace("shop"), false), None);
    assert_eq!(rule(&allowed, namespace("other"), false).as_deref(), Some("namespace-not-listed"));
}

#[test]
fn the_release_itself_needs_a_namespace_that_may_be_written_to() {
    let policy = Policy::new(&local()).expect("good words");
    let problem = policy.check(&[], "kube-system").expect_err("denied");
    assert_eq!(problem.rule.as_deref(), Some("namespace-denied"));
    assert!(problem.detail.contains("the release's namespace kube-system"), "{}", problem.detail);
    assert!(policy.check(&[], "shop").is_ok());
}

#[test]
fn t10_dangerous_kinds_are_denied_where_many_share_the_bridge() {
    let rbac = "rbac.authorization.k8s.io/v1";
    let admission = "admissionregistration.k8s.io/v1";
    let pods = |spec: Value| json!({"spec": {"template": {"spec": spec}}});
    let role = |rule: Value| object(rbac, "Role", json!({"rules": [rule]}));
    let read = json!({"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]});
    // The object, whether its kind has namespaces, the rule in shared mode, and what else it takes to allow it.
    for (object, namespaced, expected) in [
        (object(rbac, "ClusterRole", json!({"rules": [read]})), false, Some("cluster-role")),
        (
            object(rbac, "ClusterRoleBinding", json!({"roleRef": {"name": "view"}})),
            false,
            Some("cluster-role"),
        ),
        (role(read.clone()), true, None),
        (role(json!({"resources": ["*"], "verbs": ["get"]})), true, Some("role-escalation")),
        (role(json!({"resources": ["pods"], "verbs": ["*"]})), true, Some("role-escalation")),
        (role(json!({"resources": ["roles"], "verbs": ["escalate"]})), true, Some("role-escalation")),
        (role(json!({"resources": ["roles"], "verbs": ["bind"]})), true, Some("role-escalation")),
        (role(json!({"resources": ["users"], "verbs": ["impersonate"]})), true, Some("role-escalation")),
        (
            object(rbac, "RoleBinding", json!({"roleRef": {"name": "cluster-admin"}})),
            true,
            Some("role-escalation"),
        ),
        (
            object(
                rbac,
                "RoleBinding",
                json!({"subjects": [{"kind": "Group", "name": "system:authenticated"}]}),
            ),
            true,
            Some("role-escalation"),
        ),
        (object(rbac, "RoleBinding", json!({"roleRef": {"name": "view"}})), true, None),
        (object(admission, "MutatingWebhookConfiguration", json!({})), false, Some("webhook")),
        (object(admission, "ValidatingWebhookConfiguration", json!({})), false, Some("webhook")),
        (object(admission, "ValidatingAdmissionPolicy", json!({})), false, Some("admission-policy")),
        (object(admission, "ValidatingAdmissionPolicyBinding", json!({})), false, Some("admission-policy")),
        (object(admission, "MutatingAdmissionPolicy", json!({})), false, Some("admission-policy")),
        (object("apiregistration.k8s.io/v1", "APIService", json!({})), false, Some("api-service")),
        (
            object("apiextensions.k8s.io/v1", "CustomResourceDefinition", json!({})),
            false,
            Some("custom-resource-definition"),
        ),
        (object("v1", "Node", json!({})), false, Some("node")),
        (object("scheduling.k8s.io/v1", "PriorityClass", json!({})), false, Some("priority-class")),
        (
            object("certificates.k8s.io/v1", "CertificateSigningRequest", json!({})),
            false,
            Some("certificate-signing-request"),
        ),
        (
            object(
                "v1",
                "Namespace",
                json!({"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "privileged"}}}),
            ),
            false,
            Some("pod-security-labels"),
        ),
        (
            object("v1", "Secret", json!({"type": "kubernetes.io/service-account-token"})),
            true,
            Some("service-account-token"),
        ),
        (object("v1", "PersistentVolume", json!({})), false, Some("cluster-scoped")),
        (object("apps/v1", "Deployment", pods(json!({"hostNetwork": true}))), true, None),
        (object("apps/v1", "Deployment", json!({})), true, None),
    ] {
        assert_eq!(rule(&local(), object.clone(), namespaced), None, "one person's own: {object}");
        assert_eq!(rule(&shared(), object.clone(), namespaced).as_deref(), expected, "shared: {object}");
        let Some(expected) = expected else { continue };
        let allowed = config(|config| {
            config.shared = true;
            config.allow_kinds = words(&[expected, "cluster-scoped"]);
        });
        assert_eq!(rule(&allowed, object.clone(), namespaced), None, "allowed by rule: {object}");
        if expected == "cluster-scoped" {
            continue;
        }
        let denied = config(|config| config.deny_kinds = words(&[expected]));
        assert_eq!(rule(&denied, object.clone(), namespaced).as_deref(), Some(expected), "denied: {object}");
    }
}

#[test]
fn t10_pods_that_reach_their_node_are_found_in_every_workload() {
    let denied = config(|config| config.deny_kinds = words(&["privileged-pods"]));
    let specs = [
        json!({"hostNetwork": true}),
        json!({"hostPID": true}),
        json!({"hostIPC": true}),
        json!({"volumes": [{"name": "a", "emptyDir": {}}, {"name": "b", "hostPath": {"path": "/"}}]}),
        json!({"containers": [{"name": "a"}, {"name": "b", "securityContext": {"privileged": true}}]}),
        json!({"initContainers": [{"name": "a", "securityContext": {"privileged": true}}]}),
    ];
    for spec in specs {
        for (api_version, kind, place) in [
            ("v1", "Pod", json!({"spec": spec})),
            ("apps/v1", "DaemonSet", json!({"spec": {"template": {"spec": spec}}})),
            ("batch/v1", "CronJob", json!({"spec": {"jobTemplate": {"spec": {"template": {"spec": spec}}}}})),
        ] {
            let found = rule(&denied, object(api_version, kind, place), true);
            assert_eq!(found.as_deref(), Some("privileged-pods"), "{kind} {spec}");
        }
    }
    let harmless =
        json!({"spec": {"hostNetwork": false, "containers": [{"securityContext": {"privileged": false}}]}});
    assert_eq!(rule(&denied, object("v1", "Pod", harmless), true), None);
}

#[test]
fn kinds_are_denied_and_allowed_by_pattern() {
    let job = object("batch/v1", "Job", json!({}));
    for (pattern, matches) in [
        ("Job", true),
        ("batch/Job", true),
        ("batch/*", true),
        ("core/Job", false),
        ("apps/*", false),
        ("CronJob", false),
    ] {
        let denied = config(|config| config.deny_kinds = words(&[pattern]));
        let expected = matches.then_some("kind-denied");
        assert_eq!(rule(&denied, job.clone(), true).as_deref(), expected, "{pattern}");
    }
    // What was denied by name stays denied.
    let both = config(|config| {
        config.deny_kinds = words(&["Job"]);
        config.allow_kinds = words(&["Job"]);
    });
    assert_eq!(rule(&both, job, true).as_deref(), Some("kind-denied"));
    for wrong in ["jobs", "*", "", "batch/", "batch/job", "a b", "namespace-denied"] {
        let denied = config(|config| config.deny_kinds = words(&[wrong]));
        assert!(Policy::new(&denied).is_err(), "{wrong}");
    }
}

#[test]
fn a_kind_that_was_allowed_may_still_not_hold_everything() {
    let allowed = config(|config| {
        config.shared = true;
        config.allow_kinds = words(&["ClusterRole"]);
    });
    let role = |verb: &str| {
        let rules = json!([{"apiGroups": [""], "resources": ["pods"], "verbs": [verb]}]);
        object("rbac.authorization.k8s.io/v1", "ClusterRole", json!({"rules": rules}))
    };
    assert_eq!(rule(&allowed, role("get"), false), None);
    assert_eq!(rule(&allowed, role("*"), false).as_deref(), Some("role-escalation"));
}

#[test]
fn a_refusal_names_every_object_and_every_rule() {
    let policy = Policy::new(&shared()).expect("good words");
    let objects: Vec<Object> = [
        object("v1", "ConfigMap", json!({})),
        object("v1", "ConfigMap", json!({"metadata": {"namespace": "kube-system"}})),
        object("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", json!({})),
    ]
    .into_iter()
    .map(|value| Object::from_value(value).expect("a map"))
    .collect();
    let subjects: Vec<Subject<'_>> =
        objects.iter().map(|object| Subject { object, namespaced: object.kind() == "ConfigMap" }).collect();
    let problem = policy.check(&subjects, "shop").expect_err("denied");
    assert_eq!(problem.rule.as_deref(), Some("namespace-denied"));
    assert_eq!(
        problem.detail,
        "namespace-denied: this namespace may not be written to (ConfigMap/kube-system/x)\n\
         cluster-role: roles of the whole cluster are denied (rbac.authorization.k8s.io/ClusterRoleBinding/x)"
    );
    assert_eq!(problem.objects.len(), 2);
}

#[test]
fn lookups_are_allowed_by_kind_and_secrets_one_by_one() {
    let policy =
        Policy::new(&config(|config| config.lookup_kinds = words(&["example.org/Widget"]))).expect("good");
    for (api_version, kind, name, expected) in [
        ("v1", "ConfigMap", "", LookupVerdict::Allowed),
        ("v1", "Namespace", "shop", LookupVerdict::Allowed),
        ("v1", "Node", "", LookupVerdict::NamesOnly),
        ("networking.k8s.io/v1", "Ingress", "x", LookupVerdict::Allowed),
        ("example.org/v1", "Widget", "x", LookupVerdict::Allowed),
        ("v1", "Secret", "db", LookupVerdict::Consent),
    ] {
        assert_eq!(policy.lookup(api_version, kind, name), expected, "{kind}");
    }
    for (api_version, kind, name) in [
        ("v1", "Secret", ""),
        ("v1", "Pod", "x"),
        ("apps/v1", "ConfigMap", "x"),
        ("other.org/v1", "Widget", "x"),
    ] {
        assert!(
            matches!(policy.lookup(api_version, kind, name), LookupVerdict::Denied(_)),
            "{api_version} {kind}"
        );
    }
    for wrong in ["Secret", "core/*", "core/Secret"] {
        assert!(Policy::new(&config(|config| config.lookup_kinds = words(&[wrong]))).is_err(), "{wrong}");
    }
}

#[test]
fn the_summary_says_what_is_in_force() {
    let summary = Policy::new(&config(|config| {
        config.namespaces = words(&["shop", "kube-system"]);
        config.deny_kinds = words(&["Job", "privileged-pods"]);
    }))
    .expect("good words")
    .summary();
    assert_eq!(summary.namespaces, ["shop", "kube-system"]);
    assert_eq!(summary.denied_namespaces, ["kube-*"]);
    assert_eq!(summary.denied_kinds, ["Job", "helm-record", "privileged-pods"]);
    assert!(
        Policy::new(&shared()).expect("good").summary().denied_kinds.contains(&"cluster-scoped".to_owned())
    );
}
