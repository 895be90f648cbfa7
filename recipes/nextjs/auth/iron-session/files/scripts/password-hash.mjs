import { randomBytes, scryptSync } from "node:crypto";

const N = 2 ** 15;
const r = 8;
const p = 3;

/** Returns the value of AUTH_PASSWORD_HASH for a password. */
export function hashPassword(password) {
  const salt = randomBytes(16);
  const key = scryptSync(password.normalize("NFKC"), salt, 32, { N, r, p, maxmem: 2 ** 27 });
  return ["scrypt", N, r, p, salt.toString("base64url"), key.toString("base64url")].join(":");
}
