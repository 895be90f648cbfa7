// One browser for a test, with what every page must keep: no error of the script, no report of the content policy, no
// sideways scrolling, no finding of axe.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
import readline from "node:readline";
import { pathToFileURL } from "node:url";

const require = createRequire(path.join(process.env.BROWSER_MODULES, "package.json"));
const { chromium } = await import(pathToFileURL(require.resolve("playwright-core")).href.replace("index.js", "index.mjs"));
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

export const base = process.env.BASE_URL;
export const token = process.env.API_TOKEN;

const browser = await chromium.launch({
  executablePath: ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/Applications/Chromium.app/Contents/MacOS/Chromium"].find(fs.existsSync),
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run"],
});

export const close = () => browser.close();

// Tells the test something as JSON, and waits until the test says that the script may continue.
let answers;
export async function tell(facts) {
  answers ??= readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  console.log(JSON.stringify(facts));
  await answers.next();
}

// A context with its own session, and the faults that its pages have reported.
export async function visitor(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(60_000);
  const faults = [];
  context.on("page", (page) => {
    page.on("pageerror", (error) => faults.push(`${page.url()}: ${error.message}`));
    page.on("console", (message) => {
      if (message.type() === "error" && !/status of 4\d\d/.test(message.text())) faults.push(`${page.url()}: ${message.text()}`);
    });
  });
  const page = await context.newPage();
  return { context, page, faults };
}

export async function signIn(page, key = token) {
  await page.goto(`${base}/sign-in`);
  await page.fill("input[name=token]", key);
  await page.click("main button");
  await page.waitForURL((url) => !url.pathname.endsWith("/sign-in"));
}

// Stores a token of the forge by the page of settings.
export async function saveForgeToken(page, key) {
  await page.goto(`${base}/settings`);
  await page.fill("#token", key);
  await page.click("button:has-text('Save')");
  await page.waitForSelector("text=The token was tested and stored.");
}

// Creates a product and opens its page.
export async function createProduct(page, name) {
  await page.goto(`${base}/`);
  await page.fill("#name", name);
  await page.click("text=Create product");
  await page.waitForURL(/\/products\//);
}

// Waits until the page of a run shows a status.
export async function reaches(page, status) {
  await page.waitForSelector(`[data-status=${status}]`).catch(async (error) => {
    assert.fail(`${error.message}\n${await page.textContent("main")}`);
  });
}

export async function isSound(page, name) {
  const { scroll, width, beyond } = await page.evaluate(() => {
    const { scrollWidth: scroll, clientWidth: width } = document.documentElement;
    const all = scroll > width ? [...document.querySelectorAll("body *")] : [];
    const wide = all.filter((element) => element.getBoundingClientRect().right > width);
    return { scroll, width, beyond: wide.map((element) => element.outerHTML.slice(0, 120)) };
  });
  assert.ok(scroll <= width, `${name}: the page is ${scroll} pixels wide in a window of ${width}: ${beyond.join("\n")}`);
}

// The findings of axe, which is run as the browser's own script and so needs no exception in the content policy.
export async function isAccessible(page, name) {
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: axe });
  const { result } = await session.send("Runtime.evaluate", {
    expression: `axe.run(document, { resultTypes: ["violations"] }).then((found) => JSON.stringify(
      found.violations.map((one) => one.id + ": " + one.nodes.map((node) => node.html + " " + node.failureSummary).slice(0, 3).join(" | "))))`,
    awaitPromise: true,
  });
  assert.deepEqual(JSON.parse(result.value), [], name);
}

export async function picture(page, name) {
  const folder = process.env.PICTURES;
  if (folder) await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true });
}

// The picture of a page for docs/web.md: the part that a small window shows.
export async function guidePicture(page, name) {
  const folder = process.env.PICTURES;
  if (!folder) return;
  const size = page.viewportSize();
  await page.setViewportSize({ width: 1000, height: 640 });
  await page.screenshot({ path: path.join(folder, `guide-${name}.png`) });
  await page.setViewportSize(size);
}
