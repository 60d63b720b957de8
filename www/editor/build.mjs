// Bundles the editor and the styles for the page; Trunk runs this before every build.
// Installs the locked packages first when they are missing or older than the lock.
import { execFileSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const mtime = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);
const release = process.env.TRUNK_PROFILE === "release";

if (mtime(join(here, "node_modules/.package-lock.json")) < mtime(join(here, "package-lock.json"))) {
  execFileSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: here, stdio: "inherit" });
}
const esbuild = createRequire(join(here, "package.json"))("esbuild");
await esbuild.build({
  absWorkingDir: here,
  entryPoints: ["src/editor.js"],
  outfile: "dist/editor.js",
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: release,
  sourcemap: release ? false : "inline",
  legalComments: "linked",
  logLevel: "warning",
});
await esbuild.build({
  absWorkingDir: here,
  entryPoints: ["../styles/page.css"],
  outfile: "dist/page.css",
  bundle: true,
  target: "esnext",
  minify: release,
  logLevel: "warning",
});
