// Calls every operation of the server's own OpenAPI document through Prism, with a client that is made from the document.
// usage: node server.mjs DOCUMENT PROXY; TOKEN, SPARE_TOKEN and CRON_SECRET are variables
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { OpenAPIClientAxios } = createRequire(`${process.env.MODULES}/package.json`)("openapi-client-axios");
const [file, proxy] = process.argv.slice(2);
const definition = JSON.parse(readFileSync(file, "utf8"));
const client = await new OpenAPIClientAxios({
  definition: { ...definition, servers: [{ url: proxy }] },
  axiosConfigDefaults: { validateStatus: () => true, headers: { authorization: `Bearer ${process.env.TOKEN}` } },
}).init();

const called = new Map();
const faults = [];
// Calls an operation, whose answer must have one of these statuses and no violation of the document.
async function call(id, statuses, parameters, body, config) {
  const answer = await client[id](parameters, body, config);
  const found = answer.headers["sl-violations"] ?? (answer.data?.type?.includes?.("stoplight") ? JSON.stringify(answer.data) : "");
  if (found) faults.push(`${id} ${answer.status}: ${found}`);
  if (!statuses.includes(answer.status)) faults.push(`${id}: ${answer.status} ${JSON.stringify(answer.data).slice(0, 400)}`);
  called.set(id, [...called.get(id) ?? [], answer.status]);
  return answer.data;
}

await call("getVersion", [200]);
assert.equal((await call("getMe", [200])).role, "administrator");
const tokens = await call("listApiTokens", [200]);
const spare = tokens.items.find((token) => token.label === "spare");
await call("revokeApiToken", [204], { id: spare.id });
await call("revokeApiToken", [404], { id: spare.id });
await call("listWorkers", [200]);
await call("getThroughput", [200]);
await call("listOwners", [200]);
await call("getToken", [404]);
await call("removeToken", [204, 404]);
for (const id of ["saveToken", "testToken"]) await call(id, [409, 422], null, { token: "ghp_none" });

const catalog = { slug: "nextjs" };
await call("listCatalogs", [200]);
await call("getCatalog", [200], catalog);
await call("getCatalog", [404], { slug: "nothing" });
await call("checkCatalog", [200], catalog, { files: { "recipes/nextjs/auth/none.yaml": "actions: [" } });
await call("publishCatalog", [201], catalog, {});
await call("getCatalogDraft", [404], catalog);
const draft = await call("saveCatalogDraft", [200], catalog, { files: { "recipes/nextjs/auth/none.yaml": "actions: []\n" } });
await call("getCatalogDraft", [200], catalog);
await call("publishCatalog", [201], catalog, { expect: draft.hash });
await call("publishCatalog", [412], catalog, { expect: draft.hash });
await call("saveCatalogDraft", [200], catalog, { files: {} });
await call("deleteCatalogDraft", [204], catalog);
await call("listCatalogVersions", [200], catalog);
await call("diffCatalog", [200], { slug: "nextjs", from: 1 });

const choice = { catalog: "nextjs", defaults: true, name: "Acme Web", owner: "acme", repo: "acme-web", date: "2026-11-21" };
const report = await call("createPreview", [200], null, choice);
await call("createPreview", [422], null, { ...choice, selection: { auth: "nothing" } });
const tree = { treeId: report.treeId };
await call("getPreviewFile", [200], { ...tree, path: "README.md" });
await call("getPreviewFile", [404], { ...tree, path: "nothing" });
await call("downloadPreviewZip", [200], tree, null, { responseType: "arraybuffer" });
await call("downloadPreviewPatch", [200], tree, null, { responseType: "text" });

const product = await call("createProduct", [201], null, { name: "Acme Web" });
await call("createProduct", [409], null, { name: "Acme Web" });
await call("listProducts", [200]);
await call("getProduct", [200], { id: product.id });
const submission = { ...choice, product: product.id, expect: report.treeId };
await call("submitRun", [412], null, { ...submission, expect: "1".repeat(40) });
const run = { id: (await call("submitRun", [201], null, submission)).id };
// The end of a run.
async function ended(id) {
  let shown;
  do shown = await call("getRun", [200], { id }); while (["pending", "running"].includes(shown.status));
  return shown;
}
assert.equal((await ended(run.id)).status, "succeeded");
await call("followRun", [200], run);
await call("getStatement", [404], run);
for (const id of ["compareRunSettings", "applyRunSettings"]) await call(id, [200], run);
await call("listRuns", [200], { limit: 1 });
await call("listRuns", [404], { after: Buffer.from("cmx05vpik00fp7d8twq5a5eko").toString("base64url") });
for (const id of ["cancelRun", "retryRun"]) await call(id, [409], run);
await call("approveRun", [409], run, { tree: report.treeId });
await call("cleanUpRun", [409], run, {});
assert.equal((await call("listFleet", [200])).items[0].product, product.id);
const compare = { mode: "compare", products: [product.id, "nothing"] };
const [update, refused] = (await call("queueUpdates", [201], null, compare)).items;
assert.ok(refused.error);
assert.equal((await ended(update.run)).status, "succeeded");
await call("listFleet", [200]);
await call("listJobs", [200]);
await call("countJobs", [200]);

const idea = await call("createIdea", [201], null, { title: "A shop", product: product.id });
await call("listIdeas", [200]);
await call("getIdea", [200, 404], { id: idea.id ?? "nothing" });
await call("savePlanDocument", [422], null, { idea: idea.id ?? "nothing", document: "no document" });
await call("recoverRuns", [200], null, null, { headers: { authorization: `Bearer ${process.env.CRON_SECRET}` } });

const operations = Object.values(definition.paths).flatMap((path) => Object.values(path)).map((operation) => operation.operationId);
// The stream of all jobs does not end.
const missing = operations.filter((id) => id !== "streamJobs" && !called.has(id));
const calls = [...called.values()].reduce((sum, statuses) => sum + statuses.length, 0);
console.log(`${called.size} of ${operations.length} operations, ${calls} calls, ${faults.length} faults`);
for (const fault of faults) console.log(fault);
assert.deepEqual(missing, []);
assert.deepEqual(faults, []);
