import { getIronSession, type SessionOptions } from "iron-session";
import { cookies } from "next/headers";
import { redirect } from "next/navigation";
import { requireEnv } from "./env";

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
    password: requireEnv("SESSION_SECRET"),
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

/** Returns the signed-in user, or redirects to the sign-in page. */
export async function requireUser(): Promise<SessionUser> {
  const { user } = await getSession();
  return user ?? redirect("/login");
}
