import { randomBytes, scryptSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { verifyPassword } from "@/lib/password";

function hash(password: string): string {
  const salt = randomBytes(16);
  const key = scryptSync(password, salt, 32, { N: 1024, r: 8, p: 1 });
  return ["scrypt", 1024, 8, 1, salt.toString("base64url"), key.toString("base64url")].join(":");
}

describe("verifyPassword", () => {
  it("accepts the password the hash was made from", async () => {
    await expect(verifyPassword("correct horse", hash("correct horse"))).resolves.toBe(true);
  });

  it("refuses every other password", async () => {
    await expect(verifyPassword("battery staple", hash("correct horse"))).resolves.toBe(false);
  });

  it("says what is wrong with a malformed hash", async () => {
    await expect(verifyPassword("correct horse", "plain text")).rejects.toThrow(/malformed/);
  });
});
