import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres";
import { requireEnv } from "./env";
import * as schema from "./schema";

type Database = NodePgDatabase<typeof schema>;

const cache = globalThis as typeof globalThis & { database?: Database };

/** Returns the connection pool of the process, kept across hot reloads. It connects on the first query. */
export function db(): Database {
  cache.database ??= drizzle(requireEnv("DATABASE_URL"), { schema });
  return cache.database;
}
