// Every page in light and dark, wide and narrow, with and without script: nothing scrolls sideways, axe finds nothing, the
// content policy is kept. The addresses come as arguments.
import assert from "node:assert/strict";
import { base, close, isAccessible, isSound, picture, signIn, visitor } from "./harness.mjs";

const addresses = process.argv.slice(2);
const found = [];
for (const colorScheme of ["light", "dark"]) {
  for (const width of [320, 1280]) {
    const { context, page, faults } = await visitor({ colorScheme, viewport: { width, height: 900 } });
    await page.goto(`${base}/sign-in`);
    await look(page, "/sign-in", colorScheme, width);
    await signIn(page);
    for (const address of addresses) {
      const answer = await page.goto(base + address);
      assert.ok(answer.status() < 500, `${address}: ${answer.status()}`);
      await look(page, address, colorScheme, width);
    }
    assert.deepEqual(faults, []);
    await context.close();
  }
}
const { page } = await visitor({ javaScriptEnabled: false });
await signIn(page);
for (const address of addresses) {
  await page.goto(base + address);
  assert.ok(await page.textContent("h1"), `${address} has a heading without script`);
}
await close();
assert.deepEqual(found, []);

async function look(page, address, colorScheme, width) {
  const name = `${address} ${colorScheme} ${width}`;
  await isSound(page, name).catch((error) => found.push(error.message));
  await isAccessible(page, name).catch((error) => found.push(error.message));
  const file = `${addresses.indexOf(address) + 1}-${address.split("?")[0]}`.replace(/[^a-z0-9]+/gi, "-").replace(/^-|-$/g, "") || "products";
  await picture(page, `${file}-${colorScheme}-${width}`);
}
