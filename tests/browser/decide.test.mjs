// What only a person decides on a real cluster: whose field it is, what is made anew, when to stop, what to do with a release
// that helm left in the middle. The real helm confirms how it ended.
import assert from "node:assert/strict";
import { greeting } from "./archive.mjs";
import { api, leavePending, takeFields } from "./cluster.mjs";
import { fresh, history, target, visit } from "./harness.mjs";

const chart = (more) => [{ name: "greeting-0.1.0.tgz", buffer: greeting(more) }];

const FIXED = `apiVersion: v1
kind: ConfigMap
metadata: {name: fixed}
immutable: true
data: {greeting: {{ .Values.greeting }}}
`;

visit("a field of somebody else and an object that cannot change wait for the person's word", async (visitor) => {
  const namespace = fresh("decide");
  await visitor.signIn();
  await visitor.upload(chart({ "templates/fixed.yaml": FIXED }));
  const release = await visitor.find("release-name").inputValue();
  await target(visitor, namespace);
  await visitor.reviewed();
  assert.equal(await visitor.deployed(), "success");

  const map = (name) => `/api/v1/namespaces/${namespace}/configmaps/${name}`;
  const kept = await api("GET", map("fixed"));
  await takeFields(map(release), {
    apiVersion: "v1", kind: "ConfigMap", metadata: { name: release }, data: { greeting: "theirs" },
  });
  await visitor.find("back").click();
  await visitor.openFile("values.yaml");
  await visitor.type("greeting: changed\n");
  await visitor.page.locator("#open-deploy").click();
  await visitor.find("review-again").click();
  await visitor.reviewed();
  assert.equal(await visitor.find("decision").count(), 2);
  assert.equal(await visitor.find("deploy").getAttribute("aria-disabled"), "true");
  const conflict = visitor.find("decision").filter({ hasText: "somebody" });
  assert.match(await conflict.textContent(), /greeting.*belongs to somebody/s);
  await conflict.locator('[data-word="yield"]').click();
  await visitor.find("decision").locator('[data-word="recreate"]').click();
  await visitor.reviewed();
  assert.equal(await visitor.deployed(), "success");
  assert.deepEqual(await history(visitor, namespace, release), ["1 superseded", "2 deployed"]);
  assert.equal((await api("GET", map(release))).data.greeting, "theirs", "what was left to its owner stays");
  const anew = await api("GET", map("fixed"));
  assert.equal(anew.data.greeting, "changed");
  assert.notEqual(anew.metadata.uid, kept.metadata.uid);

  // What was decided holds for the next revision, which says so, until the person decides otherwise.
  await visitor.find("back").click();
  await visitor.openFile("Chart.yaml");
  await visitor.type("apiVersion: v2\nname: greeting\nversion: 0.2.0\n");
  await visitor.page.locator("#open-deploy").click();
  await visitor.find("review-again").click();
  await visitor.reviewed();
  assert.match(await visitor.find("plan-chart").textContent(), /^greeting 0\.1\.0\s+0\.2\.0$/);
  const before = visitor.find("decision").filter({ hasText: "was left to somebody" });
  assert.ok(await before.locator('[data-word="yield"] input').isChecked());
  await visitor.page.locator('[data-testid="deploy"][aria-disabled="false"]').waitFor();
  await before.locator('[data-word="force"]').click();
  await visitor.find("planned", { class: "update", name: release }).waitFor();
  assert.equal(await visitor.deployed(), "success");
  assert.equal((await api("GET", map(release))).data.greeting, "changed", "it was taken after all");
}, []);

const SLOW = `apiVersion: apps/v1
kind: Deployment
metadata: {name: slow}
spec:
  selector: {matchLabels: {app: slow}}
  template:
    metadata:
      labels: {app: slow}
      annotations: {chartroom.test/outcome: {{ .Values.outcome | default "none" }}}
    spec: {containers: [{name: web, image: web}]}
`;

visit("a deploy that waits for ever is stopped, and the next one goes through", async (visitor) => {
  const namespace = fresh("stop");
  await visitor.signIn();
  await visitor.upload(chart({ "templates/slow.yaml": SLOW, "values.yaml": "greeting: a\noutcome: hang\n" }));
  const release = await visitor.find("release-name").inputValue();
  await target(visitor, namespace);
  await visitor.reviewed();
  await visitor.page.locator('[data-testid="deploy"][aria-disabled="false"]').click();
  await visitor.find("operation-object", { name: "slow", state: "waiting" }).waitFor();
  await visitor.find("cancel").click();
  assert.equal(await visitor.ended(), "cancelled");
  assert.match(await visitor.find("end").textContent(), /was stopped/);
  assert.deepEqual(await history(visitor, namespace, release), ["1 failed"]);

  await visitor.find("back").click();
  await visitor.openFile("values.yaml");
  await visitor.type("greeting: a\n");
  await visitor.page.locator("#open-deploy").click();
  await visitor.find("review-again").click();
  await visitor.reviewed();
  assert.equal(await visitor.deployed(), "success");
  assert.deepEqual((await history(visitor, namespace, release)).at(-1), "2 deployed");
}, []);

const CHECK = `apiVersion: v1
kind: Pod
metadata:
  name: check
  annotations: {helm.sh/hook: test}
spec: {restartPolicy: Never, containers: [{name: check, image: check}]}
`;

visit("tests run with their logs, and what helm left in the middle is recovered", async (visitor) => {
  const namespace = fresh("recover");
  await visitor.signIn();
  await visitor.upload(chart({ "templates/tests/check.yaml": CHECK }));
  const release = await visitor.find("release-name").inputValue();
  await target(visitor, namespace);
  await visitor.reviewed();
  assert.equal(await visitor.deployed(), "success");
  await visitor.find("show-release").click();
  await visitor.find("run-tests").click();
  await visitor.find("operation", { kind: "test" }).waitFor();
  assert.equal(await visitor.ended(), "success");
  await visitor.find("hook", { state: "succeeded" }).waitFor();
  await visitor.find("log").getByText("check").first().waitFor();

  // The next revision is helm's own.
  await visitor.helm("rollback", release, "1", "-n", namespace);
  await leavePending(namespace, release, 2);
  await visitor.find("show-release").click();
  const lock = visitor.find("lock", { verdict: "foreign-stale" });
  await lock.locator('[data-action="abandon"]').click();
  await visitor.find("confirm-name").fill(`${release}/2`);
  await visitor.find("confirm-do").click();
  await visitor.find("operation", { kind: "recover" }).waitFor();
  assert.equal(await visitor.ended(), "success");
  assert.deepEqual((await history(visitor, namespace, release)).at(-1), "2 failed");
  await visitor.find("review-again").click();
  await visitor.reviewed();
  assert.equal(await visitor.deployed(), "success");
  assert.deepEqual((await history(visitor, namespace, release)).at(-1), "3 deployed");
}, ["--stale-after", "0"]);
