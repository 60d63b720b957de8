// A chart makes a certificate: the page says so while it lasts, does not take it for a hang, and makes the key once.
import assert from "node:assert/strict";
import { greeting } from "./archive.mjs";
import { visit } from "./harness.mjs";

const TEMPLATE = `{{- $ca := genCA "shop-ca" 365 -}}
{{- $key := genPrivateKey "rsa" -}}
ca: {{ $ca.Cert | b64enc }}
key: {{ $key | b64enc }}
`;

visit("the making of a key is announced, and the key is kept", async (visitor) => {
  await visitor.open();
  // What the status line says, from the first moment to the last.
  await visitor.page.evaluate(() => {
    globalThis.said = [];
    const status = document.querySelector('[data-testid="status"]');
    new MutationObserver(() => globalThis.said.push(status.textContent)).observe(status, {
      characterData: true,
      childList: true,
      subtree: true,
    });
  });
  const said = () => visitor.page.evaluate(() => globalThis.said.splice(0));
  await visitor.upload([{ name: "greeting-0.1.0.tgz", buffer: greeting({ "templates/tls.yaml": TEMPLATE }) }]);
  assert.match((await said()).join("\n"), /Making an RSA key of (2048|4096) bits, \d+ ms/);
  assert.equal(await visitor.find("stop-notice").count(), 0, "a key that is being made is no hang");
  const first = await visitor.copied();
  assert.match(first, /^ca: [A-Za-z0-9+/=]{1000,}$/m);
  assert.match(first, /^key: [A-Za-z0-9+/=]{4000,}$/m);

  await visitor.openFile("values.yaml");
  await visitor.type("greeting: again\n");
  await visitor.seesInManifests('greeting: "again"');
  assert.doesNotMatch((await said()).join("\n"), /Making/, "the keys of the last render serve again");
  const keyOf = (manifests) => /^key: .*$/m.exec(manifests)[0];
  assert.equal(keyOf(await visitor.copied()), keyOf(first));
});
