import { z } from "zod";

/** The settings that the app needs to start. `.env.example` describes them. */
export const settings = z.object({
  // The selected options need these.
});

/** Returns one line for each setting that is missing or malformed. An empty value is a missing one. */
export function findProblems(given: Record<string, string | undefined> = process.env): string[] {
  const filled = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ""));
  const result = settings.safeParse(filled);
  const issues = result.success ? [] : result.error.issues;
  const describe = (name: string, message: string) =>
    `${name}: ${name in filled ? message : "not set"}`;
  return issues.map(({ path, message }) => describe(path.join("."), message));
}

/**
 * Checks the settings when the server starts. In production it fails if one is missing or
 * malformed; in development it prints a warning, so that the other pages can be used.
 */
export function checkSettings(): void {
  const problems = findProblems();
  if (problems.length === 0) {
    return;
  }
  const text = ["Settings are missing or malformed:", ...problems].join("\n  ");
  if (process.env.NODE_ENV === "production") {
    throw new Error(text);
  }
  console.warn(`${text}\n\`npm run setup\` writes them to .env.`);
}

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
