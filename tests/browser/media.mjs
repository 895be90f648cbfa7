// Pages with long names, many files and many findings: narrow, in forced colours, and on paper. The addresses come as
// arguments: first Configure, then a preview, then others.
import assert from "node:assert/strict";
import { base, close, createProduct, isAccessible, isSound, picture, signIn, visitor } from "./harness.mjs";

const [product, configure, preview, ...others] = process.argv.slice(2);
const addresses = ["/", configure, preview, ...others];
const setup = await visitor();
await signIn(setup.page);
await createProduct(setup.page, product);
await setup.context.close();

for (const [name, options] of [
  ["narrow", { viewport: { width: 320, height: 900 } }],
  ["forced", { forcedColors: "active", viewport: { width: 320, height: 900 } }],
]) {
  const { page, context, faults } = await visitor(options);
  await signIn(page);
  for (const [number, address] of addresses.entries()) {
    await page.goto(base + address);
    await isSound(page, `${name} ${address}`);
    if (name === "narrow") await isAccessible(page, `${name} ${address}`);
    await picture(page, `media-${name}-${number}`);
  }
  if (name === "forced") {
    await page.goto(base + configure);
    const outline = await page.evaluate(() => getComputedStyle(document.querySelector(".option:has(:checked)")).outlineStyle);
    assert.equal(outline, "solid", "a selected option is seen without colours");
  }
  assert.deepEqual(faults, []);
  await context.close();
}

// A sheet of paper shows what is chosen and what is folded on the screen, and nothing that is pressed.
const { page, context } = await visitor({ viewport: { width: 794, height: 1100 }, colorScheme: "dark" });
await signIn(page);
await page.emulateMedia({ media: "print" });
for (const [number, address] of addresses.entries()) {
  await page.goto(base + address);
  await isSound(page, `print ${address}`);
  assert.equal(await page.isVisible(".bar"), false);
  for (const button of await page.locator("button, a.button").all()) assert.equal(await button.isVisible(), false);
  await picture(page, `media-print-${number}`);
}
await page.goto(base + configure);
assert.equal(await page.isVisible(".option:has(:checked)"), true, "the choice is printed");
await page.goto(base + preview);
const folded = page.locator("details:not([open]) a").first();
assert.ok((await folded.boundingBox()).height > 0, "folded files are printed");
const scheme = await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme);
assert.equal(scheme, "light", "paper is light");
const sheets = (await page.pdf({ format: "A4" })).toString("latin1").match(/\/Type \/Page\b/g).length;
assert.ok(sheets > 5, `500 files on ${sheets} sheets`);
await context.close();
await close();
