import AxeBuilder from "@axe-core/playwright";
import { expect, test, type Page } from "@playwright/test";
import { navigation } from "@/lib/navigation";
import product from "@/lib/product.json";

/** Nothing is wider than the window, and axe finds nothing. */
async function isSound(page: Page) {
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(overflow).toBe(0);
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations).toEqual([]);
}

for (const { href, label } of navigation) {
  test(`${label} opens, fits and can be read`, async ({ page }) => {
    await page.goto("/");
    await page.getByRole("navigation").getByRole("link", { name: label }).click();
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await isSound(page);

    await page.goto(href);
    await isSound(page);
  });
}

test("the start page carries the name of the product", async ({ page }) => {
  await page.goto("/");
  await expect(page).toHaveTitle(product.name);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(product.name);
});

test("a page that does not exist says so and leads back", async ({ page }) => {
  const response = await page.goto("/nothing-here");
  expect(response?.status()).toBe(404);
  await isSound(page);
  await page.getByRole("link", { name: "Back to the start" }).click();
  await expect(page).toHaveURL("/");
});

test("the keyboard reaches the content, and shows where it is", async ({ page }) => {
  await page.goto("/");
  await page.keyboard.press("Tab");
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement!).outlineStyle);
  expect(outline).not.toBe("none");
});
