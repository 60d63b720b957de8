// A chart asks for the time and for random values: they are made up and stand still until the person wants the real ones.
import assert from "node:assert/strict";
import { greeting } from "./archive.mjs";
import { visit } from "./harness.mjs";

const TEMPLATE = `epoch: {{ now | unixEpoch }}
password: {{ randAlphaNum 24 }}
`;

visit("made-up time and random values give way to the real ones, and come back", async (visitor) => {
  await visitor.open();
  assert.equal(await visitor.find("world").count(), 0, "the example asks the world nothing");

  await visitor.upload([{ name: "greeting-0.1.0.tgz", buffer: greeting({ "templates/secret.yaml": TEMPLATE }) }]);
  const world = visitor.find("world");
  const password = async () => /^password: (\S{24})$/m.exec(await visitor.copied())[1];
  assert.equal(await world.getAttribute("data-world"), "preview");
  assert.equal(await world.getAttribute("aria-pressed"), "false");
  assert.match(await world.textContent(), /made-up time and random values/);
  const made = await password();
  await visitor.openFile("values.yaml");
  await visitor.type("greeting: again\n");
  await visitor.seesInManifests('greeting: "again"');
  assert.equal(await password(), made, "nothing flickers while a person types");

  await visitor.edit(() => world.click());
  assert.equal(await world.getAttribute("data-world"), "exact");
  assert.equal(await world.getAttribute("aria-pressed"), "true");
  const real = await password();
  assert.notEqual(real, made);
  const epoch = Number(/^epoch: (\d+)$/m.exec(await visitor.copied())[1]);
  assert.ok(Math.abs(epoch - Date.now() / 1000) < 600, `${epoch} is now`);
  await visitor.type("greeting: and again\n");
  await visitor.seesInManifests('greeting: "and again"');
  assert.notEqual(await password(), real, "as in Helm, every render has its own");

  await visitor.edit(() => world.click());
  assert.equal(await password(), made);
});
