import { scrypt, timingSafeEqual } from "node:crypto";

/**
 * Compares a password with a hash from `npm run auth:hash`, which has the form
 * `scrypt:N:r:p:salt:key` with salt and key in base64url. Rejects if the hash is malformed.
 */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const [scheme, N, r, p, salt, key] = hash.split(":");
  if (scheme !== "scrypt" || !salt || !key) {
    throw new Error("The password hash is malformed; create one with npm run auth:hash.");
  }
  const expected = Buffer.from(key, "base64url");
  const options = { N: Number(N), r: Number(r), p: Number(p), maxmem: 2 ** 27 };
  const actual = await new Promise<Buffer>((resolve, reject) => {
    scrypt(
      password.normalize("NFKC"),
      Buffer.from(salt, "base64url"),
      expected.length,
      options,
      (error, derived) => (error ? reject(error) : resolve(derived)),
    );
  });
  return timingSafeEqual(actual, expected);
}
