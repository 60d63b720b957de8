// A visitor opens the page: it starts at once, its own policy has nothing against it, and it is not much to download.
import assert from "node:assert/strict";
import { visit } from "./harness.mjs";

// Compressed with Brotli, headers included; the goal for the page with its editor and renderer.
const FIRST_LOAD_BYTES = 1_500_000;

visit("the page opens without a violation or an error", async ({ page, url }) => {
  const answer = await page.goto(url);
  assert.match(answer.headers()["content-security-policy"], /require-trusted-types-for 'script'/);
  await page.getByText("Chartroom").first().waitFor();
});

visit("a first load is small", async (visitor) => {
  const finished = [];
  visitor.page.context().on("requestfinished", (request) => finished.push(request));
  await visitor.open();
  const rows = await Promise.all(
    finished.map(async (request) => {
      const { responseBodySize, responseHeadersSize } = await request.sizes();
      return { path: new URL(request.url()).pathname, bytes: responseBodySize + responseHeadersSize };
    }),
  );
  const sum = rows.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { path, bytes } of rows) console.log(`${String(bytes).padStart(9)} ${path}`);
  console.log(`${String(sum).padStart(9)} in all`);
  assert.ok(rows.some(({ path }) => path.endsWith(".wasm")), "the worker's requests are counted too");
  assert.ok(sum <= FIRST_LOAD_BYTES, `${sum} bytes`);
});
