// Wrong turns: an expired session, two people at once, a held-back stream, a demo user. No worker runs.
import assert from "node:assert/strict";
import { base, close, createProduct, reaches, signIn, visitor } from "./harness.mjs";

const demo = process.argv[2];
const choice = "catalog=demo&auth=none&addons=docs";

// A session that ends while the form is filled in keeps the choice, before the preview and before the run.
const { context, page, faults } = await visitor();
await signIn(page);
await createProduct(page, "Acme Web");
const product = page.url();
await page.goto(`${product}/bootstrap?${choice}`);
await context.clearCookies();
await page.click("main button:has-text('Preview')");
await page.waitForURL(/\/sign-in\?next=/);
await page.fill("input[name=token]", process.env.API_TOKEN);
await page.click("main button");
await page.waitForURL(/\/bootstrap\/preview\?.*auth=none/);
const preview = page.url();
await context.clearCookies();
await page.click("#run");
await page.waitForURL(/\/sign-in\?next=/);
await page.fill("input[name=token]", process.env.API_TOKEN);
await page.click("main button");
await page.waitForURL(preview);

// Back and forward show each choice as it was.
await page.goto(`${product}/bootstrap?${choice}`);
await page.goto(`${product}/bootstrap?catalog=demo&auth=session`);
await page.goBack();
assert.equal(await page.isChecked("#addons--docs"), true);
await page.goForward();
assert.equal(await page.isChecked("#auth--session"), true);

// The filter hides what does not match, and says how many options remain.
await page.fill("#filter", "docum");
assert.equal(await page.isVisible("#addons--docs"), true);
assert.equal(await page.isVisible("#auth--session"), false);
assert.equal(await page.textContent("[role=status]"), "1 match");

// Two people submit at once: one run, and a page that says why there is no second one.
const other = await visitor();
await signIn(other.page);
await page.goto(preview);
await other.page.goto(preview);
await Promise.all([page, other.page].map(async (one) => {
  await one.click("#run");
  await one.waitForFunction(() => /\/runs/.test(location.pathname));
}));
const [run] = [page, other.page].filter((one) => /\/runs\/./.test(new URL(one.url()).pathname) && !one.url().endsWith("/runs"));
const [late] = [page, other.page].filter((one) => one !== run);
assert.ok(run && late, "one of two gets the run");
assert.match(await late.textContent("h1"), /Conflict/);

// The page follows the run by its stream, and by polling where the stream is held back.
const held = await visitor();
await held.context.route("**/events?*", (route) => route.abort());
await signIn(held.page);
await held.page.goto(run.url());
await reaches(held.page, "pending");
const id = run.url().split("/").pop();
const answer = await fetch(`${base}/api/v1/runs/${id}/cancel`, {
  method: "POST",
  headers: { authorization: `Bearer ${process.env.API_TOKEN}` },
});
assert.equal(answer.status, 200);
for (const one of [run, held.page]) await reaches(one, "cancelled");

// A demo user reads and previews, and starts nothing.
const guest = await visitor();
await signIn(guest.page, demo);
assert.equal(await guest.page.$("#name"), null);
const status = await guest.page.evaluate(async (address) => (await fetch(address, { method: "POST", body: new URLSearchParams({ name: "x" }) })).status, `${base}/products`);
assert.equal(status, 403);
assert.deepEqual([...faults, ...other.faults, ...guest.faults], []);
await close();
