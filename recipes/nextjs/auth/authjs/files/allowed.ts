/** The claims of a user that decide on access. */
export interface Claims {
  email?: string | null;
  /** True if the provider verified that the address belongs to the user. */
  email_verified?: boolean | null;
}

/**
 * Checks a user against an allowlist: email addresses and `@domains` separated
 * by commas, or `*` for every user of the provider. An address that the provider
 * did not verify matches no entry.
 */
export function isAllowed(claims: Claims | undefined, allowed: string): boolean {
  const entries = allowed.split(",").map((entry) => entry.trim().toLowerCase());
  if (entries.includes("*")) {
    return true;
  }
  const email = claims?.email?.toLowerCase();
  if (!email || claims?.email_verified !== true) {
    return false;
  }
  const domain = email.slice(email.lastIndexOf("@"));
  return entries.includes(email) || (domain.length > 1 && entries.includes(domain));
}
