//! What is secret comes out hidden, wherever a chart or its hooks tell it.

use std::fs;

use serde_json::{Value, json};
use tests::scene::World;
use tests::trial::Trial;

use crate::rendered::{apply, fail, path, succeed};

pub(crate) const TRIALS: &[Trial<World>] =
    &[Trial { name: "a_secret_of_a_hook_is_in_no_log_line", run: log_lines }];

/// What every container here writes to its log, and what this Secret holds.
const LINE: &str = "hello from the hook";

const SECRET: &str = "apiVersion: v1
kind: Secret
metadata:
  name: app-line
  annotations: {helm.sh/hook: pre-install, helm.sh/hook-weight: '-9'}
stringData: {line: hello from the hook}
";

fn log_lines(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let (helm, bridge, chart) = (scene.helm()?, scene.bridge(&[])?, scene.chart("hooks"));
    let to = path(&scene, "app", "apply");
    let body = |verb: &str, sets: &[&str]| -> Result<Value, String> {
        let mut body = apply(&helm, verb, "app", &chart, sets, json!({}))?;
        let documents = body["documents"].as_array_mut().ok_or("no documents")?;
        documents.push(json!({ "source": "hooks/templates/line.yaml", "yaml": SECRET }));
        Ok(body)
    };
    let installed = succeed(&bridge, &to, &body("install", &[])?)?;
    // The test knows of the Secret by the record alone.
    let tested = succeed(&bridge, &path(&scene, "app", "test"), &json!({}))?;
    let (operation, failed) = fail(&bridge, &to, &body("upgrade", &["fail=pre-upgrade"])?)?;
    assert!(!operation.to_string().contains(LINE), "{operation}");
    for (what, events) in [("install", installed), ("test", tested), ("upgrade", failed)] {
        let log = events.iter().find(|event| event["type"] == "log").ok_or(format!("{what}: no log"))?;
        let line = log["lines"][0].as_str().unwrap_or_default();
        assert!(line.starts_with("‹hidden "), "{what}: {line}");
        let all = Value::from(events).to_string();
        assert!(!all.contains(LINE), "{what}: {all}");
    }
    let home = bridge.kill()?;
    let folder = home.path().join("state").join("operations");
    let files = fs::read_dir(&folder).map_err(|error| error.to_string())?;
    let texts: Vec<String> =
        files.flatten().filter_map(|file| fs::read_to_string(file.path()).ok()).collect();
    assert_eq!(texts.len(), 3);
    for text in texts {
        assert!(text.contains("‹hidden ") && !text.contains(LINE), "{text}");
    }
    Ok(())
}
