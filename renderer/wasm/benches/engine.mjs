// node engine.mjs MODULE.js [-n ITERATIONS] CHART.tgz [VALUES.yaml]
//
// Prints one JSON line, as `renderer/benches/engine` does with --json. MODULE is what wasm-bindgen wrote of engine.rs.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

const [module, ...rest] = process.argv.slice(2);
const { Bench } = createRequire(import.meta.url)(resolve(module));
const iterations = rest[0] === "-n" ? Math.max(1, Number(rest.splice(0, 2)[1])) : 50;
const [chart, values] = rest;

try {
    const bench = new Bench(readFileSync(chart), values && readFileSync(values, "utf8"));
    const times = [];
    for (let i = 0; i < iterations; i++) {
        bench.load();
        const start = process.hrtime.bigint();
        bench.render();
        times.push(Number(process.hrtime.bigint() - start));
    }
    times.sort((a, b) => a - b);
    const [manifests, bytes] = bench.size();
    const [min_ns, median_ns] = [times[0], times[Math.floor(times.length / 2)]];
    console.log(JSON.stringify({ min_ns, median_ns, manifests, bytes }));
} catch (error) {
    console.error(`${chart}: ${error.message}`);
    process.exit(1);
}
