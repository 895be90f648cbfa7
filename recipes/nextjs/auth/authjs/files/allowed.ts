/** What a provider says about a person; only the claims that decide. */
export interface Claims {
  email?: string | null;
  /** Whether the provider saw that the address belongs to the person. */
  email_verified?: boolean | null;
}

/**
 * Whether a person may come in. `allowed` holds addresses and `@domains`
 * separated by commas, or `*` for everybody whom the provider knows. An address
 * that the provider did not verify proves nothing and matches no entry.
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
