// A bridge in `passthrough` mode on a real cluster: people sign in with tokens of their own, which this tab alone remembers, and
// may do there what their own rights allow.
import assert from "node:assert/strict";
import { api } from "./cluster.mjs";
import { fresh, history, visit } from "./harness.mjs";

// A token of an account of this namespace that may do what `verbs` say there, and nothing elsewhere.
async function account(namespace, name, verbs) {
  const [core, rbac] = ["/api/v1", "/apis/rbac.authorization.k8s.io/v1"].map((root) => `${root}/namespaces/${namespace}`);
  const metadata = { name };
  await api("POST", `${core}/serviceaccounts`, { metadata });
  await api("POST", `${rbac}/roles`, { metadata, rules: [{ apiGroups: ["*"], resources: ["*"], verbs }] });
  await api("POST", `${rbac}/rolebindings`, {
    metadata,
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
    subjects: [{ kind: "ServiceAccount", name, namespace }],
  });
  const { status } = await api("POST", `${core}/serviceaccounts/${name}/token`, { spec: { expirationSeconds: 3600 } });
  return status.token;
}

visit("people sign in with their own tokens and may do what their rights allow", async (visitor) => {
  const namespace = fresh("signin");
  await api("POST", "/api/v1/namespaces", { metadata: { name: namespace } });
  const [reader, writer] = await Promise.all([
    account(namespace, "reader", ["get", "list", "watch"]),
    account(namespace, "writer", ["*"]),
  ]);
  const connect = (state) => visitor.find("connect", { state }).waitFor();
  const signIn = async (token) => {
    await visitor.find("token").fill(token);
    await visitor.find("sign-in").click();
  };

  await visitor.open();
  await visitor.edit(() => visitor.find("namespace").fill(namespace));
  const release = await visitor.find("release-name").inputValue();
  await visitor.page.locator("#open-deploy").click();
  await connect("signed-out");
  assert.match(await visitor.find("connect").textContent(), /your own Kubernetes token/);

  await signIn("made-up");
  await visitor.page.getByText("does not know this token").waitFor();
  await connect("signed-out");

  await signIn(reader);
  await connect("connected");
  assert.match(await visitor.find("connect").textContent(), new RegExp(`system:serviceaccount:${namespace}:reader`));
  await visitor.reviewed();
  const forbidden = visitor.find("planned", { class: "forbidden", kind: "Deployment" });
  assert.match(await forbidden.textContent(), /reader" cannot patch resource "deployments"/);
  assert.equal(await visitor.find("deploy").getAttribute("aria-disabled"), "true");

  await visitor.find("connect").getByRole("button", { name: "Sign out" }).click();
  await connect("signed-out");
  await signIn(writer);
  await connect("connected");
  await visitor.find("planned", { class: "create", kind: "Deployment" }).waitFor();
  assert.equal(await visitor.deployed(), "success");
  assert.deepEqual(await history(visitor, namespace, release), ["1 deployed"]);

  // The token was in this tab's memory alone: nothing of it is kept, and who comes next must sign in.
  const kept = await visitor.page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
  assert.ok(!kept.includes(writer), "the token is kept nowhere");
  await visitor.reload();
  await visitor.page.locator("#open-deploy").click();
  await connect("signed-out");
}, ["--mode", "passthrough"]);
