import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { requireEnv } from "@/lib/env";

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
