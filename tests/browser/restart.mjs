// The page of a run while its server, with the worker inside, is killed and started again: it continues by itself.
import assert from "node:assert/strict";
import { base, close, createProduct, reaches, signIn, tell, token, visitor } from "./harness.mjs";

// Refused connections are no fault of the page.
const { page } = await visitor();
await signIn(page);
await createProduct(page, "Acme Web");
await page.goto(`${page.url()}/bootstrap/preview?catalog=demo&auth=session`);
const tree = await page.textContent("#tree");
await page.click("#run");
await page.waitForURL(/\/runs\//);
await reaches(page, "running");
await page.evaluate(() => { globalThis.isTheSamePage = true; });
await tell({ tree, run: page.url().split("/").pop() });
await reaches(page, "succeeded");
assert.equal(await page.evaluate(() => globalThis.isTheSamePage), true, "nobody loaded the page again");

const lines = await page.locator(".log li").allTextContents();
const id = page.url().split("/").pop();
const answer = await fetch(`${base}/api/v1/runs/${id}/events`, { headers: { authorization: `Bearer ${token}` } });
const events = (await answer.json()).items;
assert.equal(lines.length, events.length, "a line for each event");
assert.deepEqual(events.map((event) => event.number), events.map((_, index) => index + 1));
assert.equal(lines.filter((line) => line.includes("the worker died")).length, 1);
await close();
