// A define that calls itself ends with Helm's own sentence, on the small stack of a browser's worker too.
import assert from "node:assert/strict";
import { tgz } from "./archive.mjs";
import { visit } from "./harness.mjs";

const chart = (call) =>
  tgz("deep", {
    "Chart.yaml": "apiVersion: v2\nname: deep\nversion: 0.1.0\n",
    "templates/_helpers.tpl": `{{- define "loop" -}}{{ ${call} "loop" . }}{{- end -}}\n`,
    "templates/a.yaml": `a: {{ ${call} "loop" . }}\n`,
    "templates/b.yaml": "b: 1\n",
  });

const CASES = [
  ["include, 1,001 deep", "include", /rendering template has a nested reference name: loop: unable to execute template/],
  ["template, 100,000 deep", "template", /exceeded maximum template depth \(100000\)/],
];

for (const [name, call, sentence] of CASES) {
  visit(`a define that calls itself: ${name}`, async (visitor) => {
    await visitor.open();
    await visitor.upload([{ name: "deep-0.1.0.tgz", buffer: chart(call) }]);
    await visitor.tab("problems");
    const problems = await visitor.find("problem", { severity: "error" }).allTextContents();
    assert.ok(problems.some((text) => sentence.test(text)), problems.join("\n").slice(0, 2000));
    assert.equal(await visitor.find("stop-notice").count(), 0, "it ended by itself");
    await visitor.tab("manifests");
    await visitor.find("failed", { source: "deep/templates/a.yaml" }).waitFor();
    assert.match(await visitor.copied(), /^b: 1$/m);
  });
}
