import assert from "node:assert/strict";
import { randomBytes, scryptSync } from "node:crypto";
import { test } from "node:test";
import { verifyPassword } from "@/lib/password";

function hash(password: string): string {
  const salt = randomBytes(16);
  const key = scryptSync(password, salt, 32, { N: 1024, r: 8, p: 1 });
  return ["scrypt", 1024, 8, 1, salt.toString("base64url"), key.toString("base64url")].join(":");
}

test("verifyPassword accepts the right password", async () => {
  assert.equal(await verifyPassword("correct horse", hash("correct horse")), true);
});

test("verifyPassword refuses a wrong password", async () => {
  assert.equal(await verifyPassword("battery staple", hash("correct horse")), false);
});

test("verifyPassword reports a malformed hash", async () => {
  await assert.rejects(verifyPassword("correct horse", "plain text"), /malformed/);
});
