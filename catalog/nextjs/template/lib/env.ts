/**
 * Reads a required environment variable at the moment it is needed, so that a
 * build and the tests run without any secret.
 */
export function requireEnv(name: string): string {
  const value = process.env[name];
  if (!value) {
    throw new Error(`${name} is not set; .env.example says what it is for.`);
  }
  return value;
}
