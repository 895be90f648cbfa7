import { PrismaPg } from "@prisma/adapter-pg";
import { PrismaClient } from "@/generated/prisma/client";
import { requireEnv } from "./env";

const kept = globalThis as typeof globalThis & { database?: PrismaClient };

/** One client for the process, kept across hot reloads; it connects with the first query. */
export function db(): PrismaClient {
  kept.database ??= new PrismaClient({
    adapter: new PrismaPg({ connectionString: requireEnv("DATABASE_URL") }),
  });
  return kept.database;
}
