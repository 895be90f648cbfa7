import { eq } from "drizzle-orm";
import { db } from "./db";
import { settings } from "./schema";

/** Returns a setting that operators can change at run time, or `undefined` if it is not set. */
export async function getSetting(key: string): Promise<string | undefined> {
  const setting = await db().query.settings.findFirst({ where: eq(settings.key, key) });
  return setting?.value;
}

export async function setSetting(key: string, value: string): Promise<void> {
  await db()
    .insert(settings)
    .values({ key, value })
    .onConflictDoUpdate({ target: settings.key, set: { value, updatedAt: new Date() } });
}
