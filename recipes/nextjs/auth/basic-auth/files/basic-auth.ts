import { createHash, timingSafeEqual } from "node:crypto";

const digest = (text: string) => createHash("sha256").update(text).digest();

/** Checks an `Authorization` header against the expected name and password, in constant time. */
export function isAuthorized(
  header: string | null,
  expected: { name: string; password: string },
): boolean {
  const [scheme, credentials] = header?.split(" ") ?? [];
  if (scheme?.toLowerCase() !== "basic" || !credentials) {
    return false;
  }
  const given = Buffer.from(credentials, "base64").toString("utf8");
  return timingSafeEqual(digest(given), digest(`${expected.name}:${expected.password}`));
}
