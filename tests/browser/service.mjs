// A person of a service: the token of the forge, all categories of a large catalogue, and the run to its end.
import assert from "node:assert/strict";
import { base, close, createProduct, guidePicture, isSound, reaches, saveForgeToken, signIn, visitor } from "./harness.mjs";

const [key, product] = process.argv.slice(2);
const { page, faults } = await visitor();
await signIn(page);
await saveForgeToken(page, key);
await createProduct(page, product);
await page.click("main a:has-text('Bootstrap')");
await page.waitForURL(/\/bootstrap$/);
await page.click("nav.tabs a:has-text('Next.js')");
await page.waitForURL(/catalog=nextjs/);

// One choice in each of the six core categories, most of them no default, and several add-ons.
const choices = ["deploy--vercel", "auth--authjs", "database--postgres-drizzle", "ui-components--plain-css",
  "state-management--react-context", "testing--playwright", "addons--renovate", "addons--editorconfig", "addons--error-tracking"];
for (const choice of choices) {
  const [category, option] = choice.split("--");
  await page.check(`#${choice}`);
  await page.waitForFunction(([name, value]) =>
    new URL(document.querySelector("#share a").href).searchParams.getAll(name).includes(value), [category, option]);
}
const groups = await page.locator("fieldset.category legend:has-text('required')").count();
assert.equal(groups, 6, "six core categories");
await page.fill("#owner", "acme");
await page.waitForSelector("#name-check:has-text('acme/acme-web is free')");
await isSound(page, "configure");
await guidePicture(page, "configure");

await page.click("main button:has-text('Preview')");
await page.waitForURL(/\/bootstrap\/preview\?/);
assert.equal(await page.getAttribute(".verdict", "data-can-proceed"), "true");
assert.match(await page.getAttribute(".verdict", "class"), /success/);
const tree = await page.textContent("#tree");
const addresses = new URL(page.url()).searchParams;
const selection = choices.map((choice) => choice.split("--")).filter(([category, option]) => addresses.getAll(category).includes(option));
assert.equal(selection.length, choices.length, "the preview is of all choices");

await page.click("#run");
await page.waitForURL(/\/runs\//);
await reaches(page, "succeeded");
const run = page.url().split("/").pop();
assert.equal(await page.locator("main a:has-text('Open on')").count(), 1);
await guidePicture(page, "run");
await page.goto(`${base}/previews/${tree}/files/package.json`);
await guidePicture(page, "file");
assert.deepEqual(faults, []);
console.log(JSON.stringify({ tree, run }));
await close();
