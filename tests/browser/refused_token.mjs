// A token that the forge refuses: at the settings nothing is stored; a run whose token is revoked later fails, and the page
// says so. The test revokes it and starts a worker in between.
import assert from "node:assert/strict";
import { base, close, createProduct, reaches, saveForgeToken, signIn, tell, visitor } from "./harness.mjs";

const [key] = process.argv.slice(2);
const { page, faults } = await visitor();
await signIn(page);
await page.goto(`${base}/settings`);
await page.fill("#token", "wrong-token-of-nobody");
await page.click("button:has-text('Save')");
await page.waitForSelector("#token-result.alert");
assert.match(await page.textContent("main"), /No token is stored/);
await saveForgeToken(page, key);

await createProduct(page, "Acme Web");
await page.goto(`${page.url()}/bootstrap/preview?catalog=demo&auth=session&owner=acme`);
await page.click("#run");
await page.waitForURL(/\/runs\//);
await reaches(page, "pending");
await tell({ run: page.url().split("/").pop() });
await reaches(page, "failed");
assert.match(await page.textContent("#run [role=alert]"), /refuse|token|credential/i);
assert.equal(await page.locator("#left-title").count(), 0, "nothing is left");
assert.equal(await page.locator("a:has-text('Retry the run')").count(), 1);
assert.deepEqual(faults, []);
await close();
