import assert from "node:assert/strict";
import { test } from "node:test";
import { isAuthorized } from "@/lib/basic-auth";

const expected = { name: "guest", password: "pass:wörd" };
const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;

test("isAuthorized accepts the expected name and password", () => {
  assert.equal(isAuthorized(basic("guest:pass:wörd"), expected), true);
});

for (const header of [null, "", "Basic", "Bearer abc", basic("guest:other"), basic("pass:wörd")]) {
  test(`isAuthorized refuses ${JSON.stringify(header)}`, () => {
    assert.equal(isAuthorized(header, expected), false);
  });
}
