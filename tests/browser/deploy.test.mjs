// From the page to a real API server and back: install, upgrade, rollback, uninstall; the real helm confirms each step.
import assert from "node:assert/strict";
import { greeting } from "./archive.mjs";
import { fresh, history, target, visit } from "./harness.mjs";

visit("a chart is deployed, upgraded, rolled back and uninstalled, and helm agrees every time", async (visitor) => {
  const namespace = fresh("life");
  await visitor.signIn();
  await visitor.example("taskflow-api");
  const release = await visitor.find("release-name").inputValue();

  await target(visitor, namespace);
  await visitor.reviewed();
  // Nothing can be tried in a namespace that is not there yet; the plan says so and names the objects all the same.
  assert.ok((await visitor.find("planned").count()) >= 5, "the plan names what it creates");
  assert.equal(await visitor.find("deploy").textContent(), "Deploy revision 1");
  assert.equal(await visitor.deployed(), "success");
  assert.deepEqual(await history(visitor, namespace, release), ["1 deployed"]);
  const first = await visitor.helm("get", "manifest", release, "-n", namespace);
  assert.match(await visitor.helm("get", "all", release, "-n", namespace), /NOTES:\s+TaskFlow/);

  // The edit of one value is all that the plan of the upgrade tells, with its reason.
  await visitor.find("back").click();
  await visitor.openFile("values-dev.yaml");
  await visitor.type((await visitor.editorText()).replace("LOG_LEVEL: debug", "LOG_LEVEL: warn"));
  await visitor.page.locator("#open-deploy").click();
  await visitor.find("review-again").click();
  await visitor.reviewed();
  const changed = visitor.find("planned", { class: "update", kind: "ConfigMap" });
  await changed.locator('[data-path$="LOG_LEVEL"]').waitFor();
  assert.match(await changed.textContent(), /debug.*warn.*the chart or its values changed it/s);
  await visitor.page.locator('[data-testid="deploy"][aria-disabled="false"]').click();
  await visitor.find("operation").waitFor();
  // It goes on without the page, and the page finds it again.
  await visitor.reload();
  assert.equal(await visitor.ended(), "success");
  assert.deepEqual(await history(visitor, namespace, release), ["1 superseded", "2 deployed"]);
  assert.match(await visitor.helm("get", "values", release, "-n", namespace), /LOG_LEVEL: warn/);

  await visitor.find("show-release").click();
  await visitor.find("revision", { revision: "1", status: "superseded" }).waitFor();
  for (const revision of ["1", "2"]) await visitor.find("revision", { revision }).getByRole("checkbox").check();
  await visitor.find("diff").locator('[data-path$="LOG_LEVEL"]').first().waitFor();
  await visitor.find("revision", { revision: "1" }).locator('[data-testid="rollback"]').click();
  await visitor.reviewed();
  assert.match(await visitor.find("deploy").textContent(), /Roll back to 1 as revision 3/);
  assert.equal(await visitor.deployed(), "success");
  assert.deepEqual(await history(visitor, namespace, release), ["1 superseded", "2 superseded", "3 deployed"]);
  assert.equal(await visitor.helm("get", "manifest", release, "-n", namespace), first);

  await visitor.find("show-release").click();
  await visitor.find("revision", { revision: "3", status: "deployed" }).waitFor();
  await visitor.find("uninstall").click();
  const plan = visitor.find("uninstall-plan");
  assert.match(await plan.textContent(), /ConfigMap/);
  assert.ok(await visitor.find("confirm-do").isDisabled());
  await visitor.find("confirm-name").fill(release);
  await visitor.find("confirm-do").click();
  await visitor.find("operation", { kind: "uninstall" }).waitFor();
  assert.equal(await visitor.ended(), "success");
  assert.equal((await visitor.helm("list", "-q", "-n", namespace)).trim(), "");
}, []);

const PASSWORD = `apiVersion: v1
kind: Secret
metadata: {name: made}
stringData: {password: "{{ randAlphaNum 24 }}"}
`;

visit("every deploy renders anew: two of one chart have different random values", async (visitor) => {
  await visitor.signIn();
  await visitor.upload([{ name: "greeting-0.1.0.tgz", buffer: greeting({ "templates/secret.yaml": PASSWORD }) }]);
  const shown = /password: "(\S+)"/.exec(await visitor.copied())[1];
  const release = await visitor.find("release-name").inputValue();
  const sent = [];
  for (const namespace of [fresh("one"), fresh("two")]) {
    if (await visitor.find("review-again").count()) await visitor.find("back").click();
    await visitor.edit(() => visitor.find("namespace").fill(namespace));
    await visitor.page.locator("#open-deploy").click();
    if (await visitor.find("review-again").count()) await visitor.find("review-again").click();
    await visitor.find("wish-namespace").check();
    await visitor.find("plan-again").click();
    await visitor.reviewed();
    assert.ok(!(await visitor.find("review").textContent()).includes(shown), "what is secret stays hidden");
    assert.equal(await visitor.deployed(), "success");
    sent.push(/password: "?(\w{24})/.exec(await visitor.helm("get", "manifest", release, "-n", namespace))[1]);
  }
  assert.equal(new Set([shown, ...sent]).size, 3);
}, []);

const KEPT = `{{- $old := lookup "v1" "Secret" .Release.Namespace "kept" }}
apiVersion: v1
kind: Secret
metadata: {name: kept}
data: {password: {{ if $old }}{{ $old.data.password }}{{ else }}{{ randAlphaNum 24 | b64enc }}{{ end }}}
`;

visit("a chart reads a Secret only when the person agrees, and is not deployed without it", async (visitor) => {
  const namespace = fresh("kept");
  await visitor.signIn();
  await visitor.upload([{ name: "greeting-0.1.0.tgz", buffer: greeting({ "templates/secret.yaml": KEPT }) }]);
  const release = await visitor.find("release-name").inputValue();
  await visitor.edit(() => visitor.find("namespace").fill(namespace));
  await visitor.page.locator("#open-deploy").click();
  assert.match(await visitor.find("consent").textContent(), /Secret\/page-kept-\w+\/kept/);
  await visitor.find("wish-namespace").check();
  await visitor.find("consent-allow").click();
  await visitor.find("plan-again").waitFor();
  await visitor.find("plan-again").click();
  await visitor.find("consent-allow").click();
  await visitor.reviewed();
  assert.equal(await visitor.deployed(), "success");
  const password = async () => /password: (\S+)/.exec(await visitor.helm("get", "manifest", release, "-n", namespace))[1];
  const first = await password();

  await visitor.find("review-again").click();
  await visitor.find("consent-deny").click();
  await visitor.reviewed();
  assert.match(await visitor.find("blocker").textContent(), /looked up .*kept/);
  assert.equal(await visitor.find("deploy").getAttribute("aria-disabled"), "true");

  await visitor.find("plan-again").click();
  await visitor.find("consent-allow").click();
  await visitor.reviewed();
  await visitor.find("planned", { class: "unchanged", kind: "Secret" }).waitFor();
  assert.equal(await visitor.deployed(), "success");
  assert.equal(await password(), first, "the password is the one that the cluster holds");
}, []);

const TOLD = `apiVersion: v1
kind: ConfigMap
metadata: {name: told}
data: {told: "{{ .Capabilities.KubeVersion.Version }} {{ .Release.IsInstall }} {{ .Release.Revision }}"}
`;

visit("what is sent is rendered for the cluster and for what helm would do, whatever the preview shows", async (visitor) => {
  const namespace = fresh("told");
  await visitor.signIn();
  await visitor.upload([{ name: "greeting-0.1.0.tgz", buffer: greeting({ "templates/told.yaml": TOLD }) }]);
  const release = await visitor.find("release-name").inputValue();
  const told = async () => /told: "?(v\S+) (\w+) (\d+)/.exec(await visitor.helm("get", "manifest", release, "-n", namespace)).slice(1);
  await visitor.edit(() => visitor.find("namespace").fill(namespace));
  await visitor.page.locator("#open-deploy").click();
  await visitor.edit(() => visitor.find("use-cluster").uncheck());
  await visitor.find("wish-namespace").check();
  await visitor.find("plan-again").click();
  await visitor.reviewed();
  assert.equal(await visitor.deployed(), "success");
  const [version, ...first] = await told();
  assert.deepEqual(first, ["true", "1"]);
  await visitor.find("back").click();
  assert.ok(!(await visitor.copied()).includes(version), "the preview is for no cluster");

  // What left only its history is installed anew: helm renders that as the first revision, and records it as the next.
  await visitor.helm("uninstall", release, "-n", namespace, "--keep-history");
  await visitor.page.locator("#open-deploy").click();
  await visitor.find("review-again").click();
  await visitor.reviewed();
  assert.equal(await visitor.find("deploy").textContent(), "Deploy revision 2");
  assert.equal(await visitor.deployed(), "success");
  assert.deepEqual(await told(), [version, "true", "1"]);
  await visitor.find("review-again").click();
  await visitor.reviewed();
  assert.equal(await visitor.deployed(), "success");
  assert.deepEqual(await told(), [version, "false", "3"]);
}, []);

visit("without a cluster the page says how to get one", async (visitor) => {
  await visitor.open();
  assert.match(await visitor.find("status").textContent(), /Nothing sent/);
  await visitor.page.locator("#open-deploy").click();
  const connect = visitor.find("connect", { state: "no-cluster" });
  assert.match(await connect.textContent(), /--cluster/);
  assert.equal(await visitor.find("deploy").count(), 0);
  await visitor.find("back").click();
  await visitor.tab("releases");
  await visitor.find("releases", { state: "no-cluster" }).waitFor();
});
