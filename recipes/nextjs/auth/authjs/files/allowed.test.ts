import assert from "node:assert/strict";
import { test } from "node:test";
import { isAllowed } from "@/lib/allowed";

const ada = { email: "Ada@example.com", email_verified: true };

for (const allowed of ["ada@example.com", "bob@example.org, @EXAMPLE.com", "*"]) {
  test(`isAllowed accepts ada@example.com if the allowlist is ${allowed}`, () => {
    assert.equal(isAllowed(ada, allowed), true);
  });
}

for (const allowed of [
  "",
  ",",
  "@",
  "bob@example.com",
  "@ample.com",
  "example.com",
  "@example.com.evil.org",
]) {
  test(`isAllowed refuses ada@example.com if the allowlist is ${JSON.stringify(allowed)}`, () => {
    assert.equal(isAllowed(ada, allowed), false);
  });
}

test("isAllowed refuses an unverified email address", () => {
  assert.equal(isAllowed({ email: "ada@example.com" }, "@example.com"), false);
  assert.equal(isAllowed({ ...ada, email_verified: false }, "ada@example.com"), false);
  assert.equal(isAllowed(undefined, "@example.com"), false);
});
