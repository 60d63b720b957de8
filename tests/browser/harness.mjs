// A visitor: a real Chromium on a bridge of its own, and a test that fails when the page breaks its own rules.
//
// `visit(name, steps)` is a test. It ends in failure when a step does, and also when the Content-Security-Policy was
// violated, when anything wrote an error to a console (the workers' too), or when an exception went uncaught.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { promisify } from "node:util";
import { chromium } from "playwright-core";

// Long enough for a loaded machine, short enough to be noticed. Steps wait for states, never for times.
const TIMEOUT_MS = 30_000;

const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

// The page's place for what it shows about `name`.
export const byId = (name) => `[data-testid="${name}"]`;

// Starts a bridge on a free port, for the cluster of the tests if one is wanted; `stop` ends it.
async function startBridge(cluster) {
  const { BRIDGE, PAGE, CHARTROOM_TEST_KUBECONFIG: KUBECONFIG } = process.env;
  assert.ok(BRIDGE && PAGE, "run these tests with `cargo xtask browser`: it sets BRIDGE, PAGE and CHROME");
  assert.ok(!cluster || KUBECONFIG, "this test needs a cluster: `cargo xtask browser` starts one");
  const args = ["--port", "0", "--page", PAGE, ...(cluster ? ["--kubeconfig", KUBECONFIG, ...cluster] : [])];
  // Standard error holds the audit log: it is kept for the day a test fails.
  const child = spawn(BRIDGE, args, { stdio: ["pipe", "pipe", cluster ? "pipe" : "inherit"] });
  let log = "";
  child.stderr?.on("data", (chunk) => (log += chunk));
  const bridge = { stop: () => child.kill(), log: () => log };
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) {
    const url = /http:\S+/.exec(line)?.[0];
    if (!url) continue;
    bridge.url ??= url;
    if (!cluster || cluster.includes("passthrough")) return bridge;
    if (url.includes("#code=")) return { ...bridge, launch: url };
  }
  throw new Error(`the bridge ended without an address\n${log}`);
}

// Runs `steps` as a test named `name`, with a fresh profile; `cluster` holds options of a bridge that deploys.
export function visit(name, steps, cluster) {
  test(name, { timeout: (cluster ? 8 : 4) * TIMEOUT_MS }, async () => {
    const bridge = await startBridge(cluster);
    const browser = await chromium.launch({ executablePath: process.env.CHROME, args: FLAGS });
    try {
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, acceptDownloads: true });
      context.setDefaultTimeout(TIMEOUT_MS);
      const faults = [];
      await watch(context, faults);
      const visitor = new Visitor(await context.newPage(), bridge.url, faults);
      visitor.launch = bridge.launch;
      try {
        await steps(visitor);
        // Reports travel in order: when the page has answered once more, all that were sent have arrived.
        await visitor.page.evaluate(() => 0);
      } catch (error) {
        await visitor.photograph(name).catch(() => {});
        const log = bridge.log().slice(-4_000);
        if (log) error.message += `\nand the bridge said:\n${log}`;
        if (faults.length) error.message += `\nand the page complained:\n${faults.join("\n")}`;
        throw error;
      }
      assert.deepEqual(faults, [], "the page violated its policy, logged an error or threw");
    } finally {
      await browser.close();
      bridge.stop();
    }
  });
}

// Collects what must not happen on any page of the context or in its workers.
async function watch(context, faults) {
  const onConsole = (where) => (message) => {
    // Chromium counts every refusal of the bridge as an error; the page shows its reason.
    const isRefusal = message.text().startsWith("Failed to load resource") && message.location().url.includes("/v1/");
    if (message.type() === "error" && !isRefusal) faults.push(`${where} console: ${message.text()}`);
  };
  await context.exposeBinding("reportViolation", (_, text) => faults.push(`policy: ${text}`));
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      const sample = event.sample ? ` (${event.sample})` : "";
      globalThis.reportViolation(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}${sample}`);
    });
  });
  context.on("page", (page) => {
    page.on("console", onConsole("page"));
    page.on("pageerror", (error) => faults.push(`uncaught: ${error.stack ?? error}`));
    page.on("requestfailed", (request) => {
      // A page that goes away takes its requests along.
      if (request.failure()?.errorText !== "net::ERR_ABORTED") faults.push(`request failed: ${request.url()}`);
    });
    page.on("worker", (worker) => worker.on("console", onConsole("worker")));
  });
}

// What a visitor can do; every step ends when the page has answered it.
export class Visitor {
  constructor(page, url, faults) {
    this.page = page;
    this.url = url;
    this.faults = faults;
  }

  // The element with this test id, and these `data-` attributes.
  find(id, data = {}) {
    const attributes = Object.entries(data).map(([name, value]) => `[data-${name}=${JSON.stringify(value)}]`);
    return this.page.locator(byId(id) + attributes.join(""));
  }

  // Opens the page and waits for its first result.
  async open(hash = "") {
    await this.page.goto(this.url + hash);
    await this.firstResult();
  }

  // Loads the page again, as F5 does.
  async reload() {
    await this.page.reload();
    await this.firstResult();
  }

  // Waits until something is rendered: revision 0 is the page before its first result.
  async firstResult() {
    await this.page.locator(`${byId("status")}[data-state="idle"]:not([data-revision="0"])`).waitFor();
  }

  // The number of the last edit whose result is shown.
  async revision() {
    return Number(await this.find("status").getAttribute("data-revision"));
  }

  // Does `action` and waits until the result of an edit that it made is shown.
  async edit(action) {
    const before = await this.revision();
    await action();
    await this.page.waitForFunction(
      ([selector, before]) => {
        const status = document.querySelector(selector);
        return status.dataset.state === "idle" && Number(status.dataset.revision) > before;
      },
      [byId("status"), before],
    );
  }

  // Opens a file of the chart in the editor.
  async openFile(path) {
    await this.find("file", { path }).first().click();
    await this.find("editor").locator(".cm-content").waitFor();
  }

  // The text in the editor.
  async editorText() {
    return (await this.find("editor").locator(".cm-line").allTextContents()).join("\n");
  }

  // Replaces the text in the editor, as select all and paste do.
  async type(text) {
    await this.edit(async () => {
      await this.find("editor").locator(".cm-content").click();
      await this.page.keyboard.press("ControlOrMeta+a");
      await this.page.keyboard.insertText(text);
    });
  }

  // Shows a panel of the result.
  async tab(name) {
    await this.find("tab", { tab: name }).first().click();
  }

  // Gives files to the page's file input: names and buffers.
  async upload(files) {
    const all = files.map(({ name, buffer }) => ({ name, buffer, mimeType: "application/octet-stream" }));
    await this.edit(() => this.find("upload").setInputFiles(all));
  }

  // Clicks and gives the bytes and the name of what is downloaded.
  async download(id) {
    const waiting = this.page.waitForEvent("download");
    await this.find(id).first().click();
    const download = await waiting;
    const chunks = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk);
    return { name: download.suggestedFilename(), buffer: Buffer.concat(chunks) };
  }

  // Waits until the manifests show this text; of a long list the page holds only what is in view.
  async seesInManifests(text) {
    await this.tab("manifests");
    await this.find("manifests").getByText(text).first().waitFor();
  }

  // The manifests as the page's copy button gives them: exactly what `helm template` prints.
  async copied() {
    await this.tab("manifests");
    await this.page.evaluate(() => {
      globalThis.lastCopied = undefined;
      navigator.clipboard.writeText = async (text) => void (globalThis.lastCopied = text);
    });
    await this.find("copy").click();
    return this.page.waitForFunction(() => globalThis.lastCopied).then((handle) => handle.jsonValue());
  }

  // Opens the page as the bridge's terminal tells a person to: signed in.
  async signIn() {
    await this.page.goto(this.launch);
    await this.firstResult();
    assert.ok(!this.page.url().includes("code"), "the code must not stay in the address");
  }

  // Opens an example.
  async example(id) {
    await this.find("chart").click();
    await this.edit(() => this.find("example", { id }).click());
  }

  // Opens the review and waits for a plan that may be carried out.
  async reviewed() {
    if (!(await this.find("review").count())) await this.page.locator("#open-deploy").click();
    await this.find("review", { state: "planned" }).waitFor();
  }

  // Presses the last button and waits for the end; gives how it ended.
  async deployed() {
    await this.page.locator(`${byId("deploy")}[aria-disabled="false"]`).click();
    return this.ended();
  }

  // Waits for the end of the operation on the page.
  async ended() {
    await this.find("end").waitFor({ timeout: 4 * TIMEOUT_MS });
    return this.find("operation").getAttribute("data-state");
  }

  // The real helm on the same cluster: what it prints.
  async helm(...args) {
    const env = { ...process.env, KUBECONFIG: process.env.CHARTROOM_TEST_KUBECONFIG };
    const { stdout } = await promisify(execFile)(process.env.HELM, args, { env });
    return stdout;
  }

  // Keeps a picture of the page in tests/browser/shots.
  async photograph(name) {
    const folder = join(import.meta.dirname, "shots");
    await mkdir(folder, { recursive: true });
    await this.page.screenshot({ path: join(folder, `${name.replace(/\W+/g, "-")}.png`) });
  }
}

// A namespace of its own for each test, and for each run on a cluster that stays.
export const fresh = (name) => `page-${name}-${Date.now().toString(36)}`;

// What helm says of the revisions: number and status, the oldest first.
export async function history(visitor, namespace, release) {
  const list = JSON.parse(await visitor.helm("history", release, "-n", namespace, "-o", "json"));
  return list.map(({ revision, status }) => `${revision} ${status}`);
}

// Chooses where the release goes, and makes the namespace on the way.
export async function target(visitor, namespace) {
  await visitor.edit(() => visitor.find("namespace").fill(namespace));
  await visitor.page.locator("#open-deploy").click();
  await visitor.find("wish-namespace").check();
  await visitor.find("plan-again").click();
}
