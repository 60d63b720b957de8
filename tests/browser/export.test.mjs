// A visitor takes the chart away and brings it back.
import assert from "node:assert/strict";
import { greeting, untgz } from "./archive.mjs";
import { visit } from "./harness.mjs";

for (const [kind, extension] of [["export-tgz", ".tgz"], ["export-zip", ".zip"]]) {
  visit(`an edited chart comes back from its ${extension}`, async (visitor) => {
    await visitor.open();
    await visitor.upload([{ name: "greeting-0.1.0.tgz", buffer: greeting() }]);
    await visitor.openFile("values.yaml");
    await visitor.type("greeting: taken along\n");
    const { name, buffer } = await visitor.download(kind);
    assert.ok(name.endsWith(extension), name);
    if (extension === ".tgz") {
      const files = untgz(buffer);
      assert.equal(files["greeting/values.yaml"]?.toString(), "greeting: taken along\n");
      assert.ok(files["greeting/Chart.yaml"], Object.keys(files).join());
    }

    await visitor.upload([{ name: "other-0.1.0.tgz", buffer: greeting({ "values.yaml": "greeting: another\n" }) }]);
    await visitor.seesInManifests('greeting: "another"');
    await visitor.upload([{ name, buffer }]);
    await visitor.seesInManifests('greeting: "taken along"');
  });
}
