import { getIronSession, type SessionOptions } from "iron-session";
import { cookies } from "next/headers";
import { redirect } from "next/navigation";
import { requireEnv } from "./env";

export interface SessionUser {
  name: string;
  /** ISO 8601 */
  signedInAt: string;
}

/** Everything the cookie holds. It is encrypted and signed, and limited to 4 KB. */
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

/** The signed-in user; without one the visitor is sent to the sign-in page. */
export async function requireUser(): Promise<SessionUser> {
  const { user } = await getSession();
  return user ?? redirect("/login");
}
