import { eq } from "drizzle-orm";
import { db } from "./db";
import { settings } from "./schema";

/** Settings that an operator changes while the product runs. */
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
