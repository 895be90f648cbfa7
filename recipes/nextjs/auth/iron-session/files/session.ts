import { randomBytes } from "node:crypto";
import { getIronSession, type SessionOptions } from "iron-session";
import { cookies } from "next/headers";
import { redirect } from "next/navigation";
import { requireEnv } from "./env";

/** Kept across hot reloads. */
const cache = globalThis as typeof globalThis & { developmentSecret?: string };

/** Without a setting, a development server has a key of its own. In production, the setting is required. */
function sessionSecret(): string {
  if (process.env.NODE_ENV === "development" && !process.env.SESSION_SECRET) {
    cache.developmentSecret ??= randomBytes(32).toString("hex");
    return cache.developmentSecret;
  }
  return requireEnv("SESSION_SECRET");
}

export interface SessionUser {
  name: string;
  /** ISO 8601 */
  signedInAt: string;
}

/** The content of the cookie, encrypted and signed; at most 4 KB. */
interface SessionData {
  user?: SessionUser;
}

function sessionOptions(): SessionOptions {
  return {
    cookieName: "session",
    password: sessionSecret(),
    ttl: 12 * 60 * 60,
    cookieOptions: {
      httpOnly: true,
      sameSite: "lax",
      secure: process.env.NODE_ENV === "production",
    },
  };
}

export async function getSession() {
  return getIronSession<SessionData>(await cookies(), sessionOptions());
}

/** Returns the signed-in user, or `undefined`. */
export async function findUser(): Promise<SessionUser | undefined> {
  const { user } = await getSession();
  return user;
}

/** Returns the signed-in user, or redirects to the sign-in page. */
export async function requireUser(): Promise<SessionUser> {
  return (await findUser()) ?? redirect("/login");
}
