// The budgets of the pages, measured against a server that runs: weight of Configure, first contentful paint, and the time
// from a click to its result. The jobs board is measured as it is.
import zlib from "node:zlib";
import { base, close, createProduct, signIn, visitor } from "./harness.mjs";

const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const { page, context } = await visitor();
await signIn(page);
await createProduct(page, "Acme Web");
const configure = `${base}/products/acme-web/bootstrap?catalog=nextjs`;
const cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
const bytes = async (address) => Buffer.from(await (await fetch(address, { headers: { cookie, accept: "text/html" } })).arrayBuffer());

const html = await bytes(configure);
const assets = [...html.toString().matchAll(/(?:href|src)="([^"]*\/assets\/[^"]*\.(?:css|js))"/g)].map((found) => found[1]);
const weights = await Promise.all(assets.map(async (address) => zlib.gzipSync(await bytes(base + address)).length));
const total = zlib.gzipSync(html).length + weights.reduce((sum, weight) => sum + weight, 0);
console.log(`Configure: ${(total / 1024).toFixed(1)} kB compressed, HTML ${html.length} bytes`);

const paints = [];
for (let turn = 0; turn < 9; turn += 1) {
  await page.goto(configure);
  paints.push(await page.evaluate(() => new Promise((resolve) => {
    const found = (list) => list.getEntriesByName("first-contentful-paint").forEach((entry) => resolve(entry.startTime));
    new PerformanceObserver(found).observe({ type: "paint", buffered: true });
  })));
}
console.log(`first contentful paint: ${median(paints).toFixed(0)} ms (${paints.map(Math.round)})`);

// A click changes the result, and the script shows it.
const clicks = [];
const answers = [];
page.on("response", async (response) => {
  if (response.url().includes("changed=")) answers.push(response.request().timing().responseStart - response.request().timing().requestStart);
});
for (let turn = 0; turn < 21; turn += 1) {
  clicks.push(await page.evaluate(() => new Promise((resolve) => {
    const tree = document.getElementById("result").textContent;
    const begun = performance.now();
    const observer = new MutationObserver(() => {
      if (document.getElementById("result").textContent === tree) return;
      observer.disconnect();
      resolve(performance.now() - begun);
    });
    observer.observe(document.body, { childList: true, subtree: true });
    document.getElementById("addons--renovate").click();
  })));
}
console.log(`click to result: ${median(clicks).toFixed(0)} ms; request to first byte: ${median(answers).toFixed(0)} ms`);

const boards = [];
for (let turn = 0; turn < 15; turn += 1) {
  const begun = performance.now();
  await bytes(`${base}/jobs`);
  boards.push(performance.now() - begun);
}
console.log(`jobs board: ${median(boards).toFixed(0)} ms (${boards.map(Math.round)})`);
await close();
