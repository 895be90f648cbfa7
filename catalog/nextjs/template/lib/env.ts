/**
 * Returns a required environment variable. Call it at run time, not while a module
 * loads: builds and tests then need no secrets. Throws if it is missing or empty.
 */
export function requireEnv(name: string): string {
  const value = process.env[name];
  if (!value) {
    throw new Error(`${name} is not set; .env.example describes it.`);
  }
  return value;
}
