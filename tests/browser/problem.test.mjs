// A visitor makes a mistake: the problem is listed with its place, the editor underlines it, the other templates stay.
import assert from "node:assert/strict";
import { greeting } from "./archive.mjs";
import { visit } from "./harness.mjs";

const BROKEN = `apiVersion: v1
kind: ConfigMap
metadata:
  name: broken
data:
  broken: {{ .Values.greeting | nosuchfunction }}
`;

visit("a mistake is listed and underlined, and mending it takes both away", async (visitor) => {
  await visitor.open();
  await visitor.upload([{ name: "greeting-0.1.0.tgz", buffer: greeting({ "templates/broken.yaml": "# nothing yet\n" }) }]);
  await visitor.openFile("templates/broken.yaml");
  await visitor.type(BROKEN);

  const squiggle = visitor.find("editor").locator(".cm-lintRange-error");
  await squiggle.first().waitFor();
  await visitor.tab("problems");
  const problem = visitor.find("problem", { severity: "error" }).first();
  assert.match(await problem.innerText(), /function "nosuchfunction" not defined/);

  await visitor.type(BROKEN.replace("nosuchfunction", "upper"));
  await squiggle.first().waitFor({ state: "detached" });
  assert.equal(await visitor.find("problem", { severity: "error" }).count(), 0);
  await visitor.seesInManifests("broken: HELLO");
});

visit("a template that fails leaves the others on the page", async (visitor) => {
  await visitor.open();
  const failing = '{{ fail "this chart needs a host" }}\n';
  await visitor.upload([{ name: "greeting-0.1.0.tgz", buffer: greeting({ "templates/failing.yaml": failing }) }]);
  await visitor.seesInManifests('greeting: "hello"');
  await visitor.tab("problems");
  await visitor.find("problem").getByText("this chart needs a host").first().waitFor();
});
