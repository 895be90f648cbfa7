import { expect, test } from "@playwright/test";
import { requireEnv } from "@/lib/env";

test.afterEach(() => {
  delete process.env.EXAMPLE;
});

test("requireEnv returns the value", () => {
  process.env.EXAMPLE = "value";
  expect(requireEnv("EXAMPLE")).toBe("value");
});

test("requireEnv names a missing or empty variable", () => {
  expect(() => requireEnv("EXAMPLE")).toThrow(/EXAMPLE is not set/);
  process.env.EXAMPLE = "";
  expect(() => requireEnv("EXAMPLE")).toThrow(/EXAMPLE is not set/);
});
