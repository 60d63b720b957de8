// Every example in every environment: the page shows, byte for byte, what the real Helm prints.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { visit } from "./harness.mjs";

const EXAMPLES = join(import.meta.dirname, "../../www/examples");

async function helm(chart, { release, namespace, layers }) {
  assert.ok(process.env.HELM, "run these tests with `cargo xtask browser`: it sets HELM");
  const values = layers.filter((path) => path !== "values.yaml").flatMap((path) => ["-f", join(EXAMPLES, chart, path)]);
  const args = ["template", release, join(EXAMPLES, chart), "-n", namespace, ...values];
  return (await promisify(execFile)(process.env.HELM, args)).stdout;
}

for (const chart of await readdir(EXAMPLES)) {
  visit(`${chart} in every environment`, async (visitor) => {
    await visitor.open(`#example/${chart}`);
    const names = await visitor.find("environment").evaluateAll((chips) => chips.map((chip) => chip.dataset.name));
    assert.ok(names.length > 0, "an example has an environment");
    for (const name of names) {
      const chip = visitor.find("environment", { name });
      if ((await chip.getAttribute("aria-pressed")) !== "true") await visitor.edit(() => chip.click());
      const expected = await helm(chart, {
        release: await visitor.find("release-name").inputValue(),
        namespace: await visitor.find("namespace").inputValue(),
        layers: await visitor.find("layer").evaluateAll((layers) => layers.map((layer) => layer.dataset.source)),
      });
      assert.equal(await visitor.copied(), expected, `${chart} in ${name}`);
      const milliseconds = await visitor.find("status").getAttribute("data-render-ms");
      console.log(`${chart.padEnd(16)} ${name.padEnd(12)} equal, ${expected.length} bytes, rendered in ${milliseconds} ms`);
    }
  });
}
