import { describe, expect, it } from "vitest";
import { isAuthorized } from "@/lib/basic-auth";

const expected = { name: "guest", password: "pass:wörd" };
const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;

describe("isAuthorized", () => {
  it("accepts the expected name and password", () => {
    expect(isAuthorized(basic("guest:pass:wörd"), expected)).toBe(true);
  });

  it.each([null, "", "Basic", "Bearer abc", basic("guest:other"), basic("pass:wörd")])(
    "refuses %j",
    (header) => {
      expect(isAuthorized(header, expected)).toBe(false);
    },
  );
});
