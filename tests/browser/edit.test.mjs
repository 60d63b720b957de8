// A visitor edits a template or a value and sees the new manifests.
import assert from "node:assert/strict";
import { greeting } from "./archive.mjs";
import { visit } from "./harness.mjs";

visit("the page opens on a rendered example", async (visitor) => {
  await visitor.open();
  assert.ok((await visitor.find("document").count()) > 3, "documents are on the page");
  await visitor.find("document", { kind: "Deployment" }).first().waitFor();
  assert.match(await visitor.copied(), /^kind: Deployment$/m);
  assert.equal(await visitor.find("problem", { severity: "error" }).count(), 0);
});

visit("an edited value shows in the manifests", async (visitor) => {
  await visitor.open();
  await visitor.upload([{ name: "greeting-0.1.0.tgz", buffer: greeting() }]);
  await visitor.seesInManifests('greeting: "hello"');
  await visitor.openFile("values.yaml");
  await visitor.type("greeting: good evening\n");
  await visitor.seesInManifests('greeting: "good evening"');
});

visit("an edited template shows in the manifests", async (visitor) => {
  await visitor.open();
  await visitor.upload([{ name: "greeting-0.1.0.tgz", buffer: greeting() }]);
  await visitor.openFile("templates/configmap.yaml");
  const text = await visitor.editorText();
  await visitor.type(text.replace("kind: ConfigMap", "kind: ConfigMap # edited"));
  await visitor.seesInManifests("# edited");
  assert.equal(await visitor.find("problem", { severity: "error" }).count(), 0);
});

visit("typing letter by letter keeps every letter, and the last state is shown", async (visitor) => {
  await visitor.open();
  await visitor.upload([{ name: "greeting-0.1.0.tgz", buffer: greeting() }]);
  await visitor.openFile("values.yaml");
  await visitor.edit(async () => {
    await visitor.find("editor").locator(".cm-content").click();
    await visitor.page.keyboard.press("ControlOrMeta+a");
    await visitor.page.keyboard.type("greeting: the quick brown fox jumps over the lazy dog");
  });
  await visitor.seesInManifests('greeting: "the quick brown fox jumps over the lazy dog"');
});
