// Small charts as `.tgz`, and reading one back: enough of tar for files with short names.
import { gunzipSync, gzipSync } from "node:zlib";

const BLOCK = 512;

/** A chart's `.tgz`: `files` maps paths inside the chart to their text. */
export function tgz(name, files) {
  const blocks = Object.entries(files).flatMap(([path, text]) => entry(`${name}/${path}`, Buffer.from(text)));
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]));
}

/** The files of a `.tgz`: full paths and their bytes. */
export function untgz(bytes) {
  const tar = gunzipSync(bytes);
  const files = {};
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0; ) {
    const field = (start, length) => tar.toString("utf8", at + start, at + start + length).replace(/\0.*$/s, "");
    const size = parseInt(field(124, 12), 8);
    if (field(156, 1) === "0" || field(156, 1) === "") {
      files[field(0, 100)] = tar.subarray(at + BLOCK, at + BLOCK + size);
    }
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}

function entry(path, bytes) {
  const head = Buffer.alloc(BLOCK);
  head.write(path, 0);
  head.write("0000644\0" + "0000000\0".repeat(2), 100);
  head.write(bytes.length.toString(8).padStart(11, "0") + "\0" + "0".repeat(11) + "\0", 124);
  // The sum counts its own field as spaces.
  head.write("        " + "0", 148);
  head.write("ustar\x0000", 257);
  const sum = head.reduce((sum, byte) => sum + byte, 0);
  head.write(sum.toString(8).padStart(6, "0") + "\0 ", 148);
  return [head, bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)];
}

/** A chart of one ConfigMap that shows `.Values.greeting`. */
export function greeting(more = {}) {
  return tgz("greeting", {
    "Chart.yaml": "apiVersion: v2\nname: greeting\nversion: 0.1.0\n",
    "values.yaml": "greeting: hello\n",
    "templates/configmap.yaml": `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data:
  greeting: {{ .Values.greeting | quote }}
`,
    ...more,
  });
}
