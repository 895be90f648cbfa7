import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { drizzle, type LibSQLDatabase } from "drizzle-orm/libsql";
import { migrate } from "drizzle-orm/libsql/migrator";
import { requireEnv } from "./env";
import * as schema from "./schema";

type Database = LibSQLDatabase<typeof schema>;

const cache = globalThis as typeof globalThis & { database?: Database };

/** Returns the connection of the process, kept across hot reloads. */
export function db(): Database {
  cache.database ??= open(requireEnv("DATABASE_URL"));
  return cache.database;
}

/** Applies pending migrations; called when the server starts. */
export async function migrateDatabase(): Promise<void> {
  await migrate(db(), { migrationsFolder: "drizzle" });
}

function open(url: string): Database {
  if (!url.startsWith("file:")) {
    throw new Error("DATABASE_URL must be a file URL, such as file:data/app.db.");
  }
  mkdirSync(dirname(url.slice("file:".length)), { recursive: true });
  return drizzle(url, { schema });
}
