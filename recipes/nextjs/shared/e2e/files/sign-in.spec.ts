import { expect, test } from "@playwright/test";

test("a user signs in, is shown in the app bar and signs out", async ({ page }) => {
  const bar = page.getByRole("banner");
  await page.goto("/");
  await bar.getByRole("link", { name: "Sign in" }).click();
  await page.getByLabel("Name").fill("test");
  await page.getByLabel("Password").fill("wrong password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByText("Wrong name or password.")).toBeVisible();

  await page.getByLabel("Password").fill("test-password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL("/account");
  await expect(bar.getByRole("link", { name: "test" })).toBeVisible();

  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(bar.getByRole("link", { name: "Sign in" })).toBeVisible();
});
