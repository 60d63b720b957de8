// Names and types at the JavaScript edge, under Node. RENDERER_WASM is the module that wasm-bindgen wrote.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { readFile } from "node:fs/promises";

const { Workspace, helmVersion } = createRequire(import.meta.url)(process.env.RENDERER_WASM);

const CHART = "apiVersion: v2\nname: web\nversion: 1.0.0\nappVersion: \"2\"\n";

function workspace(encoding, files) {
    const made = new Workspace(encoding);
    for (const [path, content] of Object.entries({ "Chart.yaml": CHART, ...files })) made.putFile(path, content);
    return made;
}

test("a chart renders to what helm template prints", () => {
    const one = workspace("utf16", {
        "values.yaml": "color: red\n",
        "blue.yaml": "color: blue\n",
        "templates/a.yaml": "kind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata: {color: {{ .Values.color }}, n: {{ .Values.n }}}\n",
        "templates/NOTES.txt": "In {{ .Release.Namespace }}.\n",
    });
    one.settings({
        releaseName: "demo",
        namespace: "shop",
        valuesFiles: ["blue.yaml"],
        set: [{ kind: "typed", argument: "n=3" }],
    });
    const seen = [];
    const rendered = one.render((path) => seen.push(path));
    assert.equal(
        rendered.manifests,
        "---\n# Source: web/templates/a.yaml\nkind: ConfigMap\nmetadata:\n  name: demo\ndata: {color: blue, n: 3}\n",
    );
    assert.equal(rendered.notes, "In shop.\n");
    assert.deepEqual(rendered.chart, { name: "web", version: "1.0.0", appVersion: "2", description: "" });
    assert.equal(rendered.documents.length, 1);
    const [{ range, ...document }] = rendered.documents;
    assert.deepEqual(document, { source: "web/templates/a.yaml", kind: "ConfigMap", name: "demo", isHook: false });
    assert.equal(rendered.manifests.slice(range.start.offset, range.end.offset), rendered.manifests);
    assert.ok(seen.includes("templates/a.yaml"));
    assert.ok(!seen.includes(""));
    assert.equal(Buffer.from(one.manifestBytes()).toString(), rendered.manifests);
});

test("places count in the unit that the constructor was given", () => {
    const text = "a: é😀 {{ fail \"no\" }}\n";
    const places = Object.fromEntries(
        ["utf16", "utf8"].map((encoding) => {
            const [problem] = workspace(encoding, { "templates/a.yaml": text }).render().problems;
            assert.equal(problem.severity, "error");
            assert.equal(problem.file, "templates/a.yaml");
            assert.equal(problem.helmFirst, true);
            assert.equal(problem.message, "execution error at (web/templates/a.yaml:1:13): no");
            return [encoding, problem.range];
        }),
    );
    const bytes = Buffer.from(text);
    assert.equal(text.slice(places.utf16.start.offset, places.utf16.end.offset), 'fail "no"');
    assert.equal(bytes.subarray(places.utf8.start.offset, places.utf8.end.offset).toString(), 'fail "no"');
    assert.deepEqual(places.utf16.start, { offset: 10, line: 0, column: 10 });
});

test("every setting does what its flag does", () => {
    const one = workspace("utf16", {
        "values.yaml": "greeting: x\n",
        "crds/c.yaml": "kind: CustomResourceDefinition\n",
        "templates/a.yaml": `a:
  - {{ .Release.Name }} {{ .Release.Namespace }} {{ .Release.IsUpgrade }} {{ .Capabilities.KubeVersion }}
  - {{ .Capabilities.APIVersions.Has "example.com/v1" }} {{ kindOf .Values.greeting }}
`,
        "templates/b.yaml": "b: {{ fail \"never run\" }}\n",
    });
    one.settings({
        releaseName: "web", namespace: "team", kubeVersion: "v1.30.0", apiVersions: ["example.com/v1"], isUpgrade: true,
        includeCrds: true, valuesFiles: ["values.yaml"], set: [{ kind: "string", argument: "greeting=7" }],
        setAside: ["templates/b.yaml"],
    });
    const { manifests, failed } = one.render();
    assert.match(manifests, /- web team true v1.30.0\n  - true string\n/);
    assert.match(manifests, /kind: CustomResourceDefinition/);
    assert.equal(failed[0].setAside, true);
    one.settings({});
    assert.match(one.render().manifests, /- release-name default false/);
});

test("the stack of wasm bears what a chart may ask of it", () => {
    for (const [call, sentence] of [
        ["include", /rendering template has a nested reference name: loop: unable to execute template/],
        ["template", /exceeded maximum template depth \(100000\)/],
    ]) {
        const one = workspace("utf16", {
            "templates/_helpers.tpl": `{{- define "loop" -}}{{ ${call} "loop" . }}{{- end -}}`,
            "templates/b.yaml": `b: {{ ${call} "loop" . }}`,
        });
        assert.ok(one.render().problems.some(({ message }) => sentence.test(message)), call);
    }
    workspace("utf16", { "values.yaml": `deep: ${"[".repeat(9000)}${"]".repeat(9000)}\n` }).render();
});

test("a file can change, go away, and be bytes", () => {
    const one = workspace("utf16", { "templates/a.yaml": "a: 1\n" });
    one.putFile("templates/a.yaml", new TextEncoder().encode("a: 2\n"));
    assert.match(one.render().manifests, /a: 2/);
    one.removeFile("templates/a.yaml");
    assert.equal(one.render().manifests, "\n");
    one.clear();
    const { chart, problems } = one.render();
    assert.equal(chart, null);
    assert.equal(problems[0].code, "chart-yaml-missing");
});

test("bytes that are not UTF-8 are kept as they are", () => {
    const one = workspace("utf8", { "crds/a.yaml": new Uint8Array([0x23, 0x20, 0xc3, 0x0a]) });
    one.settings({ includeCrds: true });
    const { manifests, documents } = one.render();
    assert.match(manifests, /# \ufffd/);
    const [{ range }] = documents;
    assert.deepEqual([...one.manifestBytes().slice(range.start.offset, range.end.offset).slice(-4)], [0x23, 0x20, 0xc3, 0x0a]);
});

test("a chart is packaged", () => {
    const { fileName, bytes } = workspace("utf16", {}).package(0);
    assert.equal(fileName, "web-1.0.0.tgz");
    assert.deepEqual([...bytes.slice(0, 3)], [0x1f, 0x8b, 8]);
});

test("what is wrong with a call is said, and nothing is lost", () => {
    assert.throws(() => new Workspace("utf32"), /encoding is `utf32`/);
    const one = workspace("utf16", { "templates/a.yaml": "a: 1\n" });
    assert.throws(() => one.putFile("x", 3), /neither a string nor a Uint8Array/);
    assert.throws(() => one.settings({ relaseName: "x" }), /unknown setting `relaseName`/);
    assert.throws(() => one.settings({ set: [{ kind: "yaml", argument: "" }] }), /unknown variant `yaml`/);
    assert.match(one.render().manifests, /a: 1/);
});

test("TypeScript sees the same names", async () => {
    const types = await readFile(process.env.RENDERER_WASM.replace(/\.js$/, ".d.ts"), "utf8");
    for (const line of [
        "constructor(encoding: Encoding)",
        "putFile(path: string, content: string | Uint8Array): void",
        "removeFile(path: string): void",
        "settings(settings: Settings): void",
        "render(progress?: (path: string) => void): Rendered",
        "manifestBytes(): Uint8Array",
    ]) {
        assert.ok(types.includes(line), line);
    }
    assert.match(helmVersion(), /^v4\.3\.\d+$/);
    const rendered = workspace("utf16", { "templates/a.yaml": "a: 1\n" }).render();
    for (const name of Object.keys(rendered)) assert.match(types, new RegExp(`\\n    ${name}: `), name);
});
