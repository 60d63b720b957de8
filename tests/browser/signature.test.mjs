// A visitor opens a signed chart: the page says of it what `helm verify` says. Helm itself signs here, and is asked.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { greeting, untgz } from "./archive.mjs";
import { visit } from "./harness.mjs";

const NAME = "greeting-0.1.0.tgz";
const KEYS = join(import.meta.dirname, "../../renderer/provenance/tests");

const file = (name, buffer) => ({ name, buffer, mimeType: "application/octet-stream" });

// A chart that helm packaged and signed, in a folder of its own; `verify` gives what helm prints of it, or its error.
async function signed(visitor, steps) {
  const folder = await mkdtemp(join(tmpdir(), "signed-"));
  try {
    for (const [path, bytes] of Object.entries(untgz(greeting()))) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), bytes);
    }
    const options = ["--sign", "--key", "rsa@example.com", "--keyring", join(KEYS, "keys.gpg")];
    await visitor.helm("package", join(folder, "greeting"), "--destination", folder, ...options);
    const at = join(folder, NAME);
    const archive = file(NAME, await readFile(at));
    const provenance = file(`${NAME}.prov`, await readFile(`${at}.prov`));
    const verify = async (buffer) => {
      await writeFile(at, buffer);
      const said = visitor.helm("verify", at, "--keyring", join(KEYS, "public.asc"));
      return said.then((out) => out.trim(), (error) => error.stderr.trim().replace(/^Error: /, ""));
    };
    await steps({ archive, provenance, verify, keys: file("public.asc", await readFile(join(KEYS, "public.asc"))) });
  } finally {
    await rm(folder, { recursive: true });
  }
}

visit("a signature is checked in the words of helm, by a program that is loaded only then", (visitor) =>
  signed(visitor, async ({ archive, provenance, verify, keys }) => {
    const asked = [];
    visitor.page.context().on("request", (request) => asked.push(new URL(request.url()).pathname));
    const checker = () => asked.filter((path) => path.includes("checker"));
    await visitor.open();
    await visitor.upload([archive, provenance]);
    await visitor.seesInManifests("# Source: greeting/templates/configmap.yaml");
    const note = visitor.find("signature", { state: "no-keys" });
    assert.match(await note.textContent(), /greeting-0\.1\.0\.tgz is signed.*choose the public key/);
    assert.deepEqual(checker(), [], "nobody has asked for a check");

    await visitor.find("keyring").setInputFiles([keys]);
    await visitor.find("signature", { state: "right" }).waitFor();
    const report = await visitor.find("signature-report").textContent();
    assert.match(report, /^Signed by: .*\nUsing Key With Fingerprint: [0-9A-F]{40}\nChart Hash Verified: sha256:/);
    assert.equal(report, await verify(archive.buffer));
    assert.ok(checker().some((path) => path.endsWith(".wasm")), checker().join());

    // The time in the head of the gzip: the chart is the same, the archive is not. The keys are still there.
    const flipped = Buffer.from(archive.buffer);
    flipped[4] ^= 1;
    await visitor.upload([{ ...archive, buffer: flipped }, provenance]);
    await visitor.find("signature", { state: "wrong" }).waitFor();
    const sentence = await visitor.find("signature-error").textContent();
    assert.match(sentence, /^sha256 sum does not match for greeting-0\.1\.0\.tgz: /);
    assert.equal(sentence, await verify(flipped));
  }),
);

visit("a program for signatures that cannot be fetched is told at once, and asked for again", (visitor) =>
  signed(visitor, async ({ archive, provenance, keys }) => {
    await visitor.open();
    await visitor.page.route("**/checker_bg.wasm", (route) => route.fulfill({ status: 404 }));
    await visitor.upload([archive, provenance, keys]);
    const lost = visitor.find("signature", { state: "lost" });
    assert.match(await lost.textContent(), /not checked: .*could not be fetched \(status 404\)/);
    await visitor.page.unroute("**/checker_bg.wasm");
    await visitor.find("check-again").click();
    await visitor.find("signature", { state: "right" }).waitFor();
    assert.match(visitor.faults.splice(0).join("\n"), /^page console: Failed to load resource: .*404[^\n]*$/);
  }),
);

visit("a signature of another archive says so, and the open chart stays", (visitor) =>
  signed(visitor, async ({ archive, provenance, keys }) => {
    await visitor.open();
    await visitor.upload([file("other-0.1.0.tgz", greeting())]);
    const revision = await visitor.revision();
    await visitor.find("upload").setInputFiles([provenance]);
    const other = visitor.find("signature", { state: "other-archive" });
    assert.match(await other.textContent(), /is the signature of greeting-0\.1\.0\.tgz, and other-0\.1\.0\.tgz is open/);
    assert.equal(await visitor.revision(), revision, "a signature is no file of the chart");
    await visitor.find("file", { path: "values.yaml" }).waitFor();

    // It waits for its archive, and the keys may come along.
    await visitor.upload([archive, keys]);
    await visitor.find("signature", { state: "right" }).waitFor();
    await visitor.openFile("values.yaml");
    await visitor.type("greeting: edited\n");
    assert.match(await visitor.find("signature", { state: "right" }).textContent(), /edited since/);
  }),
);
