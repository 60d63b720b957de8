// A visitor brings a chart: a `.tgz`, or single files. What cannot be read gets a sentence, and the open chart stays.
import assert from "node:assert/strict";
import { greeting } from "./archive.mjs";
import { visit } from "./harness.mjs";

visit("a .tgz becomes the chart", async (visitor) => {
  await visitor.open();
  await visitor.upload([{ name: "greeting-0.1.0.tgz", buffer: greeting() }]);
  await visitor.seesInManifests("# Source: greeting/templates/configmap.yaml");
  await visitor.find("file", { path: "values.yaml" }).waitFor();
  assert.equal(await visitor.find("document").count(), 1);
});

visit("single files join the open chart", async (visitor) => {
  await visitor.open();
  await visitor.upload([{ name: "greeting-0.1.0.tgz", buffer: greeting() }]);
  await visitor.upload([{ name: "values-production.yaml", buffer: Buffer.from("greeting: in production\n") }]);
  await visitor.find("file", { path: "values-production.yaml" }).waitFor();
  await visitor.find("environment", { name: "production" }).waitFor();
});

visit("a corrupt archive gets a sentence and leaves the chart as it was", async (visitor) => {
  await visitor.open();
  await visitor.upload([{ name: "greeting-0.1.0.tgz", buffer: greeting() }]);
  const revision = await visitor.revision();
  const corrupt = greeting().subarray(0, 80);
  await visitor.find("upload").setInputFiles([{ name: "bad.tgz", buffer: corrupt, mimeType: "application/gzip" }]);
  await visitor.find("notice").getByText("bad.tgz").waitFor();
  assert.equal(await visitor.revision(), revision);
  await visitor.seesInManifests('greeting: "hello"');
});
