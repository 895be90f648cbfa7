import assert from "node:assert/strict";
import { test } from "node:test";
import { isAllowed } from "@/lib/allowed";

const ada = { email: "Ada@example.com", email_verified: true };

for (const allowed of ["ada@example.com", "bob@example.org, @EXAMPLE.com", "*"]) {
  test(`isAllowed lets ada@example.com in when ${allowed} may`, () => {
    assert.equal(isAllowed(ada, allowed), true);
  });
}

for (const allowed of ["", ",", "@", "bob@example.com", "@ample.com", "example.com", "@example.com.evil.org"]) {
  test(`isAllowed keeps ada@example.com out when only ${JSON.stringify(allowed)} may`, () => {
    assert.equal(isAllowed(ada, allowed), false);
  });
}

test("isAllowed trusts no address that the provider did not verify", () => {
  assert.equal(isAllowed({ email: "ada@example.com" }, "@example.com"), false);
  assert.equal(isAllowed({ ...ada, email_verified: false }, "ada@example.com"), false);
  assert.equal(isAllowed(undefined, "@example.com"), false);
});
