// What the bridge tells of releases besides their history: what was left behind, what was cut off, what it refuses.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { greeting } from "./archive.mjs";
import { api, leavePending } from "./cluster.mjs";
import { fresh, history, target, visit } from "./harness.mjs";

const NAME = "greeting-0.1.0.tgz";

// Deploys a small chart into a new namespace; gives the namespace and the release.
async function deployed(visitor, name) {
  const namespace = fresh(name);
  await visitor.signIn();
  await visitor.upload([{ name: NAME, buffer: greeting() }]);
  const release = await visitor.find("release-name").inputValue();
  await target(visitor, namespace);
  await visitor.reviewed();
  assert.equal(await visitor.deployed(), "success");
  return { namespace, release };
}

visit("what a bridge left in the middle is told with the connection, and has its ways out", async (visitor) => {
  const { namespace, release } = await deployed(visitor, "cut");
  await leavePending(namespace, release, 1, { "chartroom/phase": "interrupted" });
  const labels = { owner: "helm", name: "elsewhere", status: "deployed", version: "1" };
  const metadata = { name: "sh.helm.release.v1.elsewhere.v1", labels };
  await api("POST", `/api/v1/namespaces/${namespace}/configmaps`, { apiVersion: "v1", kind: "ConfigMap", metadata });

  // The page comes back to the operation that it watched.
  await visitor.reload();
  await visitor.find("back").click();
  const tab = visitor.find("tab", { tab: "releases" });
  await tab.locator(".count").waitFor();
  await tab.click();
  await visitor.find("in-config-maps").waitFor();
  assert.match(await visitor.find("in-config-maps").textContent(), /Not shown: \d+ releases? whose records are in ConfigMaps/);
  const left = visitor.find("interrupted", { name: release }).filter({ hasText: namespace });
  assert.match(await left.textContent(), /left in the middle: revision 1 is pending-upgrade/);
  await left.locator('[data-testid="see-interrupted"]').click();
  const lock = visitor.find("lock", { verdict: "crashed" });
  await lock.waitFor();
  assert.equal(await lock.locator('[data-testid="recover"]').count(), 3);
  const top = async (id) => (await visitor.find(id).boundingBox()).y;
  assert.ok((await top("lock")) < (await top("history")), "the way out stands above what was");
  // Not Helm and not the bridge: somebody wrote this record.
  assert.match(await visitor.find("release-facts").textContent(), /pending-upgrade.*record by (?!the bridge|Helm)/);
  await lock.locator('[data-action="abandon"]').click();
  await visitor.find("confirm-do").click();
  await visitor.find("operation", { kind: "recover" }).waitFor();
  assert.equal(await visitor.ended(), "success");
  assert.deepEqual(await history(visitor, namespace, release), ["1 failed"]);
  await visitor.find("show-release").click();
  await visitor.find("release", { namespace, name: release, status: "failed" }).waitFor();
  await left.waitFor({ state: "detached" });
}, []);

visit("an uninstall stays to be confirmed until it is answered, and says in its place why it is refused", async (visitor) => {
  const { namespace, release } = await deployed(visitor, "refused");
  await visitor.find("show-release").click();
  await visitor.find("revision", { revision: "1", status: "deployed" }).waitFor();
  assert.match(await visitor.find("release-facts").textContent(), /record by the bridge$/);
  await visitor.find("uninstall").click();
  await visitor.find("uninstall-plan").waitFor();
  const problem = {
    type: "urn:kpb:problem:busy", title: "The bridge has as many operations as it takes", status: 429, code: "busy",
    detail: "Sixteen operations run.", retryable: true,
  };
  let answer;
  const held = new Promise((resolve) => (answer = resolve));
  await visitor.page.route("**/*:uninstall", async (route) => {
    await held;
    await route.fulfill({ status: 429, contentType: "application/problem+json", body: JSON.stringify(problem) });
  });
  await visitor.find("confirm-name").fill(release);
  await visitor.find("confirm-do").click();
  await visitor.find("confirm", { state: "sent" }).waitFor();
  assert.ok(await visitor.find("confirm-do").isDisabled(), "it is sent once");
  answer();
  const refused = visitor.find("confirm", { state: "open" }).locator('[data-testid="refused"]');
  assert.match(await refused.textContent(), /Sixteen operations run/);
  assert.equal(await visitor.find("confirm-name").inputValue(), release);

  await visitor.page.unroute("**/*:uninstall");
  await visitor.find("confirm-do").click();
  await visitor.find("operation", { kind: "uninstall" }).waitFor();
  assert.equal(await visitor.ended(), "success");
  assert.equal((await visitor.helm("list", "-q", "-n", namespace)).trim(), "");
}, []);

visit("objects that no manifest names any more are told after a deploy, and deleted when the person says so", async (visitor) => {
  const { namespace, release } = await deployed(visitor, "orphans");
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  await api("POST", path, {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: "left",
      labels: { "app.kubernetes.io/managed-by": "Helm" },
      annotations: { "meta.helm.sh/release-name": release, "meta.helm.sh/release-namespace": namespace },
    },
  });
  await visitor.find("review-again").click();
  await visitor.reviewed();
  assert.equal(await visitor.deployed(), "success");
  assert.match(await visitor.find("operation-orphans").textContent(), /1 object .*ConfigMap left/);
  await visitor.find("see-orphans").click();
  await visitor.find("orphans-shown").getByText("left").waitFor();
  await visitor.find("cleanup").click();
  await visitor.find("confirm-name").fill(release);
  await visitor.find("confirm-do").click();
  await visitor.find("operation", { kind: "cleanup" }).waitFor();
  assert.equal(await visitor.ended(), "success");
  await assert.rejects(api("GET", `${path}/left`), /404/);
}, []);

visit("a deploy names the archive that the chart came from, until the chart is edited", async (visitor) => {
  await visitor.signIn();
  const buffer = greeting();
  await visitor.upload([{ name: NAME, buffer }]);
  const planned = () => visitor.page.waitForRequest((request) => request.url().endsWith("/v1/plans"));
  const sent = async (request) => (await request).postDataJSON().subject.chart.archiveSha256;
  const first = planned();
  await target(visitor, fresh("archive"));
  await visitor.reviewed();
  const digest = createHash("sha256").update(buffer).digest("hex");
  assert.equal(await sent(first), digest);
  assert.equal(await visitor.find("plan-chart").getAttribute("title"), digest);

  await visitor.find("back").click();
  await visitor.openFile("values.yaml");
  await visitor.type("greeting: edited\n");
  const second = planned();
  await visitor.page.locator("#open-deploy").click();
  await visitor.find("plan-again").click();
  assert.equal(await sent(second), undefined);
}, []);
