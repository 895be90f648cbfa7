// From the sign-in to a repository: with script, without it, and by keyboard alone.
import assert from "node:assert/strict";
import { base, close, createProduct, isSound, reaches, signIn, visitor } from "./harness.mjs";

const mode = process.argv[2];
const name = process.argv[3];
const { page, faults } = await visitor({ javaScriptEnabled: mode !== "plain" });
await signIn(page);
await createProduct(page, name);

if (mode === "keyboard") {
  await reach("Bootstrap");
  await page.keyboard.press("Enter");
} else {
  await page.click("main a:has-text('Bootstrap')");
}
await page.waitForURL(/\/bootstrap$/);
assert.ok((await page.textContent("#result")).includes("Ready to create"));
assert.equal(await page.isChecked("#auth--session"), true, "the defaults are checked");

if (mode === "script") {
  await page.check("#addons--docs");
  await page.waitForFunction(() => document.getElementById("result").textContent.includes("Last change"));
  assert.match(page.url(), /addons=docs/, "the address is the choice");
  assert.equal(await page.evaluate(() => document.activeElement.id), "addons--docs", "the focus stays");
  assert.match(await page.textContent("[role=status]"), /Ready to create: /);
  await page.reload();
  assert.equal(await page.isChecked("#addons--docs"), true);
}
await isSound(page, "configure");

if (mode === "keyboard") {
  await reach("Preview");
  await page.keyboard.press("Enter");
} else {
  await page.click("main button:has-text('Preview')");
}
await page.waitForURL(/\/bootstrap\/preview\?/);
const tree = await page.textContent("#tree");
assert.match(tree, /^[0-9a-f]{40}$/);

if (mode === "script") {
  const preview = page.url();
  await page.click(".tree a >> nth=0");
  await page.waitForURL(/\/previews\/[0-9a-f]{40}\/files\//);
  await page.goBack();
  assert.equal(page.url(), preview, "back leads to the same preview");
}

if (mode === "keyboard") {
  await reach("Run");
  await page.keyboard.press("Enter");
} else {
  await page.click("#run");
}
await page.waitForURL(/\/runs\//);
// Without script a person loads the page again.
for (let tries = 0; mode === "plain" && tries < 100 && await page.$("[data-active]"); tries += 1) await page.reload();
await reaches(page, "succeeded");
assert.ok((await page.textContent("main")).includes(tree), "the run created the tree of the preview");
await isSound(page, "run");
assert.deepEqual(faults, []);
console.log(JSON.stringify({ tree, run: page.url().split("/").pop() }));
await close();

// Moves the focus forward to a link or button with a text.
async function reach(text) {
  for (let steps = 0; steps < 200; steps += 1) {
    await page.keyboard.press("Tab");
    const found = await page.evaluate(() => document.activeElement.textContent.trim());
    if (found === text) return;
  }
  assert.fail(`the keyboard does not reach “${text}” on ${page.url()} of ${base}`);
}
