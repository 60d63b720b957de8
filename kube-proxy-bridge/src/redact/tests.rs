//! What is hidden, what is shown, and that nothing known comes out.

use serde_json::json;
use wire::Code;

use super::*;
use crate::metrics::{Metrics, Place};

fn object(value: Value) -> Object {
    Object::from_value(value).expect("a map")
}

fn secret(data: &[(&str, &[u8])]) -> Object {
    let data: Map<String, Value> =
        data.iter().map(|(name, value)| ((*name).to_owned(), STANDARD.encode(value).into())).collect();
    object(json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": data}))
}

fn redactor() -> Redactor {
    Redactor::new().expect("randomness")
}

#[test]
fn a_short_secret_is_hidden_in_a_conflict_too() {
    let document = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"pin": "MTIzNA=="},
    });
    let hidden = Hidden::default();
    hidden.learn(&redactor().known([]));
    let reference = object(document.clone()).reference();
    let mut conflict = FieldConflict {
        field: ".data.pin".to_owned(),
        owner: wire::Owner {
            manager: "kubectl".to_owned(),
            operation: wire::OwnerOperation::Apply,
            subresource: None,
            time: None,
        },
        live: Some("OTk5OQ==".into()),
        chart: Some("MTIzNA==".into()),
        kind: wire::ConflictKind::Kubectl,
        advice: Vec::new(),
    };
    hidden.conflict(&reference, &document, &mut conflict);
    for value in [conflict.live, conflict.chart] {
        assert!(
            value
                .clone()
                .is_some_and(|value| value.as_str().is_some_and(|text| text.starts_with("‹hidden "))),
            "{value:?}"
        );
    }
}

#[test]
fn secrets_are_hidden_where_they_stand() {
    let redaction = redactor().known([]);
    let hide = |value: Value| {
        let mut object = object(value);
        redaction.object(&mut object);
        object.into_value().to_string()
    };
    for (value, gone, kept) in [
        (
            json!({"apiVersion": "v1", "kind": "Secret", "data": {"user": "YWRtaW4="}, "stringData": {"n": 1}}),
            "YWRtaW4=",
            "user",
        ),
        (json!({"metadata": {"annotations": {LAST_APPLIED: "{\"shown\":1}"}}}), "shown", LAST_APPLIED),
        (json!({"spec": {"env": [{"name": "DB_PASSWORD", "value": "hunter2"}]}}), "hunter2", "DB_PASSWORD"),
        (json!({"data": {"rootPassword": 123456}}), "123456", "rootPassword"),
        (json!({"data": {"userPin": 123456}}), "123456", "userPin"),
        (json!({"data": {"secrets": {"db": "hunter2"}}}), "hunter2", "db"),
        (json!({"data": {"credentials": [{"user": {"id": "hunter2"}}]}}), "hunter2", "user"),
        (json!({"data": {"passwords": {"db": {"key": "db-key"}, "web": "x-x"}}}), "x-x", "db-key"),
        (json!({"data": {"api-key": "abc123"}}), "abc123", "api-key"),
        (json!({"data": {"private_key": "xyz"}}), "xyz", "private_key"),
        (json!({"spec": {"connectionString": "xyz"}}), "xyz", "connectionString"),
        (json!({"spec": {"tokens": ["xyz"]}}), "xyz", "tokens"),
    ] {
        let hidden = hide(value);
        assert!(!hidden.contains(gone) && hidden.contains(kept) && hidden.contains("‹hidden "), "{hidden}");
    }
    for value in [
        json!({"spec": {"env": [{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}]}}),
        json!({"spec": {"volumes": [{"name": "a", "secret": {"secretName": "web-tls"}}]}}),
        json!({"spec": {"imagePullSecrets": [{"name": "registry"}], "automountServiceAccountToken": false}}),
        json!({"spec": {"tls": [{"secretName": "x"}], "passwordSecretRef": "db", "tokenExpirationSeconds": 3600}}),
        json!({"data": {"key": "public", "user": "admin"}}),
    ] {
        assert_eq!(hide(value.clone()), value.to_string());
    }
}

#[test]
fn equal_values_look_equal_and_tags_are_of_one_process() {
    let (one, other) = (redactor(), redactor());
    let mut plain =
        object(json!({"apiVersion": "v1", "kind": "Secret", "data": {"a": "aHVudGVyMg==", "b": "eHl6"}}));
    let known = one.known([]);
    known.object(&mut plain);
    let texts = object(json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"password": "hunter2"}}));
    let mut texts = texts;
    known.object(&mut texts);
    assert_eq!(plain.pointer("/data/a"), texts.pointer("/data/password"));
    assert_ne!(plain.pointer("/data/a"), plain.pointer("/data/b"));
    assert_ne!(one.hide(b"hunter2"), other.hide(b"hunter2"));
}

#[test]
fn a_known_value_is_hidden_in_every_form() {
    let value = "s3cr\"t-\u{00fc}-value";
    let redaction = redactor().known([&secret(&[("a", value.as_bytes()), ("short", b"abc")])]);
    let encoded = STANDARD.encode(value);
    for text in [
        format!("before {value} after"),
        format!("connect postgres://u:{value}@db"),
        format!("{{\"a\":{}}}", Value::from(value)),
        format!("data: {encoded}"),
        format!("auth: {}", STANDARD.encode(format!("user:{value}"))),
        format!("auth: {}", STANDARD.encode(format!("us:{value}:more"))),
        format!("auth: {}", URL_SAFE_NO_PAD.encode(format!("u:{value}:more"))),
        value.repeat(3),
    ] {
        let hidden = redaction.text(&text);
        assert!(hidden.contains("‹hidden "), "{text}");
        assert!(!hidden.contains(value) && !hidden.contains(&encoded), "{hidden}");
    }
    assert_eq!(redaction.text("abc and nothing else"), "abc and nothing else");
    let number = redactor().known([&secret(&[("pin", b"1234567890")])]);
    assert_ne!(number.value(&json!({"a": 1_234_567_890})), json!({"a": 1_234_567_890}));
}

#[test]
fn a_key_of_many_lines_is_hidden_line_by_line() {
    let pem = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSjAgEAAoIB\n-----END PRIVATE KEY-----\n";
    let redaction = redactor().known([&secret(&[("tls.key", pem.as_bytes())])]);
    let indented: String = pem.lines().map(|line| format!("    {line}\n")).collect();
    let hidden = redaction.text(&indented);
    assert!(!hidden.contains("MIIEvQ") && !hidden.contains("AQEFAA"), "{hidden}");
    assert!(hidden.contains("BEGIN PRIVATE KEY"));
}

/// Numbers that look random and are the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % limit
    }

    fn text(&mut self, length: usize) -> String {
        // Few letters, so that values overlap and repeat.
        const LETTERS: [char; 6] = ['a', 'b', '"', '\u{00e9}', '\n', '0'];
        (0..length).map(|_| LETTERS[self.below(LETTERS.len())]).collect()
    }
}

#[test]
fn whatever_is_known_never_comes_out() {
    let mut random = Random(7);
    for _ in 0..400 {
        let values: Vec<String> = (0..3)
            .map(|_| {
                let length = 4 + random.below(14);
                random.text(length)
            })
            .collect();
        let data: Vec<(&str, &[u8])> =
            ["a", "b", "c"].into_iter().zip(values.iter().map(String::as_bytes)).collect();
        let redaction = redactor().known([&secret(&data)]);
        let mut text = random.text(20);
        for _ in 0..4 {
            let part = &values[random.below(values.len())];
            match random.below(3) {
                0 => text.push_str(part),
                1 => text.push_str(&STANDARD.encode(format!("{}{part}x", random.text(2)))),
                _ => text.push_str(&Value::from(part.as_str()).to_string()),
            }
            let length = random.below(4);
            text.push_str(&random.text(length));
        }
        let value = json!({"list": [{"deep": text.clone()}], "text": text});
        let outputs = [
            redaction.text(&text),
            redaction.value(&value)["list"][0]["deep"].as_str().unwrap_or_default().to_owned(),
        ];
        for value in values.iter().map(|value| value.trim()).filter(|value| value.len() >= SHORTEST) {
            for output in &outputs {
                assert!(!output.contains(value), "{value:?} in {output:?}");
                assert!(!output.contains(&STANDARD.encode(value)), "{value:?} encoded in {output:?}");
            }
        }
    }
}

#[test]
fn what_a_kind_calls_secret_is_hidden_there_and_everywhere() {
    let field = |name: &str| Part::Field(name.to_owned());
    let ways = vec![
        vec![field("spec"), field("login")],
        vec![field("spec"), field("users"), Part::Any, field("word")],
    ];
    let redactor = redactor().with_fields(SecretFields::default().with("example.org/v1", "Database", ways));
    let database = object(json!({"apiVersion": "example.org/v1", "kind": "Database",
        "spec": {"login": "short", "users": [{"word": "hunter2-hunter2", "who": "me"}], "size": 3}}));
    let redaction = redactor.known([&database]);
    let mut hidden = database.clone();
    redaction.object(&mut hidden);
    let text = hidden.clone().into_value().to_string();
    assert!(!text.contains("short") && !text.contains("hunter2") && text.contains("\"me\""), "{text}");
    assert_eq!(hidden.pointer("/spec/size"), Some(&json!(3)));
    assert!(!redaction.told("the word is hunter2-hunter2").contains("hunter2"));
    let mut other =
        object(json!({"apiVersion": "example.org/v1", "kind": "Other", "spec": {"login": "short"}}));
    redaction.object(&mut other);
    assert_eq!(other.pointer("/spec/login"), Some(&json!("short")));
    let reference = database.reference();
    let at = |keys: &[&str], value: Value| {
        let path = Path(keys.iter().map(|key| Step::parse(key).expect(key)).collect());
        redaction.at(&reference, &path, &value).to_string()
    };
    assert!(at(&["f:spec", "f:login"], json!("x")).contains("hidden"));
    assert!(at(&["f:spec"], json!({"login": "x", "size": 3})).contains("hidden"));
    assert!(at(&["f:spec", "f:users", "i:0", "f:word"], json!("x")).contains("hidden"));
    assert!(!at(&["f:spec", "f:size"], json!(3)).contains("hidden"));
}

#[test]
fn a_change_is_hidden_by_its_place() {
    let redaction = redactor().known([]);
    let secret = ObjectRef {
        api_version: "v1".to_owned(),
        kind: "Secret".to_owned(),
        namespace: None,
        name: "s".to_owned(),
    };
    let pod = ObjectRef { kind: "Pod".to_owned(), ..secret.clone() };
    let path = |keys: &[&str]| Path(keys.iter().map(|key| Step::parse(key).expect(key)).collect());
    let hides = |object: &ObjectRef, keys: &[&str], value: Value| {
        redaction.at(object, &path(keys), &value).to_string().contains("hidden")
    };
    assert!(hides(&secret, &["f:data", "f:user"], json!("YQ==")));
    assert!(hides(&secret, &["f:data"], json!({"user": "YQ=="})));
    assert!(hides(&secret, &[], json!({"apiVersion": "v1", "kind": "Secret", "data": {"user": "YQ=="}})));
    assert!(!hides(&secret, &["f:metadata", "f:name"], json!("s")));
    assert!(hides(&pod, &["f:spec", "f:env", "k:{\"name\":\"DB_PASSWORD\"}", "f:value"], json!("x")));
    assert!(hides(
        &pod,
        &["f:spec", "f:env", "k:{\"name\":\"DB_PASSWORD\"}"],
        json!({"name": "DB_PASSWORD", "value": "x"})
    ));
    assert!(!hides(&pod, &["f:spec", "f:env", "k:{\"name\":\"COLOUR\"}", "f:value"], json!("x")));
    assert!(hides(&pod, &["f:data", "f:token"], json!("x")));
}

#[test]
fn what_is_hidden_in_a_problem_is_counted_for_itself() {
    let metrics = Metrics::new();
    let redactor = redactor().counted(metrics.hits(Place::Event), metrics.hits(Place::Problem));
    let redaction = redactor.known([&secret(&[("key", b"hunter2-hunter2")])]);
    let warning = EventBody::Warning { object: None, message: "hunter2-hunter2".to_owned() };
    let mut problem = Problem::new(Code::InvalidObject, "hunter2-hunter2, and hunter2-hunter2");
    redaction.problem(&mut problem);
    assert!(!problem.detail.contains("hunter2"), "{}", problem.detail);
    let problem = EventBody::Problem {
        problem: Box::new(Problem { detail: "hunter2-hunter2".to_owned(), ..problem }),
        terminal: true,
    };
    for mut event in [warning, problem] {
        redaction.event(&mut event);
    }
    let text = metrics.text();
    for line in ["kpb_redactions_total{where=\"event\"} 1", "kpb_redactions_total{where=\"problem\"} 3"] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}
