import { PrismaPg } from "@prisma/adapter-pg";
import { PrismaClient } from "@/generated/prisma/client";
import { requireEnv } from "./env";

const cache = globalThis as typeof globalThis & { database?: PrismaClient };

/** Returns the client of the process, kept across hot reloads. It connects on the first query. */
export function db(): PrismaClient {
  cache.database ??= new PrismaClient({
    adapter: new PrismaPg({ connectionString: requireEnv("DATABASE_URL") }),
  });
  return cache.database;
}
