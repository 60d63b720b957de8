// The JavaScript edge of the renderer: its names, its types, and that it does what it says. Run by `cargo xtask test wasm`.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";

const api = createRequire(import.meta.url)(process.env.RENDERER_WASM);
const text = (bytes) => new TextDecoder("utf-8", { fatal: true }).decode(bytes);

function greeting() {
  const workspace = new api.Workspace();
  workspace.putFile("Chart.yaml", "apiVersion: v2\nname: greeting\nversion: 0.1.0\nappVersion: 1.2.3\n");
  workspace.putFile("values.yaml", new TextEncoder().encode("greeting: grüß Gott\n"));
  workspace.putFile("templates/a.yaml", "kind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\ngreeting: {{ .Values.greeting }}\n");
  return workspace;
}

test("a chart renders to what helm template prints", () => {
  const result = greeting().render();
  assert.ok(result.manifests instanceof Uint8Array);
  assert.equal(
    text(result.manifests),
    "---\n# Source: greeting/templates/a.yaml\nkind: ConfigMap\nmetadata: {name: release-name}\ngreeting: grüß Gott\n",
  );
  const [{ start, end, ...document }, ...more] = result.documents;
  assert.deepEqual(more, []);
  assert.deepEqual(document, {
    source: "greeting/templates/a.yaml", kind: "ConfigMap", name: "release-name", isHook: false,
  });
  assert.match(text(result.manifests.subarray(start, end)), /^---\n[^]*grüß Gott\n$/);
  assert.deepEqual(result.chart, { name: "greeting", version: "0.1.0", appVersion: "1.2.3", description: "" });
  assert.equal(result.notes, null);
});

test("options are those of the command line, and unknown ones are refused", () => {
  const workspace = greeting();
  workspace.putFile("values-dev.yaml", "greeting: dev\n");
  workspace.configure({ releaseName: "web", valuesFiles: ["values-dev.yaml"], set: [{ kind: "typed", text: "greeting=set" }] });
  assert.match(text(workspace.render().manifests), /name: web}\ngreeting: set\n/);
  workspace.configure({ valuesFiles: ["values-dev.yaml"] });
  assert.match(text(workspace.render().manifests), /name: release-name}\ngreeting: dev\n/);
  assert.throws(() => workspace.configure({ release: "web" }), /there is no option `release`/);
  assert.throws(() => workspace.putFile("a", 1), /string or a Uint8Array/);
});

test("every option is known", () => {
  const options = {
    releaseName: "web", namespace: "team", kubeVersion: "v1.30.0", apiVersions: ["example.com/v1"], isUpgrade: true,
    includeCrds: true, valuesFiles: ["values.yaml"], set: [{ kind: "string", text: "greeting=7" }],
  };
  const workspace = greeting();
  workspace.putFile("templates/a.yaml", `a:
  - {{ .Release.Name }} {{ .Release.Namespace }} {{ .Release.IsUpgrade }} {{ .Capabilities.KubeVersion }}
  - {{ .Capabilities.APIVersions.Has "example.com/v1" }} {{ kindOf .Values.greeting }}
`);
  workspace.putFile("crds/c.yaml", "kind: CustomResourceDefinition\n");
  workspace.configure(options);
  const manifests = text(workspace.render().manifests);
  assert.match(manifests, /- web team true v1.30.0\n  - true string\n/);
  assert.match(manifests, /kind: CustomResourceDefinition/);
});

test("a mistake is a problem with its place, and the other templates stay", () => {
  const workspace = greeting();
  workspace.putFile("templates/b.yaml", "b: {{ .Values.greeting | nosuchfunction }}\n");
  const { problems, manifests } = workspace.render();
  const problem = problems.find(({ severity }) => severity === "error");
  assert.match(problem.message, /function "nosuchfunction" not defined/);
  assert.equal(problem.file, "templates/b.yaml");
  assert.equal(problem.helmFirst, true);
  assert.match(text(manifests), /grüß Gott/);

  workspace.removeFile("templates/b.yaml");
  assert.deepEqual(workspace.render().problems.filter(({ severity }) => severity === "error"), []);
  workspace.clear();
  assert.equal(text(workspace.render().manifests), "");
});

test("the stack of wasm bears what a chart may ask of it", () => {
  for (const [call, sentence] of [
    ["include", /rendering template has a nested reference name: loop: unable to execute template/],
    ["template", /exceeded maximum template depth \(100000\)/],
  ]) {
    const workspace = greeting();
    workspace.putFile("templates/_helpers.tpl", `{{- define "loop" -}}{{ ${call} "loop" . }}{{- end -}}`);
    workspace.putFile("templates/b.yaml", `b: {{ ${call} "loop" . }}`);
    assert.ok(workspace.render().problems.some(({ message }) => sentence.test(message)), call);
  }
  const deep = greeting();
  deep.putFile("values.yaml", `greeting: ${"[".repeat(9000)}${"]".repeat(9000)}\n`);
  deep.render();
});

test("the declarations for TypeScript name the whole edge", () => {
  const declarations = readFileSync(process.env.RENDERER_WASM.replace(/\.js$/, ".d.ts"), "utf8");
  for (const line of [
    "putFile(path: string, content: string | Uint8Array): void;",
    "configure(options: Options): void;",
    "render(): RenderResult;",
    "export function helmVersion(): string;",
  ]) {
    assert.ok(declarations.includes(line), line);
  }
  assert.match(api.helmVersion(), /^v4\.3\.\d+$/);
});
