// A visitor reloads: every file is as it was, and so is the environment.
import assert from "node:assert/strict";
import { greeting } from "./archive.mjs";
import { visit } from "./harness.mjs";

visit("a reload keeps the work", async (visitor) => {
  await visitor.open();
  await visitor.upload([{ name: "greeting-0.1.0.tgz", buffer: greeting({ "values-dev.yaml": "{}\n" }) }]);
  await visitor.openFile("values.yaml");
  await visitor.type("greeting: kept\n");
  await visitor.find("saved", { state: "yes" }).waitFor();
  await visitor.reload();
  await visitor.seesInManifests('greeting: "kept"');
  await visitor.openFile("values.yaml");
  assert.equal((await visitor.editorText()).trimEnd(), "greeting: kept");
  await visitor.find("file", { path: "values-dev.yaml" }).waitFor();
});

visit("what is typed is kept within a second, without a farewell", async (visitor) => {
  await visitor.open();
  await visitor.upload([{ name: "greeting-0.1.0.tgz", buffer: greeting() }]);
  await visitor.openFile("values.yaml");
  await visitor.type("greeting: not lost\n");
  await visitor.page.waitForTimeout(1000);
  // A crash runs no handler of the page.
  const other = await visitor.page.context().newPage();
  await visitor.page.close({ runBeforeUnload: false });
  visitor.page = other;
  await visitor.open();
  await visitor.seesInManifests('greeting: "not lost"');
});
