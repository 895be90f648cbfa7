import { db } from "./db";

/** Returns a setting that operators can change at run time, or `undefined` if it is not set. */
export async function getSetting(key: string): Promise<string | undefined> {
  const setting = await db().setting.findUnique({ where: { key } });
  return setting?.value;
}

export async function setSetting(key: string, value: string): Promise<void> {
  await db().setting.upsert({
    where: { key },
    create: { key, value },
    update: { value },
  });
}
