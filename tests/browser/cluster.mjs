// The API server of the tests' cluster, seen by its admin: what somebody else does there, and what a killed helm leaves behind.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { request } from "node:https";
import { gunzipSync, gzipSync } from "node:zlib";

// Sends a request to the API server; gives the object of its answer.
export async function api(method, path, body, type = "application/json") {
  // `xtask cluster` writes the file as JSON, its first user being the admin.
  const config = JSON.parse(await readFile(process.env.CHARTROOM_TEST_KUBECONFIG, "utf8"));
  const { server, "certificate-authority-data": ca } = config.clusters[0].cluster;
  const { token, ...user } = config.users[0].user;
  const pem = (text) => text && Buffer.from(text, "base64");
  const options = {
    method,
    ca: pem(ca),
    cert: pem(user["client-certificate-data"]),
    key: pem(user["client-key-data"]),
    headers: { "Content-Type": type, ...(token ? { Authorization: `Bearer ${token}` } : {}) },
  };
  return new Promise((resolve, reject) => {
    const sent = request(server + path, options, (answer) => {
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        if (answer.statusCode < 300) resolve(JSON.parse(text));
        else reject(new Error(`${method} ${path}: ${answer.statusCode} ${text}`));
      });
    });
    sent.on("error", reject);
    sent.end(body && JSON.stringify(body));
  });
}

// Takes fields of an object, as another deployer does.
export function takeFields(path, object) {
  return api("PATCH", `${path}?fieldManager=somebody&force=true`, object, "application/apply-patch+yaml");
}

// Leaves a revision as a helm does that was killed in the middle; with annotations, as a bridge does.
export async function leavePending(namespace, release, revision, annotations = {}) {
  const path = `/api/v1/namespaces/${namespace}/secrets/sh.helm.release.v1.${release}.v${revision}`;
  const secret = await api("GET", path);
  const base64 = (text) => Buffer.from(text, "base64");
  const record = JSON.parse(gunzipSync(base64(base64(secret.data.release).toString())));
  assert.equal(record.version, revision);
  record.info.status = "pending-upgrade";
  const text = gzipSync(JSON.stringify(record)).toString("base64");
  const patch = {
    metadata: { labels: { status: "pending-upgrade" }, annotations },
    data: { release: Buffer.from(text).toString("base64") },
  };
  await api("PATCH", path, patch, "application/merge-patch+json");
}
