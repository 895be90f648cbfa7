import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres";
import { requireEnv } from "./env";
import * as schema from "./schema";

type Database = NodePgDatabase<typeof schema>;

const kept = globalThis as typeof globalThis & { database?: Database };

/** One pool for the process, kept across hot reloads; it connects with the first query. */
export function db(): Database {
  kept.database ??= drizzle(requireEnv("DATABASE_URL"), { schema });
  return kept.database;
}
