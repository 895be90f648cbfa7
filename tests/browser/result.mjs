// The first page of a created web app, in light and dark: sound and accessible. Its address is BASE_URL; with PICTURES it
// leaves NAME-light.png and NAME-dark.png, as docs/catalogues.md shows them.
import assert from "node:assert/strict";
import path from "node:path";
import { base, close, isAccessible, isSound, visitor } from "./harness.mjs";

const [name] = process.argv.slice(2);
for (const colorScheme of ["light", "dark"]) {
  const { context, page, faults } = await visitor({ colorScheme, viewport: { width: 1000, height: 640 } });
  const answer = await page.goto(`${base}/`, { waitUntil: "networkidle" });
  assert.equal(answer.status(), 200);
  const look = `${name} ${colorScheme}`;
  await isSound(page, look);
  await isAccessible(page, look);
  assert.deepEqual(faults, []);
  if (process.env.PICTURES) await page.screenshot({ path: path.join(process.env.PICTURES, `${name}-${colorScheme}.png`) });
  await context.close();
}
await close();
