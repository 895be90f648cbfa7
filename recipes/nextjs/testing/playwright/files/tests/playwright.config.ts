import { defineConfig } from "@playwright/test";

/** Tests that need no browser. */
export default defineConfig({
  forbidOnly: Boolean(process.env.CI),
  outputDir: "../test-results",
  reporter: "list",
  testDir: ".",
  testMatch: "*.test.ts",
});
