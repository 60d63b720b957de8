// Compresses the built page ahead of time: `x` gets `x.br` and `x.gz` beside it. Node has both compressors built in.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const COMPRESSIBLE = /\.(css|html|js|json|svg|txt|wasm|webmanifest|md|yaml)$/;
const [folder] = process.argv.slice(2);

// Which block size and which layout of distances suit a file is not known beforehand, so the smallest answer counts.
const { BROTLI_PARAM_LGBLOCK: BLOCK, BROTLI_PARAM_MODE: MODE, BROTLI_MODE_FONT: FONT } = constants;
const TRIES = [{}, { [BLOCK]: 19 }, { [BLOCK]: 16, [MODE]: FONT }, { [BLOCK]: 19, [MODE]: FONT }];

// The compressors run on Node's own threads.
async function compress(file) {
  const bytes = await readFile(file);
  const brotli = (more) => ({
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      ...more,
    },
  });
  await Promise.all([
    Promise.all(TRIES.map((more) => promisify(brotliCompress)(bytes, brotli(more)))).then((answers) =>
      keep(file + ".br", answers.reduce((least, one) => (one.length < least.length ? one : least)), bytes),
    ),
    promisify(gzip)(bytes, { level: 9 }).then((out) => keep(file + ".gz", out, bytes)),
  ]);
}

// An encoding that is no smaller is not worth a second file.
async function keep(file, compressed, plain) {
  if (compressed.length < plain.length) await writeFile(file, compressed);
}

const entries = await readdir(folder, { recursive: true, withFileTypes: true });
const files = entries.filter((entry) => entry.isFile() && COMPRESSIBLE.test(entry.name));
await Promise.all(files.map((entry) => compress(join(entry.parentPath ?? entry.path, entry.name))));
