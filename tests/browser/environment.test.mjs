// A visitor switches environments, which come from the values files of the chart.
import assert from "node:assert/strict";
import { greeting } from "./archive.mjs";
import { visit } from "./harness.mjs";

const CHART = greeting({
  "values-dev.yaml": "greeting: in dev\n",
  "values-production.yaml": "greeting: in production\n",
});

visit("values files become environments, and the chosen one is rendered", async (visitor) => {
  await visitor.open();
  await visitor.upload([{ name: "greeting-0.1.0.tgz", buffer: CHART }]);
  for (const [name, other] of [["production", "dev"], ["dev", "production"]]) {
    const chip = visitor.find("environment", { name });
    if ((await chip.getAttribute("aria-pressed")) !== "true") await visitor.edit(() => chip.click());
    await visitor.seesInManifests(`greeting: "in ${name}"`);
    assert.equal(await chip.getAttribute("aria-pressed"), "true");
    assert.equal(await visitor.find("environment", { name: other }).getAttribute("aria-pressed"), "false");
  }
});

visit("the release name and the namespace are the visitor's", async (visitor) => {
  await visitor.open();
  const chart = greeting({ "templates/namespace.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: x, namespace: {{ .Release.Namespace }}}\n" });
  await visitor.upload([{ name: "greeting-0.1.0.tgz", buffer: chart }]);
  await visitor.edit(async () => {
    await visitor.find("release-name").fill("my-release");
    await visitor.page.keyboard.press("Enter");
  });
  await visitor.seesInManifests("name: my-release");
  await visitor.edit(async () => {
    await visitor.find("namespace").fill("team-a");
    await visitor.page.keyboard.press("Enter");
  });
  await visitor.seesInManifests("namespace: team-a");
});
