import { expect, test } from "@playwright/test";
import { findProblems, requireEnv, settings } from "@/lib/env";

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

test("findProblems reports each setting that is missing or empty", () => {
  const names = Object.keys(settings.shape);
  expect(findProblems({})).toHaveLength(names.length);
  const empty = Object.fromEntries(names.map((name) => [name, ""]));
  expect(findProblems(empty).map((problem) => problem.split(":")[0])).toEqual(names);
});
