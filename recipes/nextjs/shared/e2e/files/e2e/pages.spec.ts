import AxeBuilder from "@axe-core/playwright";
import { expect, test, type Page } from "@playwright/test";
import { navigation } from "@/lib/navigation";
import product from "@/lib/product.json";

/** Asserts that nothing is wider than the window and that axe finds no violations. */
async function expectAccessible(page: Page) {
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(overflow).toBe(0);
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations).toEqual([]);
}

for (const { href, label } of navigation) {
  test(`${label} opens, fits the window and is accessible`, async ({ page }) => {
    await page.goto("/");
    await page.getByRole("navigation").getByRole("link", { name: label }).click();
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expectAccessible(page);

    await page.goto(href);
    await expectAccessible(page);
  });
}

test("the home page shows the name of the app", async ({ page }) => {
  await page.goto("/");
  await expect(page).toHaveTitle(product.name);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(product.name);
});

test("an unknown page shows an error and links to the home page", async ({ page }) => {
  const response = await page.goto("/nothing-here");
  expect(response?.status()).toBe(404);
  await expectAccessible(page);
  await page.getByRole("link", { name: "Back to the home page" }).click();
  await expect(page).toHaveURL("/");
});

test("the keyboard focus is visible", async ({ page }) => {
  await page.goto("/");
  await page.keyboard.press("Tab");
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement!).outlineStyle);
  expect(outline).not.toBe("none");
});
