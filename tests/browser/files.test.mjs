// A visitor adds, renames and deletes files, and takes the deletion back.
import assert from "node:assert/strict";
import { greeting } from "./archive.mjs";
import { visit } from "./harness.mjs";

visit("a file is added, renamed, deleted and brought back", async (visitor) => {
  await visitor.open();
  await visitor.upload([{ name: "greeting-0.1.0.tgz", buffer: greeting() }]);

  await visitor.find("file-new").click();
  await visitor.find("file-name").fill("templates/new.yaml");
  await visitor.edit(() => visitor.page.keyboard.press("Enter"));
  await visitor.openFile("templates/new.yaml");
  await visitor.type("apiVersion: v1\nkind: Secret\nmetadata: {name: added}\n");
  await visitor.seesInManifests("# Source: greeting/templates/new.yaml");

  const row = (path) => visitor.find("file", { path });
  await row("templates/new.yaml").hover();
  await row("templates/new.yaml").locator('[data-testid="file-rename"]').click();
  await visitor.find("file-name").fill("templates/renamed.yaml");
  await visitor.edit(() => visitor.page.keyboard.press("Enter"));
  await visitor.seesInManifests("# Source: greeting/templates/renamed.yaml");
  assert.equal(await row("templates/new.yaml").count(), 0);

  await row("templates/renamed.yaml").hover();
  await visitor.edit(() => row("templates/renamed.yaml").locator('[data-testid="file-delete"]').click());
  assert.equal(await row("templates/renamed.yaml").count(), 0);
  await visitor.edit(() => visitor.find("file-undo").click());
  await row("templates/renamed.yaml").waitFor();
  await visitor.seesInManifests("# Source: greeting/templates/renamed.yaml");
});
