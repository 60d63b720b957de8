// A visitor opens the page: it starts, and its own policy has nothing against it.
import assert from "node:assert/strict";
import { visit } from "./harness.mjs";

visit("the page opens without a violation or an error", async ({ page, url }) => {
  const answer = await page.goto(url);
  assert.match(answer.headers()["content-security-policy"], /require-trusted-types-for 'script'/);
  await page.getByText("Chartroom").first().waitFor();
});
