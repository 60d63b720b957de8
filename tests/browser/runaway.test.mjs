// A visitor writes a template that does not end: it is stopped, the other templates stay, and the page goes on.
import assert from "node:assert/strict";
import { greeting } from "./archive.mjs";
import { visit } from "./harness.mjs";

const ENDLESS = [
  ["until", "{{ range until 100000000 }}x{{ end }}\n"],
  ["nested", '{{ range until 9999 }}{{ range until 9999 }}{{ $x := printf "%d" 1 }}{{ end }}{{ end }}\n'],
];

for (const [name, template] of ENDLESS) {
  visit(`a template that runs away is stopped: ${name}`, async (visitor) => {
    await visitor.open();
    await visitor.upload([{ name: "greeting-0.1.0.tgz", buffer: greeting({ "templates/endless.yaml": "# nothing yet\n" }) }]);
    await visitor.openFile("templates/endless.yaml");
    await visitor.type(template);
    const told = visitor.find("stop-notice").or(visitor.find("failed", { source: "greeting/templates/endless.yaml" }));
    await told.first().waitFor();
    await visitor.seesInManifests('greeting: "hello"');

    // Out of fuel, it runs again by itself; stopped by the clock on a slow machine, it waits for the visitor.
    await visitor.type("# mended\n");
    const again = visitor.find("again");
    if (await again.count()) await visitor.edit(() => again.click());
    await told.first().waitFor({ state: "detached" });
    await visitor.openFile("values.yaml");
    await visitor.type("greeting: still here\n");
    await visitor.seesInManifests('greeting: "still here"');
    assert.equal(await visitor.find("problem", { severity: "error" }).count(), 0);
  });
}
