import { join } from "node:path";
import { loadEnvFile } from "node:process";
import { defineConfig, devices } from "@playwright/test";

loadEnvFile(join(__dirname, "test.env"));

const baseURL = "http://localhost:3210";

/** Browser tests, against the production build. */
export default defineConfig({
  forbidOnly: Boolean(process.env.CI),
  outputDir: "../test-results",
  reporter: [["list"], ["html", { open: "never", outputFolder: "report" }]],
  retries: process.env.CI ? 1 : 0,
  testDir: ".",
  use: {
    baseURL,
    trace: "retain-on-failure",
    // An installed Chromium instead of the downloaded one.
    launchOptions: { executablePath: process.env.CHROMIUM_PATH },
  },
  projects: [
    { name: "light", use: devices["Desktop Chrome"] },
    { name: "dark", use: { ...devices["Desktop Chrome"], colorScheme: "dark" } },
    { name: "phone", use: { ...devices["Pixel 7"], viewport: { width: 390, height: 844 } } },
  ],
  webServer: {
    command: "npm run build && npm start -- --port 3210",
    cwd: "..",
    timeout: 300_000,
    url: `${baseURL}/api/health`,
  },
});
