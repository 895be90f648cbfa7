// The editor of a draft and the playground: findings while one types, their places, the way to a new version.
import assert from "node:assert/strict";
import { base, close, guidePicture, isAccessible, isSound, signIn, visitor } from "./harness.mjs";

const { page, faults } = await visitor();
await signIn(page);
await page.goto(`${base}/catalogs/demo/draft`);
const broken = (await page.inputValue("#text")).replace("default: true", "default: maybe");
await page.fill("#text", broken);
await page.waitForSelector("#findings .alert");
assert.match(await page.textContent("#findings mark"), /maybe/);
assert.match(await page.textContent("[role=status]"), /1 error/);
assert.match(page.url(), /\/draft$/, "a document is in no address");
const [, line, column] = /line (\d+), column (\d+)/.exec(await page.textContent("#findings [data-caret]"));
await page.click("#findings [data-caret]");
const caret = await page.evaluate(() => document.getElementById("text").selectionStart);
const before = broken.slice(0, caret).split("\n");
assert.deepEqual([before.length, before.at(-1).length + 1], [Number(line), Number(column)], "the caret is at the finding");
await isSound(page, "draft with a finding");
await isAccessible(page, "draft with a finding");
await guidePicture(page, "draft");

await page.fill("#text", broken.replace("default: maybe", "default: true").replace("title: Demo", "title: Changed"));
await page.waitForSelector("#findings .success");
await page.click("button:has-text('Save the draft')");
await page.waitForSelector("text=The draft was saved.");
await page.click("text=Impact and publication");
await page.waitForURL(/\/draft\/publish$/);
await isAccessible(page, "impact");
await page.click("button:has-text('Publish the draft')");
await page.waitForURL(/\/catalogs\/demo$/);
assert.equal(await page.textContent("h1"), "Changed");

await page.click("text=Playground");
await page.waitForURL(/\/playground/);
await page.selectOption("#option", "addons/docs");
await page.click("button:has-text('Load its recipe')");
await page.waitForURL(/option=addons/);
await page.fill("#text", "actions:\n  - { kind: WRITE_FILE, path: docs/tried.md, content: \"tried\\n\" }\n");
await page.waitForSelector("#trial:has-text('docs/tried.md')");
await isSound(page, "playground");
await isAccessible(page, "playground");
await guidePicture(page, "playground");
assert.deepEqual(faults, []);
await close();
