import { describe, expect, it, vi } from "vitest";
import { requireEnv } from "@/lib/env";

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
