import { describe, expect, it, vi } from "vitest";
import { findProblems, requireEnv, settings } from "@/lib/env";

describe("requireEnv", () => {
  it("returns the value", () => {
    vi.stubEnv("EXAMPLE", "value");
    expect(requireEnv("EXAMPLE")).toBe("value");
  });

  it.each([undefined, ""])("names the variable if it is %j", (value) => {
    vi.stubEnv("EXAMPLE", value);
    expect(() => requireEnv("EXAMPLE")).toThrow(/EXAMPLE is not set/);
  });
});

describe("findProblems", () => {
  it("reports each setting that is missing or empty", () => {
    const names = Object.keys(settings.shape);
    expect(findProblems({})).toHaveLength(names.length);
    const empty = Object.fromEntries(names.map((name) => [name, ""]));
    expect(findProblems(empty).map((problem) => problem.split(":")[0])).toEqual(names);
  });
});
