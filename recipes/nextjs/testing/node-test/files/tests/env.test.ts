import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { findProblems, requireEnv, settings } from "@/lib/env";

afterEach(() => {
  delete process.env.EXAMPLE;
});

test("requireEnv returns the value", () => {
  process.env.EXAMPLE = "value";
  assert.equal(requireEnv("EXAMPLE"), "value");
});

test("requireEnv names a missing or empty variable", () => {
  assert.throws(() => requireEnv("EXAMPLE"), /EXAMPLE is not set/);
  process.env.EXAMPLE = "";
  assert.throws(() => requireEnv("EXAMPLE"), /EXAMPLE is not set/);
});

test("findProblems reports each setting that is missing or empty", () => {
  const names = Object.keys(settings.shape);
  assert.equal(findProblems({}).length, names.length);
  const empty = Object.fromEntries(names.map((name) => [name, ""]));
  assert.deepEqual(
    findProblems(empty).map((problem) => problem.split(":")[0]),
    names,
  );
});
